//! What a test is told at its end.

use std::error::Error;
use std::fmt;

/// What a script and the requests disagree on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unmet {
    /// The requests that nobody scripted, redacted.
    pub unexpected: Vec<String>,
    /// The replies that no request came for.
    pub left: Vec<String>,
    /// What they stand in: `script`, `recording`.
    of: &'static str,
}

impl Unmet {
    /// Compares the requests that nobody scripted and the replies that are left in the `of` (`script`, say) with nothing at all.
    ///
    /// # Errors
    ///
    /// Both lists, if there is anything in one of them.
    pub fn check(of: &'static str, unexpected: Vec<String>, left: Vec<String>) -> Result<(), Self> {
        if unexpected.is_empty() && left.is_empty() {
            return Ok(());
        }
        Err(Self { unexpected, left, of })
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.unexpected.is_empty() {
            parts.push(format!("unexpected requests: {}", self.unexpected.join("; ")));
        }
        if !self.left.is_empty() {
            parts.push(format!("the {} still has: {}", self.of, self.left.join("; ")));
        }
        f.write_str(&parts.join("; "))
    }
}

impl Error for Unmet {}
