//! The name of a connection, checked once.

use std::fmt;

use crate::base::{Error, ErrorKind};

/// The name of a stored connection: 1 to 250 characters, none of them a control character.
///
/// Tasks of the original take any name; its server side takes letters, digits and `_ # ! ( ) - . : / \` only.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ConnectionId(String);

impl ConnectionId {
    /// The longest name, in characters.
    const MAX_LEN: usize = 250;

    /// Checks a name.
    ///
    /// # Errors
    ///
    /// Kind [`Connection`](ErrorKind::Connection) if it is empty, too long, or holds a control character.
    pub(super) fn new(id: impl Into<String>) -> Result<Self, Error> {
        let id = id.into();
        if id.is_empty() || id.chars().count() > Self::MAX_LEN || id.chars().any(char::is_control) {
            return Err(Error::new(
                ErrorKind::Connection,
                "a connection id is 1 to 250 characters without control characters",
            ));
        }
        Ok(Self(id))
    }

    /// Returns the name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
