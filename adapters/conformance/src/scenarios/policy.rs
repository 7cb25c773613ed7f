//! Policies and gates by chance.

use std::time::Duration;

use http_hook::RetryPolicy;
use http_hook::gates::Gates;
use http_hook::gates::{BreakerSettings, BucketSettings, GateSettings, RateSettings};
use http_hook::retry::{Condition, Event, HintMode, Hints, RetryState, Stop, Wait};

use super::dice::Dice;

/// Makes a policy; with `stopper` the event ends it, too.
pub(super) fn policy(dice: &mut Dice, stopper: Option<&Event>) -> RetryPolicy {
    let usual = RetryPolicy::default();
    let mut stop = Stop::after_attempt(dice.weighted(&[(1, 1), (3, 2), (5, 3), (3, 4), (2, 5)]));
    if dice.percent(15) {
        stop = stop | Stop::before_delay(dice.millis(&[2_000, 20_000, 90_000]));
    }
    if dice.percent(10) {
        stop = stop | Stop::after_delay(dice.millis(&[1_000, 5_000, 40_000]));
    }
    if dice.percent(12) {
        stop = Stop::custom(|state: &RetryState<'_>| !state.idle_for.is_zero()) | stop;
    }
    if let Some(event) = stopper {
        stop = Stop::when_event_set(event) | stop;
    }
    RetryPolicy {
        when: when(dice),
        wait: wait(dice),
        stop,
        hints: hints(dice),
        min_attempt: if dice.percent(10) { Duration::from_secs(3) } else { Duration::ZERO },
        attempt_header: dice.percent(15).then(|| "x-attempt".to_owned()),
        ..usual
    }
}

/// Makes the policy of a call that only the limit on sends ends.
pub(super) fn stubborn() -> RetryPolicy {
    RetryPolicy { wait: Wait::None, stop: Stop::Never, ..RetryPolicy::default() }
}

fn when(dice: &mut Dice) -> Condition {
    let usual = RetryPolicy::default().when;
    match dice.weighted(&[(60, 0), (8, 1), (8, 2), (8, 3), (6, 4), (5, 5), (5, 6)]) {
        0 => usual,
        1 => Condition::CheckFailed | Condition::Error,
        2 => usual | Condition::header("x-again"),
        3 => usual | Condition::BodyContains { text: "again".to_owned() },
        4 => usual | Condition::BodyJson { pointer: "/state".to_owned(), equals: "busy".into() },
        5 => Condition::statuses(&[500, 502, 503]) | Condition::error_kinds(&["connect", "body"]),
        _ => Condition::Always,
    }
}

fn wait(dice: &mut Dice) -> Wait {
    let (base, cap) = (dice.millis(&[100, 500, 2_000]), dice.millis(&[3_000, 20_000, 60_000]));
    match dice.within(0, 8) {
        0 => RetryPolicy::default().wait,
        1 => Wait::fixed(base),
        2 => Wait::exponential(base, cap),
        3 => Wait::full_jitter(base, cap),
        4 => Wait::EqualJitter { base: base.into(), cap: cap.into() },
        5 => Wait::DecorrelatedJitter { base: base.into(), cap: cap.into() },
        6 => Wait::Random { min: base.into(), max: cap.into() },
        7 => Wait::Chain { strategies: vec![Wait::None, Wait::fixed(base), Wait::fixed(cap)] },
        _ => Wait::Combine { strategies: vec![Wait::fixed(base), Wait::full_jitter(base, cap)] },
    }
}

fn hints(dice: &mut Dice) -> Hints {
    let usual = Hints::default();
    match dice.weighted(&[(60, 0), (10, 1), (15, 2), (10, 3), (5, 4)]) {
        0 => usual,
        1 => Hints { mode: HintMode::Replace, ..usual },
        2 => Hints { cap: dice.millis(&[2_000, 10_000]), jitter: 0.5, ..usual },
        3 => {
            let seconds = Duration::from_secs(5).into();
            Hints { mode: HintMode::Within { seconds }, ..usual }
        }
        _ => Hints::none(),
    }
}

/// Makes gates that close soon.
pub(super) fn gates(dice: &mut Dice) -> Gates {
    let capacity = dice.one(&[4, 6, 12]);
    let bucket = BucketSettings { capacity, ..BucketSettings::default() };
    let breaker = BreakerSettings {
        min_calls: dice.one(&[2, 3]),
        window: Duration::from_secs(60),
        open: dice.millis(&[500, 5_000, 30_000]),
        ..BreakerSettings::default()
    };
    let rate = RateSettings { per_second: dice.one(&[0.05, 0.1, 0.5]), burst: dice.one(&[1, 2]) };
    let mut settings = GateSettings { seed: dice.bits() | 1, ..GateSettings::none() };
    match dice.within(0, 4) {
        0 => settings.bucket = Some(bucket),
        1 => settings.breaker = Some(breaker),
        2..=3 => settings.rate = Some(rate),
        _ => (settings.bucket, settings.breaker) = (Some(bucket), Some(breaker)),
    }
    Gates::new(&settings).expect("these settings make sense")
}
