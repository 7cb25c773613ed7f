//! The suite and its server, held to what they say.

mod apis;
mod check;
mod engine;
mod mistakes;
#[cfg(feature = "tls")]
mod naive;
mod server;
