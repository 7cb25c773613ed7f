//! Credentials: what is shown to whom.

#[cfg(feature = "digest")]
mod digest;
mod flow;
mod schemes;
#[path = "../support/mod.rs"]
mod support;
