//! What holds for any wait, any policy and any seed.

use std::time::Duration;

use crate::retry::{
    Condition, Decision, HttpOutcome, Progress, Random, RetryState, Seconds, Stop, Wait,
};
use crate::{RetryPolicy, Sent, TransportError, TransportErrorKind};
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;

use super::NOW;
use super::cases;

/// The largest draw.
const SUP: f64 = 1.0 - f64::EPSILON / 2.0;

fn seconds() -> impl Strategy<Value = Seconds> {
    prop_oneof![
        4 => (0.0..100.0_f64).prop_map(Seconds::new),
        1 => any::<f64>().prop_map(Seconds::new),
        1 => Just(Seconds::ZERO),
        1 => Just(Seconds::INFINITE),
    ]
}

fn wait() -> impl Strategy<Value = Wait> {
    let leaf = prop_oneof![
        Just(Wait::None),
        seconds().prop_map(|seconds| Wait::Fixed { seconds }),
        (seconds(), seconds(), seconds()).prop_map(|(start, increment, max)| Wait::Incrementing {
            start,
            increment,
            max
        }),
        (seconds(), -3.0..3.0_f64, seconds(), seconds()).prop_map(
            |(multiplier, exp_base, min, max)| Wait::Exponential { multiplier, exp_base, min, max }
        ),
        (seconds(), seconds()).prop_map(|(min, max)| Wait::Random { min, max }),
        (seconds(), -3.0..3.0_f64, seconds(), seconds()).prop_map(
            |(multiplier, exp_base, min, max)| {
                Wait::RandomExponential { multiplier, exp_base, min, max }
            }
        ),
        (seconds(), -3.0..3.0_f64, seconds(), seconds(), seconds()).prop_map(
            |(multiplier, exp_base, jitter, min, max)| {
                Wait::ExponentialJitter { multiplier, exp_base, jitter, min, max }
            }
        ),
        (seconds(), seconds()).prop_map(|(base, cap)| Wait::FullJitter { base, cap }),
        (seconds(), seconds()).prop_map(|(base, cap)| Wait::EqualJitter { base, cap }),
        (seconds(), seconds()).prop_map(|(base, cap)| Wait::DecorrelatedJitter { base, cap }),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|strategies| Wait::Chain { strategies }),
            prop::collection::vec(inner, 0..4).prop_map(|strategies| Wait::Combine { strategies }),
        ]
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        Just(Condition::Always),
        Just(Condition::Never),
        Just(Condition::Error),
        Just(Condition::RateLimited),
        Just(Condition::CheckFailed),
        Just(Condition::ErrorKind { kinds: vec!["timeout".to_owned()] }),
        (100..600_u16, 0..250_u16)
            .prop_map(|(from, more)| Condition::Status { statuses: vec![from..=from + more] }),
        Just(Condition::header("x-ratelimit-remaining")),
        Just(Condition::BodyContains { text: String::new() }),
        Just(Condition::custom(|outcome| !outcome.failed())),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| Condition::Not { condition: Box::new(one) }),
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|conditions| Condition::Any { conditions }),
            prop::collection::vec(inner, 0..4).prop_map(|conditions| Condition::All { conditions }),
        ]
    })
}

fn attempt() -> impl Strategy<Value = u32> {
    prop_oneof![3 => 1..40_u32, 1 => any::<u32>(), 1 => Just(u32::MAX)]
}

