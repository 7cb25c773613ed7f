#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

use http_hook::options::{Capabilities, Capability};

#[cfg(any(feature = "arbitrary", feature = "proptest"))]
mod any;
pub mod blocking;
mod clock;
mod code;
#[cfg(any(feature = "arbitrary", feature = "proptest"))]
mod conversation;
mod face;
#[cfg(feature = "arbitrary")]
mod fuzzed;
mod pieces;
mod received;
mod reply;
mod script;
mod server;
#[cfg(feature = "proptest")]
mod strategies;

pub use clock::VirtualClock;
#[cfg(any(feature = "arbitrary", feature = "proptest"))]
pub use conversation::Conversation;
pub use face::{HttpHook, connect, from_connection, from_hook};
pub use http_hook::*;
pub use http_hook_cassette as cassette;
pub use http_hook_cassette::Unmet;
pub use received::Received;
pub use reply::Reply;
pub use server::MockTransport;
#[cfg(feature = "proptest")]
pub use strategies::{any_conversation, any_error, any_reply, any_response, any_script};

/// The example of the README is a test, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// What a client would have that can do everything: a script carries nothing out, so that no option is dropped.
///
/// # Examples
///
/// ```
/// use http_hook::options::Capability;
///
/// assert!(http_hook_mock::everything("test").has(Capability::VerifyOff));
/// ```
#[must_use]
pub const fn everything(client: &'static str) -> Capabilities {
    Capabilities::of(
        client,
        &[
            Capability::ConnectTimeout,
            Capability::HeadTimeout,
            Capability::IdleTimeout,
            Capability::TotalTimeout,
            Capability::VerifyOff,
            Capability::VerifyFile,
            Capability::ClientCert,
            Capability::ClientKey,
            Capability::ProxyHttp,
            Capability::ProxyHttps,
            Capability::ProxyAuth,
            Capability::KeepAlive,
            Capability::StreamRequest,
            Capability::StreamResponse,
            Capability::CustomMethod,
        ],
    )
}
