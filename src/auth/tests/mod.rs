//! Credentials as they are shown.

#[cfg(feature = "digest")]
mod digest;
mod schemes;
mod tokens;