proptest! {
    #![proptest_config(cases())]

    /// A response that passes is let stand unasked only where asking would let it stand.
    #[test]
    fn no_success_stands_that_a_condition_holds_for(when in condition(), once in condition(), status in 200..300_u16) {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-ratelimit-remaining"),
            HeaderValue::from_static("0"),
        )]);
        let outcome = HttpOutcome::answered(StatusCode::from_u16(status).unwrap(), &headers);
        let holds = when.holds(&outcome) || once.holds(&outcome);
        let policy = RetryPolicy { when, once, ..RetryPolicy::default() };
        prop_assert!(!(holds && policy.lets_success_stand()));
    }

    /// No wait overflows, panics or depends on anything but its arguments; storing changes nothing.
    #[test]
    fn any_wait_at_any_attempt(wait in wait(), attempt in attempt(), seed in any::<u64>(), previous in any::<u64>()) {
        let headers = HeaderMap::new();
        let outcome = HttpOutcome::answered(StatusCode::BAD_GATEWAY, &headers);
        let state = RetryState {
            attempt_number: attempt,
            previous_wait: Duration::from_nanos(previous),
            ..RetryState::new(&outcome)
        };
        let ask = |wait: &Wait| {
            let mut random = Random::new(seed, attempt);
            wait.duration(&state, &mut || random.draw())
        };
        let first = ask(&wait);
        prop_assert_eq!(first, ask(&wait));
        let policy = RetryPolicy { wait, ..RetryPolicy::default() };
        let text = serde_json::to_string(&policy).unwrap();
        let read: RetryPolicy = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&serde_json::to_string(&read).unwrap(), &text);
    }

    /// However often nothing grows, it is nothing: also where the power is too large for a number.
    #[test]
    fn nothing_stays_nothing(
        exp_base in prop_oneof![-4.0..4.0_f64, 1e100..1e300_f64], attempt in attempt(), min in 0.0..9.0_f64, over in 0.0..60.0_f64, draw in 0.0..1.0_f64,
    ) {
        let (multiplier, min, max) = (Seconds::ZERO, Seconds::new(min), Seconds::new(min + over));
        let headers = HeaderMap::new();
        let outcome = HttpOutcome::answered(StatusCode::BAD_GATEWAY, &headers);
        let state = RetryState { attempt_number: attempt, ..RetryState::new(&outcome) };
        let ask = |wait: Wait| wait.seconds(&state, &mut || draw);
        let jitter = Seconds::ONE;
        prop_assert_eq!(ask(Wait::Exponential { multiplier, exp_base, min, max }), min);
        prop_assert_eq!(ask(Wait::RandomExponential { multiplier, exp_base, min, max }), min);
        let jittered = ask(Wait::ExponentialJitter { multiplier, exp_base, jitter, min, max });
        prop_assert_eq!(jittered, Seconds::new(draw.min(max.get()).max(min.get())));
        let (base, cap) = (Seconds::ZERO, max);
        prop_assert_eq!(ask(Wait::FullJitter { base, cap }), Seconds::ZERO);
        prop_assert_eq!(ask(Wait::EqualJitter { base, cap }), Seconds::ZERO);
        let (start, increment) = (min, Seconds::ZERO);
        prop_assert_eq!(ask(Wait::Incrementing { start, increment, max }), min);
    }

    /// The three jitters stay within their bounds, whatever the attempt.
    #[test]
    fn jitters_keep_their_bounds(
        base in 0.001..10.0_f64, over in 0.0..100.0_f64, attempt in attempt(), draw in 0.0..1.0_f64, previous in 0.0..200.0_f64,
    ) {
        let cap = base + over;
        let (low, high) = (Seconds::new(base), Seconds::new(cap));
        let headers = HeaderMap::new();
        let outcome = HttpOutcome::answered(StatusCode::BAD_GATEWAY, &headers);
        let state = RetryState {
            attempt_number: attempt,
            previous_wait: Seconds::new(previous).to_duration(),
            ..RetryState::new(&outcome)
        };
        let ask = |wait: Wait| wait.seconds(&state, &mut || draw).get();
        // Doubling one by one, as nobody would for 2^32 attempts.
        let top = (1..attempt.min(64)).fold(base, |top, _| (top * 2.0).min(cap)).min(cap);
        let full = ask(Wait::FullJitter { base: low, cap: high });
        prop_assert!((0.0..=top).contains(&full));
        let equal = ask(Wait::EqualJitter { base: low, cap: high });
        prop_assert!((top / 2.0..=top).contains(&equal));
        let decorrelated = ask(Wait::DecorrelatedJitter { base: low, cap: high });
        prop_assert!((base..=cap.min(previous.max(base) * 3.0)).contains(&decorrelated));
    }

    /// A retry always begins before the deadline, and what is not retried keeps its hint.
    #[test]
    fn no_decision_overshoots_the_deadline(
        wait in wait(), left in any::<u64>(), attempt in attempt(), hint in "[0-9]{1,22}", seed in any::<u64>(), elapsed in any::<u64>(),
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", HeaderValue::from_str(&hint).unwrap());
        let busy = HttpOutcome::answered(StatusCode::TOO_MANY_REQUESTS, &headers);
        let remaining = Duration::from_nanos(left);
        let progress = Progress {
            attempt_number: attempt,
            elapsed: Duration::from_nanos(elapsed),
            remaining: Some(remaining),
            ..Progress::default()
        };
        let policy = RetryPolicy { wait, stop: Stop::Never, ..RetryPolicy::default() };
        let mut random = Random::new(seed, attempt);
        match policy.decide(&busy, &progress, NOW, &mut || random.draw()) {
            Decision::Retry { wait, hint } => {
                prop_assert!(wait < remaining);
                prop_assert!(wait >= hint.unwrap(), "{:?} after a hint of {:?}", wait, hint);
            }
            Decision::GiveUp { hint, .. } => prop_assert!(hint.is_some()),
            Decision::Stand => prop_assert!(false, "a 429 is worth a retry"),
        }
    }

    /// Any text is a policy or an error, and a policy prints as one that reads the same.
    #[test]
    fn any_text_is_a_policy_or_an_error(text in "[{}\\[\\]\":, a-z_0-9.-]{0,80}") {
        if let Ok(policy) = RetryPolicy::from_json(&text) {
            let printed = serde_json::to_string(&policy).unwrap();
            prop_assert_eq!(RetryPolicy::from_json(&printed).unwrap(), policy);
        }
    }
}

