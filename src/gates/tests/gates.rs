//! Budget, breaker and rate limit: scripts of sends and what the gates say.

use std::sync::Arc;
use std::time::Duration;

use crate::gates::{
    Admission, BreakerSettings, Bucket, BucketSettings, Budget, GateSettings, Gates, Lease,
    RateSettings,
};
use crate::retry::FailureClass::{Error, Throttled, Timeout};
use crate::{StopReason, Timestamp};
use proptest::prelude::*;

const LIMIT: Duration = Duration::from_secs(10);

fn at(seconds: f64) -> Timestamp {
    Timestamp::new(Duration::from_secs(1_000_000) + Duration::from_secs_f64(seconds))
}

fn breaker(settings: BreakerSettings) -> Gates {
    Gates::new(&GateSettings { breaker: Some(settings), ..GateSettings::none() }).unwrap()
}

fn steady() -> BreakerSettings {
    BreakerSettings { jitter: 0.0, ..BreakerSettings::default() }
}

fn rate(per_second: f64, burst: u32) -> Gates {
    let rate = Some(RateSettings { per_second, burst });
    Gates::new(&GateSettings { rate, ..GateSettings::none() }).unwrap()
}

fn go(gates: &Gates, now: Timestamp) -> Lease {
    match gates.admit(0, LIMIT, now) {
        Admission::Go(lease) => lease,
        other => panic!("not let through at {now:?}: {other:?}"),
    }
}

fn refused(gates: &Gates, now: Timestamp) -> bool {
    matches!(gates.admit(0, LIMIT, now), Admission::Refuse(StopReason::Breaker))
}

/// Lets twenty sends fail.
fn trip(gates: &Gates, now: Timestamp) {
    for _ in 0..20 {
        go(gates, now).failure(now);
    }
}

#[test]
fn open_gates_let_everything_through() {
    let gates = Gates::none();
    for _ in 0..1_000 {
        go(&gates, at(0.0)).failure(at(0.0));
        assert_eq!(gates.retry(Error, at(0.0)), Ok(0));
    }
}

#[test]
fn an_outage_lets_capacity_over_cost_retries_pass() {
    for (capacity, cost, expected) in [(100, 5, 20), (500, 14, 35), (4, 5, 0), (5, 5, 1)] {
        let bucket = BucketSettings { capacity, cost, ..BucketSettings::default() };
        let gates =
            Gates::new(&GateSettings { bucket: Some(bucket), ..GateSettings::none() }).unwrap();
        let passed = (0..1_000).take_while(|_| gates.retry(Error, at(0.0)).is_ok()).count();
        assert_eq!(passed, expected, "{capacity} / {cost}");
        assert_eq!(gates.retry(Error, at(1e6)), Err(StopReason::Budget), "time alone pays nothing");
    }
}

#[test]
fn prices_and_payments() {
    let prices =
        BucketSettings { capacity: 50, cost: 5, timeout_cost: 10, throttled_cost: 3, success: 1 };
    let bucket = Bucket::new(prices);
    let now = at(0.0);
    assert_eq!(bucket.withdraw(Error, now), Some(5));
    assert_eq!(bucket.withdraw(Timeout, now), Some(10));
    assert_eq!(bucket.withdraw(Throttled, now), Some(3));
    assert_eq!(bucket.tokens(), 32);
    bucket.deposit(0, now);
    assert_eq!(bucket.tokens(), 33, "a first attempt pays a little");
    bucket.deposit(10, now);
    assert_eq!(bucket.tokens(), 43, "a retry gets its price back");
    bucket.deposit(u32::MAX, now);
    assert_eq!(bucket.tokens(), 50, "no more than the capacity");
}

/// With 3 retries the bucket never empties while 1 - p >= c p^2 (1 + p + p^2): up to 0.31 for a cost of 5.
#[test]
fn break_even() {
    for (percent, dry) in [(25, false), (45, true)] {
        let gates = Gates::new(&GateSettings { breaker: None, ..GateSettings::default() }).unwrap();
        let mut random = crate::retry::Random::new(1, 1);
        let mut refused = 0;
        for _ in 0..20_000 {
            let mut paid = 0;
            for _ in 0..4 {
                let Admission::Go(lease) = gates.admit(paid, LIMIT, at(0.0)) else {
                    unreachable!()
                };
                if random.draw() * 100.0 >= f64::from(percent) {
                    lease.success(at(0.0));
                    break;
                }
                lease.failure(at(0.0));
                let Ok(price) = gates.retry(Error, at(0.0)) else {
                    refused += 1;
                    break;
                };
                paid = price;
            }
        }
        assert_eq!(refused > 500, dry, "{percent} %: {refused} retries refused");
    }
}

