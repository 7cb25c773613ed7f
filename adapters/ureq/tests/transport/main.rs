//! ureq as a transport.

mod conformance;
#[cfg(unix)]
mod descriptors;
mod scenarios;
