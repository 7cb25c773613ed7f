//! A credential and the one origin it may go to.

use std::fmt;

use crate::request::Origin;

/// Something secret that belongs to an origin. The origin is asked for to get at it: there is no other way.
#[derive(Clone)]
pub struct Bound<T> {
    origin: Origin,
    secret: T,
}

impl<T> Bound<T> {
    /// Binds `secret` to `origin`.
    pub const fn new(origin: Origin, secret: T) -> Self {
        Self { origin, secret }
    }

    /// Gives the secret for a request to `target`: nothing unless scheme, host and port are those it is bound to.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::request::auth::Bound;
    ///
    /// let token = Bound::new("https://api.test".parse()?, "t-1");
    /// assert_eq!(token.at(&"https://api.test:443".parse()?), Some(&"t-1"));
    /// assert_eq!(token.at(&"http://api.test".parse()?), None);
    /// # Ok::<(), http_hook::Error>(())
    /// ```
    pub fn at(&self, target: &Origin) -> Option<&T> {
        (self.origin == *target).then_some(&self.secret)
    }

    /// Gives the secret for a request to `target`, to be changed.
    pub fn at_mut(&mut self, target: &Origin) -> Option<&mut T> {
        (self.origin == *target).then_some(&mut self.secret)
    }

    /// Gives the origin.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl<T> fmt::Debug for Bound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bound({})", self.origin)
    }
}