#[test]
fn the_breaker_opens_probes_and_closes() {
    let gates = breaker(steady());
    for _ in 0..19 {
        go(&gates, at(0.0)).failure(at(0.0));
    }
    assert!(!refused(&gates, at(0.0)), "nineteen are no share; the one asked for here is dropped");
    go(&gates, at(0.0)).failure(at(0.0));
    assert!(refused(&gates, at(0.0)));
    assert_eq!(gates.retry(Error, at(0.0)), Err(StopReason::Breaker));
    assert!(refused(&gates, at(4.999)));

    assert_eq!(gates.retry(Error, at(5.0)), Ok(0), "a retry may be the probe");
    let probe = go(&gates, at(5.0));
    assert!(refused(&gates, at(5.0)), "one probe at a time");
    assert_eq!(gates.retry(Error, at(5.0)), Err(StopReason::Breaker));
    probe.failure(at(6.0));
    assert!(refused(&gates, at(10.9)), "open again, from the failure on");

    go(&gates, at(11.0)).success(at(11.0));
    for _ in 0..100 {
        go(&gates, at(11.0)).success(at(11.0));
    }
    go(&gates, at(11.0)).failure(at(11.0));
    assert!(!refused(&gates, at(11.0)), "closed");
}

#[test]
fn a_success_never_opens_it_and_the_share_counts() {
    let gates = breaker(steady());
    for _ in 0..11 {
        go(&gates, at(0.0)).success(at(0.0));
    }
    for _ in 0..10 {
        go(&gates, at(0.0)).failure(at(0.0));
    }
    assert!(!refused(&gates, at(0.0)), "10 of 21");
    go(&gates, at(0.0)).failure(at(0.0));
    assert!(refused(&gates, at(0.0)), "11 of 22");
}

#[test]
fn old_failures_are_forgotten() {
    let gates = breaker(steady());
    for _ in 0..19 {
        go(&gates, at(0.0)).failure(at(0.0));
    }
    go(&gates, at(10.0)).failure(at(10.0));
    assert!(!refused(&gates, at(10.0)), "nineteen of them left the window");
}

#[test]
fn a_clock_set_back_does_no_harm() {
    let gates = breaker(steady());
    for _ in 0..19 {
        go(&gates, at(500.0)).failure(at(500.0));
    }
    for _ in 0..20 {
        go(&gates, at(0.0)).failure(at(0.0));
    }
    assert!(refused(&gates, at(0.0)));
    assert!(!refused(&gates, at(5.0)));
}

#[test]
fn no_probe_jams_the_breaker() {
    let gates = breaker(steady());
    trip(&gates, at(0.0));
    drop(go(&gates, at(5.0)));
    std::mem::forget(go(&gates, at(5.0)));
    assert!(refused(&gates, at(14.9)), "a lost probe holds its place while it may still run");
    drop(go(&gates, at(15.0)));

    let lost = go(&gates, at(16.0));
    let found = go(&gates, at(26.0));
    lost.success(at(26.0));
    assert!(refused(&gates, at(26.0)), "late news of a probe that ran out change nothing");
    found.success(at(26.0));
    assert!(!refused(&gates, at(26.0)));
}

#[test]
fn news_of_an_earlier_period_change_nothing() {
    let gates = breaker(steady());
    let late: Vec<Lease> = (0..50).map(|_| go(&gates, at(0.0))).collect();
    trip(&gates, at(0.0));
    go(&gates, at(5.0)).success(at(5.0));
    for lease in late {
        lease.failure(at(5.0));
    }
    assert!(!refused(&gates, at(5.0)));
}

#[test]
fn what_was_before_the_probe_is_forgotten() {
    let gates = breaker(steady());
    trip(&gates, at(0.0));
    go(&gates, at(5.0)).success(at(5.0));
    go(&gates, at(5.0)).failure(at(5.0));
    assert!(!refused(&gates, at(5.0)), "one failure, though twenty more lie in the window");
}

#[test]
fn a_probe_without_time_limit_runs_out_too() {
    let gates = breaker(steady());
    trip(&gates, at(0.0));
    let Admission::Go(lease) = gates.admit(0, Duration::MAX, at(5.0)) else { panic!() };
    std::mem::forget(lease);
    assert!(refused(&gates, at(64.9)));
    assert!(!refused(&gates, at(65.0)));
}

