//! What a program or a connection writes down: policies.

use std::time::Duration;

use http_hook::{
    Call, Hook, RequestPlan, RetryPolicy, Sent, Step, Timestamp, TransportError, TransportErrorKind,
};

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
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let took = Duration::from_millis(from.milliseconds());
    let left = Duration::from_millis(from.milliseconds());
    let deadline = took.saturating_add(left);
    for seed in 0..3 {
        let plan = RequestPlan::get("a").retry(policy.clone()).deadline(deadline);
        let mut step = Call::new(&hook, plan, seed, NOW).step(&hook, NOW);
        let mut now = NOW.after(took);
        for _ in 0..4 {
            let Step::Send { attempt, .. } = step else { break };
            let error = TransportError::new(TransportErrorKind::Connect, Sent::No);
            let Step::Wait { call, wait, .. } = attempt.finish(&hook, Err(error), now) else {
                break;
            };
            assert!(wait < NOW.after(deadline).since(now), "{wait:?} outlives the deadline");
            now = now.after(wait);
            step = call.step(&hook, now);
        }
    }
}
