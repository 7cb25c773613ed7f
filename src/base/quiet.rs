//! Code of the caller's that panics, and what of the caller's panics where it ends.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

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

/// Something of the caller's whose end may panic, too: a closure, a body, an error, a scheme. What it holds is dropped by whoever has it last.
pub(crate) struct Quiet<F>(Option<F>);

impl<F> Quiet<F> {
    pub(crate) const fn new(code: F) -> Self {
        Self(Some(code))
    }

    /// Where there may be none.
    pub(crate) const fn nothing() -> Self {
        Self(None)
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

/// Drops what was panicked with. Where that panics, too, the second panic's value stays where it is.
#[cold]
pub(super) fn discard(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(again);
    }
}