#[test]
fn breakers_do_not_open_together() {
    let mut opened = std::collections::BTreeSet::new();
    for seed in 0..50 {
        let settings = GateSettings { bucket: None, seed, ..GateSettings::default() };
        let gates = Gates::new(&settings).unwrap();
        trip(&gates, at(0.0));
        let open = (0..10_000_u32)
            .find(|ms| gates.retry(Error, at(f64::from(*ms) / 1e3)).is_ok())
            .unwrap();
        assert!((4_000..=6_000).contains(&open), "{open} ms");
        opened.insert(open / 100);
    }
    assert!(opened.len() > 12, "spread over the whole range: {opened:?}");
    // One seed and one moment give one time, on every machine.
    let opened = [(1, 0.0), (1, 1.0), (2, 0.0)].map(|(seed, seconds)| {
        let settings = GateSettings { bucket: None, seed, ..GateSettings::default() };
        let gates = Gates::new(&settings).unwrap();
        trip(&gates, at(seconds));
        let open = |ms: &u32| gates.retry(Error, at(seconds + f64::from(*ms) / 1e3)).is_ok();
        (0..10_000_u32).find(open).unwrap()
    });
    assert_eq!(opened, [5_876, 5_987, 4_401], "milliseconds");
}

#[test]
fn a_rate_limit_spaces_sends_and_waits() {
    let gates = rate(10.0, 3);
    for _ in 0..3 {
        drop(go(&gates, at(0.0)));
    }
    let waits: Vec<u128> = (0..4)
        .map(|_| match gates.admit(0, LIMIT, at(0.0)) {
            Admission::Wait(wait, StopReason::RateLimit) => wait.as_millis(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(waits, [100, 200, 300, 400], "nobody comes back at the same time");
    drop(go(&gates, at(0.1)));
    assert!(matches!(gates.admit(0, LIMIT, at(0.1)), Admission::Wait(..)));
    for _ in 0..3 {
        drop(go(&gates, at(10.0)));
    }
    assert!(matches!(gates.admit(0, LIMIT, at(10.0)), Admission::Wait(..)), "a burst, not more");
}

#[test]
fn waits_that_nobody_comes_back_from_jam_nothing() {
    let gates = rate(10.0, 1);
    drop(go(&gates, at(0.0)));
    for _ in 0..100_000 {
        let Admission::Wait(wait, _) = gates.admit(0, LIMIT, at(0.0)) else { panic!() };
        assert!(wait <= Duration::from_secs(60));
    }
    drop(go(&gates, at(0.1)));
}

#[test]
fn settings_that_make_no_sense() {
    let breaker = BreakerSettings::default();
    let rows = [
        GateSettings {
            breaker: Some(BreakerSettings { ratio: 0.0, ..breaker }),
            ..GateSettings::none()
        },
        GateSettings {
            breaker: Some(BreakerSettings { ratio: f64::NAN, ..breaker }),
            ..GateSettings::none()
        },
        GateSettings {
            breaker: Some(BreakerSettings { jitter: 1.5, ..breaker }),
            ..GateSettings::none()
        },
        GateSettings {
            breaker: Some(BreakerSettings { window: Duration::ZERO, ..breaker }),
            ..GateSettings::none()
        },
        GateSettings {
            rate: Some(RateSettings { per_second: 0.0, burst: 1 }),
            ..GateSettings::none()
        },
        GateSettings {
            rate: Some(RateSettings { per_second: f64::INFINITY, burst: 1 }),
            ..GateSettings::none()
        },
    ];
    for settings in rows {
        assert!(Gates::new(&settings).is_err(), "{settings:?}");
    }
    let text = r#"{"bucket": {"capacity": 500}, "breaker": null, "rate": {"per_second": 5}}"#;
    let settings: GateSettings = serde_json::from_str(text).unwrap();
    assert_eq!(settings.bucket.unwrap().capacity, 500);
    assert_eq!(settings.breaker, None);
    assert_eq!(settings.rate, Some(RateSettings { per_second: 5.0, burst: 10 }));
}

#[test]
fn a_budget_of_another_kind() {
    #[derive(Debug)]
    struct Nothing;
    impl Budget for Nothing {
        fn withdraw(&self, _: crate::retry::FailureClass, _: Timestamp) -> Option<u32> {
            None
        }
        fn deposit(&self, _: u32, _: Timestamp) {}
    }
    let gates = Gates::with_budget(&GateSettings::none(), Arc::new(Nothing)).unwrap();
    assert_eq!(gates.retry(Error, at(0.0)), Err(StopReason::Budget));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens to leases, a minute and the longest open time later something goes through.
    #[test]
    fn no_script_jams_the_gates(script in prop::collection::vec((0..4_u8, 0..3_000_u32), 1..200)) {
        let gates = Gates::new(&GateSettings { rate: Some(RateSettings::default()), ..GateSettings::default() }).unwrap();
        let mut now = at(0.0);
        for (what, millis) in script {
            now = now.after(Duration::from_millis(millis.into()));
            if let Admission::Go(lease) = gates.admit(0, Duration::MAX, now) {
                match what {
                    0 => lease.success(now),
                    1 => lease.failure(now),
                    2 => drop(lease),
                    _ => std::mem::forget(lease),
                }
            }
        }
        let later = now.after(Duration::from_secs(60));
        prop_assert!(matches!(gates.admit(0, LIMIT, later), Admission::Go(_)));
    }
}
