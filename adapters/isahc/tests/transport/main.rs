//! isahc as a transport.

mod conformance;
#[cfg(unix)]
mod descriptors;
mod hook;
mod http2;
mod scenarios;
mod silence;
