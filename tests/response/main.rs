//! What comes back: bodies, codings, cookies.

mod bodies;
#[cfg(feature = "decode")]
mod charsets;
#[cfg(feature = "cookies")]
mod cookies;
#[cfg(feature = "decode")]
mod decode;
mod json;
mod streaming;
#[path = "../support/mod.rs"]
mod support;
mod transports;
mod whole;
#[cfg(feature = "decode")]
mod work;
