//! Stops that count by class, a cap on the sum of waits, and the switch for tests.

use std::time::Duration;

use http_hook::retry::{Condition, Hints, Stop, Wait};
use http_hook::transport::TimeoutPhase;
use http_hook::{
    Call, ErrorKind, Hook, RequestPlan, RetryPolicy, Sent, Step, StopReason, TransportError,
    TransportErrorKind as Kind,
};

use crate::support::{Answer, NOW, Scenario, hook, status};

fn policy(stop: Stop) -> RetryPolicy {
    RetryPolicy {
        when: Condition::Always,
        once: Condition::Never,
        wait: Wait::fixed(Duration::from_secs(2)),
        hints: Hints::none(),
        stop,
        ..RetryPolicy::default()
    }
}

fn lost(kind: Kind) -> Answer {
    Err(TransportError::new(kind, Sent::No))
}

/// A connection error, a time limit, a 429, a 503, a 404, and so on.
fn answer(send: usize) -> Answer {
    match send % 5 {
        0 => lost(Kind::Connect),
        1 => lost(Kind::Timeout(TimeoutPhase::Head)),
        2 => Ok(status(429)),
        3 => Ok(status(503)),
        _ => Ok(status(404)),
    }
}

#[test]
fn a_stop_counts_by_class() {
    let rows = [
        (Stop::after_outcomes("connect", 3), 11),
        (Stop::after_outcomes("timeout", 3), 12),
        (Stop::after_outcomes("throttled", 3), 13),
        (Stop::after_outcomes("server_error", 3), 14),
        (Stop::after_outcomes("server_error", 0), 4),
        (Stop::after_outcomes("connect", 3) | Stop::after_outcomes("throttled", 2), 8),
        (Stop::after_outcomes("connect", 1) & Stop::after_outcomes("throttled", 2), 8),
        (Stop::after_outcomes("connect", 5) | Stop::after_attempt(7), 7),
    ];
    let hook = hook("");
    for (stop, sends) in rows {
        let plan = || RequestPlan::get("a").retry(policy(stop.clone()));
        let played = Scenario::new(&hook, plan()).run(answer);
        assert_eq!(played.sends.len(), sends, "{stop:?}");
        let failure = played.result.expect_err("it never passes");
        assert_eq!(failure.reason(), StopReason::Attempts, "{stop:?}");
        let text = serde_json::to_string(&stop).expect("data");
        assert_eq!(serde_json::from_str::<Stop>(&text).expect("the same"), stop);

        // The counts are stored with the call.
        let (mut count, mut now) = (0, NOW);
        let stored = Hook::to("https://api.example.com").expect("a hook");
        let mut call = Call::new(&stored, plan(), 7, now);
        loop {
            let text = call.store(&stored).expect("data");
            call = Call::resume(&stored, &text, now).expect("it can be taken up");
            match call.step(&stored, now) {
                Step::Wait { call: waiting, wait, .. } => {
                    now = now.after(wait);
                    call = waiting;
                }
                Step::Send { attempt, .. } => {
                    let answer = answer(count);
                    count += 1;
                    match attempt.finish(&stored, answer, now) {
                        Step::Wait { call: waiting, .. } => call = waiting,
                        Step::Done(_) => break,
                        Step::Send { .. } => panic!("it waits first"),
                    }
                }
                Step::Done(_) => break,
            }
        }
        assert_eq!(count, sends, "{stop:?}, from a store");
    }
    let unknown = policy(Stop::after_outcomes("weather", 3)).validate().expect_err("unknown");
    assert_eq!(unknown.kind(), ErrorKind::Policy);
}

#[test]
fn a_stop_caps_the_sum_of_waits() {
    let hook = hook("");
    for (seconds, sends) in [(0, 1), (1, 1), (2, 2), (7, 4), (8, 5)] {
        let stop = Stop::before_idle(Duration::from_secs(seconds));
        let plan = RequestPlan::get("a").retry(policy(stop));
        let played = Scenario::new(&hook, plan).run(|_| Ok(status(503)));
        assert_eq!(played.sends.len(), sends, "{seconds} s");
        let waited: Duration = played.waits.iter().map(|(wait, _)| *wait).sum();
        assert!(waited <= Duration::from_secs(seconds));
        assert_eq!(played.result.expect_err("busy").reason(), StopReason::Deadline);
    }
}

#[test]
fn waits_and_retries_can_be_switched_off() {
    let plan = || RequestPlan::get("a").retries(3);
    let busy = |_| Ok(crate::support::response(503, &[("retry-after", "30")], ""));
    let usual = hook("");
    let hasty = usual.without_waits();
    let played = Scenario::new(&hasty, plan()).run(busy);
    assert_eq!(played.sends.len(), 4);
    assert!(played.waits.iter().all(|(wait, _)| wait.is_zero()), "{:?}", played.waits);
    let once = usual.without_retries().for_client(http_hook_mock::everything("mock"));
    let played = Scenario::new(&once, plan()).run(busy);
    assert_eq!((played.sends.len(), played.waits.len()), (1, 0));
    assert_eq!(played.result.expect_err("busy").reason(), StopReason::Attempts);
    let played = Scenario::new(&usual, plan()).run(busy);
    assert!(played.waits.iter().all(|(wait, _)| *wait >= Duration::from_secs(30)));
}
