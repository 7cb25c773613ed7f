//! surf as a transport, over each of its clients.

#![cfg(any(feature = "curl-client", feature = "h1-client"))]

mod conformance;
#[cfg(all(unix, feature = "curl-client"))]
mod descriptors;
mod limits;
mod scenarios;
#[cfg(feature = "curl-client")]
mod silence;
