//! What data cannot say: a closure or a trait object inside a policy.

use std::fmt;
use std::sync::Arc;

/// A part of a policy that is code. It compares by identity, and it cannot be stored. Nobody names it: [`Condition::custom`] and its
/// like make it.
///
/// [`Condition::custom`]: super::Condition::custom
pub struct Custom<T: ?Sized>(Arc<T>);

impl<T: ?Sized> Custom<T> {
    /// Wraps the code.
    pub(super) const fn new(code: Arc<T>) -> Self {
        Self(code)
    }

    /// Returns the code.
    pub(super) fn get(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> Clone for Custom<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: ?Sized> PartialEq for Custom<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: ?Sized> fmt::Debug for Custom<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Custom")
    }
}
