//! Everything that is wrong with a connection, all at once.

use std::fmt;

use crate::base::Problem;
use crate::connection::ConnectionId;

/// Everything that is wrong with a connection, or with what a hook without one is made of, all at once.
///
/// # Examples
///
/// ```
/// use http_hook::{Connection, Hook};
///
/// let error = Hook::to("api.example.com").unwrap_err().to_string();
/// assert!(error.starts_with("the hook cannot be made: base URL: it has no scheme"), "{error}");
/// let error = Hook::new(&Connection::new()).unwrap_err().to_string();
/// assert!(error.starts_with("the connection cannot be used: connection.host: there is none"), "{error}");
/// ```
pub struct HookError {
    pub(super) of: Subject,
    pub(super) problems: Vec<Problem>,
}

/// Whose fault it is.
pub(super) enum Subject {
    /// A connection, with its id if it has one.
    Connection(Option<ConnectionId>),
    /// A program that has a base URL in the place of a connection.
    Program,
}

impl HookError {
    /// Lists what is wrong, each with its place and, where there is one, a hint.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// One thing that is wrong, of no connection in particular.
impl From<Problem> for HookError {
    fn from(problem: Problem) -> Self {
        Self { of: Subject::Program, problems: vec![problem] }
    }
}

/// What it prints: a `main` that returns it shows this.
impl fmt::Debug for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Subject::Connection(Some(id)) => write!(f, "connection `{id}` cannot be used")?,
            Subject::Connection(None) => f.write_str("the connection cannot be used")?,
            Subject::Program => f.write_str("the hook cannot be made")?,
        }
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for HookError {}
