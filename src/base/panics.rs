//! Clients that panic, and code of the caller that does.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

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

/// Runs code of the caller's: an observer, a condition, a source. `None` if it panicked; also while another panic unwinds.
#[inline]
pub(crate) fn caught<T>(code: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(code)) {
        Ok(value) => Some(value),
        Err(panic) => {
            discard(panic);
            None
        }
    }
}

/// Something of the caller's whose end may panic, too: a closure, a body, a scheme. What it holds is dropped by whoever has it last.
pub(crate) struct Quiet<F>(Option<F>);

impl<F> Quiet<F> {
    pub(crate) const fn new(code: F) -> Self {
        Self(Some(code))
    }

    /// The code, which is there until it is dropped.
    pub(crate) const fn get(&self) -> Option<&F> {
        self.0.as_ref()
    }

    pub(crate) const fn get_mut(&mut self) -> Option<&mut F> {
        self.0.as_mut()
    }
}

impl<F: fmt::Debug> fmt::Debug for Quiet<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<F> Drop for Quiet<F> {
    fn drop(&mut self) {
        let code = self.0.take();
        let _ = caught(|| drop(code));
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

/// Drops what was panicked with. Where that panics, too, the second panic's value stays where it is.
#[cold]
fn discard(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(again);
    }
}
