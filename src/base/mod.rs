//! What everything else is made of, and what knows nobody: errors, secrets and where they may go, time, chance, the
//! grammar of URLs, headers and JSON.

mod bound;
pub(crate) mod calendar;
pub(crate) mod chance;
mod error;
pub(crate) mod headers;
pub(crate) mod json;
pub(crate) mod names;
mod panics;
mod problem;
pub(crate) mod redact;
mod secret;
#[cfg(test)]
mod tests;
mod time;
pub(crate) mod url;

pub(crate) use bound::Bound;
pub use error::{Error, ErrorKind, Sent, TimeoutPhase, TransportError, TransportErrorKind};
pub use panics::catch_panic;
pub(crate) use panics::{Quiet, caught, within};
pub use problem::Problem;
pub use secret::Secret;
pub(crate) use secret::keyed_digest;
pub use time::Timestamp;
pub use url::origin::Origin;
pub(crate) use url::origin::Scheme;

/// A length in memory as a number of bytes.
pub(crate) fn size(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
