//! Methods and marks as telemetry may have them.

use std::collections::BTreeSet;

use http::Method;

/// What stands for a value that was taken out.
pub(super) const REDACTED: &str = "REDACTED";

/// The methods that are told by name unless others are given.
const KNOWN: [&str; 10] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"];

/// What is told of requests.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) known: BTreeSet<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { known: KNOWN.map(str::to_owned).into() }
    }
}

impl Rules {
    /// Returns the method, or nothing if it is not among the known ones: each name would be a series of its own.
    pub(super) fn method<'a>(&self, method: &'a Method) -> Option<&'a str> {
        Some(method.as_str()).filter(|method| self.known.contains(*method))
    }
}
