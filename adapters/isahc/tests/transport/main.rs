//! isahc as a transport.

mod conformance;
#[cfg(unix)]
mod descriptors;
mod hook;
mod scenarios;
mod silence;
