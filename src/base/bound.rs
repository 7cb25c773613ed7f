//! Something secret and the one origin it may go to.

use std::fmt;

use super::url::origin::Origin;

/// Something secret that belongs to an origin. Whoever wants it has to name the origin that it would go to: there is no
/// other way to it.
///
/// Credentials, cached tokens, cookies of the caller's own, netrc entries, client certificates and what switches the check
/// of a server's certificate off are kept in this type.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Bound<T> {
    origin: Origin,
    secret: T,
}

impl<T> Bound<T> {
    /// Binds `secret` to `origin`.
    pub(crate) const fn new(origin: Origin, secret: T) -> Self {
        Self { origin, secret }
    }

    /// Returns the secret for a request to `target`: nothing unless scheme, host and port are those that it is bound to.
    #[inline]
    pub(crate) fn at(&self, target: &Origin) -> Option<&T> {
        // Most ask for the very origin.
        let same = std::ptr::eq(&raw const self.origin, target) || self.origin == *target;
        same.then_some(&self.secret)
    }

    /// Takes the secret out for a request to `target`, on the terms of [`at`](Self::at).
    pub(crate) fn into_secret_at(self, target: &Origin) -> Option<T> {
        (self.origin == *target).then_some(self.secret)
    }

    /// Returns the origin.
    pub(crate) const fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// Tells the origin only.
impl<T> fmt::Debug for Bound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bound({})", self.origin)
    }
}
