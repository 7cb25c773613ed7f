//! Everything that is wrong with a connection, all at once.

use std::fmt;

use crate::base::Problem;
use crate::connection::ConnectionId;

/// Everything that is wrong with a connection, all at once.
pub struct HookError {
    pub(super) id: Option<ConnectionId>,
    pub(super) problems: Vec<Problem>,
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
        Self { id: None, problems: vec![problem] }
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
        match &self.id {
            Some(id) => write!(f, "connection `{id}` cannot be used")?,
            None => f.write_str("the connection cannot be used")?,
        }
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for HookError {}
