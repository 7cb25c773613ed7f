//! Something secret and the one origin it may go to.

use std::fmt;

use super::url::origin::Origin;

/// Something secret that belongs to an origin. Whoever wants it has to name the origin that it would go to: there is no
/// other way to it.
///
/// Credentials, cached tokens, cookies of the caller's own, netrc entries, client certificates and what switches the check
/// of a server's certificate off are kept in this type.
#[derive(Clone, PartialEq, Eq)]
pub struct Bound<T> {
    origin: Origin,
    secret: T,
}

impl<T> Bound<T> {
    /// Binds `secret` to `origin`.
    pub const fn new(origin: Origin, secret: T) -> Self {
        Self { origin, secret }
    }

    /// Returns the secret for a request to `target`: nothing unless scheme, host and port are those that it is bound to.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::auth::Bound;
    ///
    /// let token = Bound::new("https://api.test".parse()?, "t-1");
    /// assert_eq!(token.at(&"https://api.test:443".parse()?), Some(&"t-1"));
    /// assert_eq!(token.at(&"http://api.test".parse()?), None);
    /// # Ok::<(), http_hook::Error>(())
    /// ```
    #[inline]
    pub fn at(&self, target: &Origin) -> Option<&T> {
        // Most ask for the very origin.
        let same = std::ptr::eq(&raw const self.origin, target) || self.origin == *target;
        same.then_some(&self.secret)
    }

    /// Takes the secret out for a request to `target`, on the terms of [`at`](Self::at).
    pub fn into_secret_at(self, target: &Origin) -> Option<T> {
        (self.origin == *target).then_some(self.secret)
    }

    /// Returns the origin.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// Tells the origin only.
impl<T> fmt::Debug for Bound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bound({})", self.origin)
    }
}
