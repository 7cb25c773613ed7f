//! Clients that panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::base::{Sent, TransportError, TransportErrorKind};

/// Runs a step of a client, and makes an error of its panic: a transport never panics. What the client held is lost with it, so drop it.
///
/// # Errors
///
/// Kind [`Bug`](TransportErrorKind::Bug) and [`Sent::Maybe`], with `says` as its source. The text of the panic is left out, for it may
/// hold what the request or the response holds.
///
/// # Examples
///
/// ```
/// use http_hook::TransportErrorKind;
/// use http_hook::transport::catch_panic;
///
/// let error = catch_panic("the client panicked", || -> u8 { panic!("authorization: Basic cjpz") }).unwrap_err();
/// assert_eq!(error.kind(), TransportErrorKind::Bug);
/// assert_eq!(catch_panic("the client panicked", || 7).ok(), Some(7));
/// ```
pub fn catch_panic<T>(says: &'static str, step: impl FnOnce() -> T) -> Result<T, TransportError> {
    catch_unwind(AssertUnwindSafe(step)).map_err(|panic| {
        drop(panic);
        TransportError::new(TransportErrorKind::Bug, Sent::Maybe).with_source(says)
    })
}