/// At attempt 50 the waits are spread as when the cap was first reached, and none is over it.
#[test]
fn jitter_outlives_the_cap() {
    let (base, cap) = (Seconds::ONE, Seconds::new(16.0));
    let rows = [
        ("full", Wait::FullJitter { base, cap }, 0.0, 16.0),
        ("equal", Wait::EqualJitter { base, cap }, 8.0, 16.0),
        ("decorrelated", Wait::DecorrelatedJitter { base, cap }, 1.0, 16.0),
    ];
    let headers = HeaderMap::new();
    let outcome = HttpOutcome::answered(StatusCode::BAD_GATEWAY, &headers);
    for (name, wait, low, high) in rows {
        for attempt_number in [6, 50, u32::MAX] {
            let previous_wait = Duration::from_secs(16);
            let state = RetryState { attempt_number, previous_wait, ..RetryState::new(&outcome) };
            let mut random = Random::new(1, attempt_number);
            let mut waits: Vec<f64> =
                (0..10_000).map(|_| wait.seconds(&state, &mut || random.draw()).get()).collect();
            waits.sort_by(f64::total_cmp);
            assert!(waits[0] >= low && waits[9_999] <= high, "{name} at {attempt_number}");
            // Uniform: each tenth of the range has its tenth of the waits, within 5 standard deviations.
            for tenth in 1..10_u32 {
                let bound = low + (high - low) * f64::from(tenth) / 10.0;
                let below = waits.partition_point(|wait| *wait < bound);
                let expected = usize::try_from(tenth * 1_000).unwrap();
                assert!(
                    below.abs_diff(expected) < 250,
                    "{name} at {attempt_number}: {below} below {bound}"
                );
            }
        }
    }
}

/// The first attempt that a power is too large for, and the one before.
#[test]
fn the_attempts_around_the_largest_power() {
    for (exp_base, first) in [(10.0, 310), (2.0, 1_025)] {
        for (multiplier, below, above) in [(0.0, 0.0, 0.0), (1e-300, f64::NAN, 60.0)] {
            let (multiplier, min, max) =
                (Seconds::new(multiplier), Seconds::ZERO, Seconds::new(60.0));
            let wait = Wait::Exponential { multiplier, exp_base, min, max };
            let after = |n| wait.after(n, &mut || 0.0).as_secs_f64();
            assert!(below.is_nan() || (after(first - 1) - below).abs() < 1e-9, "{exp_base}");
            assert!((after(first) - above).abs() < 1e-9, "{exp_base}: {}", after(first));
        }
    }
    let (start, increment, max) = (Seconds::ONE, Seconds::INFINITE, Seconds::new(60.0));
    let steps = Wait::Incrementing { start, increment, max };
    let waits = [1, 2].map(|n| steps.after(n, &mut || 0.0).as_secs());
    assert_eq!(waits, [1, 60], "no step was taken before the first wait");
}

