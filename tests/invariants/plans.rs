//! What a program or a connection writes down: policies.

use std::time::Duration;

use http_hook::retry::{Decision, HttpOutcome, Progress};
use http_hook::{RetryPolicy, Sent, Timestamp, TransportError, TransportErrorKind};

use super::Choices;

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));

/// A policy as JSON.
pub(crate) fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(policy) = RetryPolicy::from_json(text) else { return };
    let written = serde_json::to_string(&policy).expect("what was read can be written");
    let again = RetryPolicy::from_json(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_string(&again).ok(), Some(written), "writing is stable");
    let mut from = Choices(bytes);
    let error = TransportError::new(TransportErrorKind::Connect, Sent::No);
    let outcome = HttpOutcome::lost(&http::Method::GET, &error);
    for attempt_number in [1, 2, 3, 1_000, u32::MAX] {
        let left = Duration::from_millis(from.milliseconds());
        let progress = Progress {
            attempt_number,
            elapsed: Duration::from_millis(from.milliseconds()),
            idle_for: Duration::ZERO,
            previous_wait: Duration::from_millis(from.milliseconds()),
            remaining: Some(left),
        };
        for draw in [0.0, 0.5, 0.999_999] {
            let decision = policy.decide(&outcome, &progress, NOW, &mut || draw);
            if let Decision::Retry { wait, .. } = decision {
                assert!(wait < left, "{wait:?} outlives the deadline");
            }
        }
    }
}
