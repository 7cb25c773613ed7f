//! One call through a ready hook: plan, machine, request, answer.

use crate::Scenario;

/// Not yet.
#[must_use]
pub fn one_call() -> Scenario {
    Box::new(|| {})
}

/// What a waiting call holds, and what a retry decision allocates.
#[must_use]
pub fn sizes() -> Vec<String> {
    Vec::new()
}
