//! What is sent: plan, URL, headers, payload, options.

pub mod auth;
pub(crate) mod build;
pub(crate) mod chance;
mod class;
pub mod form;
pub mod headers;
pub(crate) mod hop;
pub(crate) mod in_force;
pub mod multipart;
pub mod multipart_source;
pub(crate) mod options;
mod options_json;
pub(crate) mod origin;
pub(crate) mod payload;
pub(crate) mod plan;
pub mod proxy;
pub(crate) mod requote;
pub(crate) mod shown;
pub(crate) mod url;

pub use options::{
    ClientCert, ClientOptions, KeepAlive, Options, Proxies, Proxy, SendOptions, Setting, Timeouts,
    Verify,
};
pub(crate) use options_json::OPTION_NAMES;
pub use origin::{Origin, Scheme};
pub use payload::{Payload, Replay};
pub use plan::{Data, RequestPlan};
pub use url::{BaseParts, BaseUrl};
