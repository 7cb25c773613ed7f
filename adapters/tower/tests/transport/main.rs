//! hyper-util as a transport, and a hook as a layer.

mod conformance;
#[cfg(unix)]
mod descriptors;
mod http2;
mod phases;
mod scenarios;
mod service;
mod silence;
