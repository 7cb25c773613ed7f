//! What is wrong with a connection, or with options: one of several things that are reported at once.

use std::fmt;

use crate::base::{Error, ErrorKind};

/// One thing that is wrong, where it stands, and what to do about it.
///
/// No part of it repeats a value: values may be secret.
///
/// # Examples
///
/// ```
/// use http_hook::{Connection, Hook};
///
/// let connection = Connection::new().with_host("h").with_extra(r#"{"timeout": "soon", "X-Id": 7}"#);
/// let error = Hook::new(&connection).unwrap_err();
/// let texts: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
/// assert_eq!(
///     texts,
///     [
///         "connection.extra, member 2: a header that is not a text (put the value in quotes)",
///         "connection.extra.timeout: not a number of seconds (a number above 0, or [connect, read])",
///     ]
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    place: String,
    message: String,
    hint: Option<String>,
}

impl Problem {
    /// Says what is wrong at a place, as `connection.port`. Neither text may hold a secret.
    pub fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into(), hint: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Tells where it is, as `connection.port` or `header X-Team`.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Tells what is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Tells what to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Makes an error of this one problem.
    #[must_use]
    pub fn into_error(self, kind: ErrorKind) -> Error {
        Error::new(kind, self.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}
