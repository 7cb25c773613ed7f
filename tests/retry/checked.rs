//! What a condition on the check of the response holds for.

use http_hook::retry::{Condition, Wait};
use http_hook::{RequestPlan, RetryPolicy, Sent, TransportError, TransportErrorKind};

use crate::support::{Answer, Scenario, hook, status};

/// Why, what comes of each send, and how many there are.
type Row = (&'static str, fn() -> Answer, usize);

#[test]
fn where_nothing_came_there_is_nothing_to_check() {
    let lost = || Err(TransportError::new(TransportErrorKind::Connect, Sent::No));
    let rows: [Row; 3] = [
        ("a failure", || Ok(status(404)), 3),
        ("a success", || Ok(status(200)), 1),
        ("no answer", lost, 1),
    ];
    for (why, answer, sends) in rows {
        let (when, wait) = (Condition::CheckFailed, Wait::None);
        let policy = RetryPolicy { when, wait, ..RetryPolicy::default() };
        let (hook, plan) = (hook(""), RequestPlan::get("a").retry(policy));
        let played = Scenario::new(&hook, plan).run(|_| answer());
        assert_eq!(played.sends.len(), sends, "{why}");
    }
}
