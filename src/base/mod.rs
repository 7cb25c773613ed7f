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
mod quiet;
pub(crate) mod redact;
mod secret;
#[cfg(test)]
mod tests;
mod time;
pub(crate) mod url;

use std::time::Duration;

pub(crate) use bound::Bound;
pub use error::{Error, ErrorKind, Sent, TimeoutPhase, TransportError, TransportErrorKind};
pub use panics::catch_panic;
pub(crate) use panics::{quiet_error, within};
pub use problem::Problem;
pub(crate) use quiet::{Quiet, caught};
pub use secret::Secret;
pub(crate) use secret::keyed_digest;
pub use time::Timestamp;
pub use url::origin::Origin;
pub(crate) use url::origin::Scheme;

/// A time as people are told it: whole milliseconds, where it has any.
pub(crate) fn brief(time: Duration) -> Duration {
    match u64::try_from(time.as_millis()) {
        Ok(0) | Err(_) => time,
        Ok(millis) => Duration::from_millis(millis),
    }
}

/// A length in memory as a number of bytes.
pub(crate) fn size(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
