//! What is sent: plan, URL, headers, payload, options.

pub(crate) mod options;
pub(crate) mod payload;

pub use options::{
    ClientCert, ClientOptions, KeepAlive, Options, Proxies, Proxy, SendOptions, Setting, Timeouts,
    Verify,
};
pub use payload::{Payload, Replay};
