//! Gates under clocks that jump: no jump closes one for longer than it closes anyway.

use std::time::Duration;

use crate::gates::{Admission, BreakerSettings, GateSettings, Gates, RateSettings};
use crate::retry::FailureClass::Error;
use crate::{StopReason, Timestamp};
use proptest::prelude::*;

use super::cases;

const LIMIT: Duration = Duration::from_secs(10);
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// The open time of the default breaker and its jitter.
const OPEN: Duration = Duration::from_secs(6);
const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));

fn with_rate() -> Gates {
    let rate = Some(RateSettings { per_second: 10.0, burst: 3 });
    Gates::new(&GateSettings { rate, ..GateSettings::none() }).unwrap()
}

fn with_breaker() -> Gates {
    let breaker = Some(BreakerSettings::default());
    Gates::new(&GateSettings { breaker, ..GateSettings::none() }).unwrap()
}

fn trip(gates: &Gates, now: Timestamp) {
    for _ in 0..20 {
        if let Admission::Go(lease) = gates.admit(0, LIMIT, now) {
            lease.failure(now);
        }
    }
    assert!(matches!(gates.admit(0, LIMIT, now), Admission::Refuse(StopReason::Breaker)));
}

fn far() -> Timestamp {
    NOW.after(YEAR * 8_000)
}

#[test]
fn an_open_breaker_and_a_clock_that_is_set() {
    // Why, when it opens, the time then.
    let rows = [
        ("set back by 50 years", NOW, NOW.before(YEAR * 50)),
        ("set back to the beginning", NOW, Timestamp::default()),
        ("set back by a minute", NOW, NOW.before(Duration::from_secs(60))),
        ("right again after 8,000 years", far(), NOW),
    ];
    for (why, opened, then) in rows {
        // Whoever asks first: the next send, or a retry that is to be paid for.
        for asks_retry in [false, true] {
            let gates = with_breaker();
            trip(&gates, opened);
            let open = |now| {
                if asks_retry {
                    gates.retry(Error, now).is_err()
                } else {
                    matches!(gates.admit(0, LIMIT, now), Admission::Refuse(_))
                }
            };
            assert!(open(then), "{why}: a jump does not close it");
            assert!(!open(then.after(OPEN)), "{why}: open for longer than it ever is");
        }
    }
}

#[test]
fn a_probe_and_a_clock_that_is_set() {
    let gates = with_breaker();
    trip(&gates, far());
    let Admission::Go(probe) = gates.admit(0, LIMIT, far().after(OPEN)) else { panic!("no probe") };
    std::mem::forget(probe);
    assert!(matches!(gates.admit(0, LIMIT, NOW), Admission::Refuse(_)), "it may still run");
    let later = NOW.after(Duration::from_secs(60));
    assert!(matches!(gates.admit(0, LIMIT, later), Admission::Go(_)), "it is lost");
}

#[test]
fn a_rate_limit_and_a_clock_that_is_set() {
    for (why, used, then) in [
        ("set back by 50 years", NOW, NOW.before(YEAR * 50)),
        ("right again after 8,000 years", far(), NOW),
        ("at the end of time", Timestamp::new(Duration::MAX), NOW),
    ] {
        let gates = with_rate();
        while let Admission::Go(lease) = gates.admit(0, LIMIT, used) {
            drop(lease);
            if used == Timestamp::new(Duration::MAX) {
                break; // there is no later there
            }
        }
        for _ in 0..3 {
            if let Admission::Wait(wait, _) = gates.admit(0, LIMIT, then) {
                assert!(wait <= Duration::from_secs(60), "{why}: {wait:?}");
            }
        }
        let full = then.after(Duration::from_millis(400));
        assert!(matches!(gates.admit(0, LIMIT, full), Admission::Go(_)), "{why}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Clock {
    Goes(u32),
    Ahead(u64),
    Back(u64),
}

fn clock() -> impl Strategy<Value = Clock> {
    prop_oneof![
        6 => (0..3_000_u32).prop_map(Clock::Goes),
        1 => prop_oneof![Just(1_u64), 0..100_u64, any::<u64>()].prop_map(Clock::Ahead),
        1 => prop_oneof![Just(1_u64), 0..100_u64, any::<u64>()].prop_map(Clock::Back),
    ]
}

proptest! {
    #![proptest_config(cases())]

    /// Wherever the clock jumps and whatever happens to leases: no wait is longer than a minute, and a minute after the last
    /// jump something goes through.
    #[test]
    fn no_jump_jams_the_gates(
        script in prop::collection::vec((0..6_u8, clock()), 1..120), per_second in 0.1..20.0_f64, burst in 0..10_u32,
    ) {
        let rate = Some(RateSettings { per_second, burst });
        let gates = Gates::new(&GateSettings { rate, ..GateSettings::default() }).unwrap();
        let (mut now, mut kept) = (NOW, Vec::new());
        for (what, clock) in script {
            now = match clock {
                Clock::Goes(millis) => now.after(Duration::from_millis(millis.into())),
                Clock::Ahead(seconds) => now.after(Duration::from_secs(seconds)),
                Clock::Back(seconds) => now.before(Duration::from_secs(seconds)),
            };
            match gates.admit(0, Duration::MAX, now) {
                Admission::Go(lease) => match what {
                    0 => lease.success(now),
                    1 | 2 => lease.failure(now),
                    3 => drop(lease),
                    4 => kept.push(lease),
                    _ => std::mem::forget(lease),
                },
                Admission::Wait(wait, _) => prop_assert!(wait <= Duration::from_secs(60), "{:?}", wait),
                Admission::Refuse(_) => {}
            }
        }
        for lease in kept {
            lease.take_back();
        }
        // The clock is right again, and nobody had a send in between.
        let now = NOW.before(Duration::from_secs(1));
        let before = gates.admit(0, LIMIT, now);
        if let Admission::Wait(wait, _) = &before {
            prop_assert!(*wait <= Duration::from_secs(60), "{:?}", wait);
        }
        std::mem::forget(before);
        let later = now.after(Duration::from_secs(60));
        let passes = matches!(gates.admit(0, LIMIT, later), Admission::Go(_));
        prop_assert!(passes);
    }
}
