//! reqwest as a transport.

mod clients;
mod conformance;
#[cfg(unix)]
mod descriptors;
mod scenarios;
