//! Clients that panic, and code of the caller that does.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::quiet::{Quiet, caught, discard};
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
        discard(panic);
        TransportError::new(TransportErrorKind::Bug, Sent::Maybe).with_source(says)
    })
}

/// Makes an error of the caller's one whose end panics for nobody. It says the same.
pub(crate) fn quiet_error(error: io::Error) -> io::Error {
    let kind = error.kind();
    if error.get_ref().is_none() {
        return error;
    }
    match error.downcast::<TransportError>() {
        Ok(own) => io::Error::new(kind, own),
        Err(error) => match error.into_inner() {
            Some(own) => io::Error::new(kind, Held(Quiet::new(own))),
            None => kind.into(),
        },
    }
}

#[derive(Debug)]
struct Held(Quiet<Box<dyn std::error::Error + Send + Sync>>);

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get().map_or(Ok(()), |own| own.fmt(f))
    }
}

impl std::error::Error for Held {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.get()?.source()
    }
}

/// Runs `work` once, with what the caller has `around` it, and tells whether that held: whatever it does, panics among it, the work
/// is done. A panic of the work's own goes on.
pub(crate) fn within<R>(
    around: impl FnOnce(&mut dyn FnMut()),
    mut work: impl FnMut() -> R,
) -> (R, bool) {
    let mut done = None;
    let held = caught(|| {
        around(&mut || {
            if done.is_none() {
                done = Some(catch_unwind(AssertUnwindSafe(&mut work)));
            }
        });
    });
    let value = match done {
        Some(Ok(value)) => value,
        Some(Err(panic)) => resume_unwind(panic),
        None => work(),
    };
    (value, held.is_some())
}