#[test]
fn draws_are_even_and_below_one() {
    for seed in [0, 1, u64::MAX] {
        let mut random = Random::new(seed, 1);
        let draws: Vec<f64> = (0..100_000).map(|_| random.draw()).collect();
        let mean = draws.iter().sum::<f64>() / 100_000.0;
        assert!((mean - 0.5).abs() < 0.005, "{seed}: {mean}");
        assert!(draws.iter().all(|draw| (0.0..=SUP).contains(draw)));
    }
    // The first draws of neighbouring attempts and of neighbouring seeds are as good as independent.
    let first = |seed, attempt| Random::new(seed, attempt).draw();
    let by_attempt = (1..100_001).map(|attempt| first(7, attempt)).sum::<f64>() / 100_000.0;
    let by_seed = (1..100_001).map(|seed| first(seed, 1)).sum::<f64>() / 100_000.0;
    assert!((by_attempt - 0.5).abs() < 0.005 && (by_seed - 0.5).abs() < 0.005);
}

/// These numbers never change: a call that is resumed under a later version waits what it would have waited.
#[test]
fn chance_is_pinned() {
    let draws: Vec<String> = [(0, 1), (0, 2), (7, 1), (u64::MAX, u32::MAX)]
        .into_iter()
        .map(|(seed, attempt)| format!("{:.17}", Random::new(seed, attempt).draw()))
        .collect();
    assert_eq!(
        draws,
        [
            "0.28790531651283680",
            "0.29041971698958835",
            "0.68596865777117944",
            "0.68119440053275104",
        ]
    );
    let headers = HeaderMap::new();
    let busy = HttpOutcome::answered(StatusCode::SERVICE_UNAVAILABLE, &headers);
    let waits: Vec<u128> = (1..=2)
        .map(|attempt_number| {
            let progress = Progress { attempt_number, ..Progress::default() };
            let mut random = Random::new(7, attempt_number);
            match RetryPolicy::default().decide(&busy, &progress, NOW, &mut || random.draw()) {
                Decision::Retry { wait, .. } => wait.as_nanos(),
                other => panic!("{other:?}"),
            }
        })
        .collect();
    assert_eq!(waits, [68_596_866, 127_892_372]);
}

#[test]
fn no_wait_outlives_the_deadline_at_any_attempt() {
    let waits = [
        r#"{"type": "exponential", "multiplier": 1, "exp_base": 1e9}"#,
        r#"{"type": "incrementing", "increment": 0.4, "max": 9}"#,
        r#"{"type": "decorrelated_jitter", "base": 0.1, "cap": 3}"#,
        r#"{"type": "chain", "strategies": [{"type": "none"}, {"type": "fixed", "seconds": 2}]}"#,
    ];
    let error = TransportError::new(TransportErrorKind::Connect, Sent::No);
    let outcome = HttpOutcome::lost(&error);
    for wait in waits {
        let wait = serde_json::from_str(wait).unwrap();
        let policy = RetryPolicy { wait, stop: Stop::Never, ..RetryPolicy::default() };
        for attempt_number in [1, 2, 3, 1_000, u32::MAX] {
            for (left, draw) in [(0, 0.0), (1, 0.5), (500, 0.999_999), (2_000, 0.0), (2_001, 0.5)] {
                let remaining = Some(Duration::from_millis(left));
                let previous_wait = Duration::from_secs(u64::from(attempt_number));
                let progress =
                    Progress { attempt_number, previous_wait, remaining, ..Progress::default() };
                let decision = policy.decide(&outcome, &progress, NOW, &mut || draw);
                if let Decision::Retry { wait, .. } = decision {
                    assert!(
                        wait < Duration::from_millis(left),
                        "{policy:?} {attempt_number} {left}"
                    );
                }
            }
        }
    }
}
