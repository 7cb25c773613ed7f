//! Credentials as they are shown.

#[cfg(feature = "digest")]
mod digest;
mod netrc;
mod schemes;
mod tokens;
