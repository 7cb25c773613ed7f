//! Turns at the rate limit: one that waits and never sends holds nobody up.

use std::time::Duration;

use http::Method;
use http_hook::gates::{GateSettings, Gates, RateSettings};
use http_hook::{
    Attempt, Call, Connection, Error, ErrorKind, Hook, RequestPlan, Step, StopReason, Timestamp,
    WaitReason,
};
use proptest::prelude::*;

use crate::cases::cases;
use crate::support::{NOW, response};

const SECOND: Duration = Duration::from_secs(1);

fn hook(per_second: f64, burst: u32) -> Hook {
    let rate = Some(RateSettings { per_second, burst });
    let gates = Gates::new(&GateSettings { rate, ..GateSettings::none() }).unwrap();
    let connection = Connection::new().with_host("https://api.example.com");
    Hook::builder(&connection).gates(gates).build().unwrap()
}

fn begin(hook: &Hook, plan: RequestPlan, now: Timestamp) -> Step {
    Call::new(hook, plan, 7, now).step(hook, now)
}

fn attempt(step: Step) -> Attempt {
    match step {
        Step::Send { attempt, .. } => attempt,
        other => panic!("nothing is sent: {other:?}"),
    }
}

fn waiting(step: Step) -> (Call, Duration) {
    match step {
        Step::Wait { call, wait, reason: WaitReason::RateLimit } => (call, wait),
        other => panic!("it does not wait: {other:?}"),
    }
}

/// The wait of one that comes now.
fn next(hook: &Hook, now: Timestamp) -> Duration {
    match begin(hook, RequestPlan::get("a"), now) {
        Step::Send { .. } => Duration::ZERO,
        Step::Wait { wait, .. } => wait,
        Step::Done(result) => panic!("{result:?}"),
    }
}

/// What becomes of a call that is not to be sent.
type Fate = (&'static str, fn(&Hook));

const NEVER_SENT: [Fate; 8] = [
    ("dropped", |hook| drop(waiting(begin(hook, RequestPlan::get("a"), NOW)))),
    ("dropped after an early step", |hook| {
        drop(waiting(begin(hook, RequestPlan::get("a"), NOW)).0.step(hook, NOW));
    }),
    ("cancelled", |hook| {
        let (call, _) = waiting(begin(hook, RequestPlan::get("a"), NOW));
        assert_eq!(call.cancel(hook).reason(), StopReason::Cancelled);
    }),
    ("stored", |hook| {
        let (call, _) = waiting(begin(hook, RequestPlan::get("a"), NOW));
        assert!(call.store(hook).is_ok());
    }),
    ("too late at once", |hook| {
        let plan = RequestPlan::get("a").deadline(SECOND / 2);
        let Step::Done(Err(failure)) = begin(hook, plan, NOW) else { panic!("it goes on") };
        assert_eq!(failure.reason(), StopReason::RateLimit);
    }),
    ("too late", |hook| {
        let plan = RequestPlan::get("a").deadline(300 * SECOND);
        let (call, _) = waiting(begin(hook, plan, NOW));
        let Step::Done(Err(failure)) = call.step(hook, NOW.after(300 * SECOND)) else { panic!() };
        assert_eq!(failure.reason(), StopReason::Deadline);
    }),
    ("taken up, and dropped", |hook| {
        let (call, _) = waiting(begin(hook, RequestPlan::get("a"), NOW));
        let text = call.store(hook).unwrap();
        drop(call);
        drop(Call::resume(hook, &text, NOW).unwrap().step(hook, NOW));
    }),
    ("told twice, and dropped", |hook| {
        let (call, wait) = waiting(begin(hook, RequestPlan::get("a"), NOW));
        // Another one is faster.
        let now = NOW.after(wait);
        let _ = begin(hook, RequestPlan::get("a"), now);
        drop(call.step(hook, now));
    }),
];

#[test]
fn one_that_waits_and_never_sends_holds_nobody_up() {
    for (why, fate) in &NEVER_SENT[..7] {
        for times in [1, 30, 200] {
            let hook = hook(1.0, 1);
            let _ = attempt(begin(&hook, RequestPlan::get("a"), NOW));
            for _ in 0..times {
                fate(&hook);
            }
            assert_eq!(next(&hook, NOW), SECOND, "{why}, {times} times");
            let plan = RequestPlan::get("a").deadline(30 * SECOND);
            let (call, wait) = waiting(begin(&hook, plan, NOW));
            assert_eq!(wait, SECOND, "{why}, {times} times");
            let _ = attempt(call.step(&hook, NOW.after(wait)));
        }
    }
    let (why, fate) = NEVER_SENT[7];
    let hook = hook(1.0, 1);
    let _ = attempt(begin(&hook, RequestPlan::get("a"), NOW));
    fate(&hook);
    assert_eq!(next(&hook, NOW.after(SECOND)), SECOND, "{why}");
}

#[test]
fn a_turn_that_is_given_back_is_the_next_one_s() {
    let hook = hook(1.0, 1);
    let _ = attempt(begin(&hook, RequestPlan::get("a"), NOW));
    let mut line: Vec<_> =
        (0..5).map(|_| waiting(begin(&hook, RequestPlan::get("a"), NOW))).collect();
    let told: Vec<_> = line.iter().map(|(_, wait)| wait.as_secs()).collect();
    assert_eq!(told, [1, 2, 3, 4, 5]);
    drop(line.remove(2));
    drop(line.remove(0));
    let told: Vec<_> = (0..3)
        .map(|_| {
            line.push(waiting(begin(&hook, RequestPlan::get("a"), NOW)));
            line.last().unwrap().1.as_secs()
        })
        .collect();
    assert_eq!(told, [1, 3, 6], "the others keep theirs");
}

type Row<'a> = (&'static str, Box<dyn Fn(&Hook) + 'a>);

/// What takes room at the rate limit and turns out to be no request.
#[test]
fn what_is_not_sent_takes_no_room() {
    let big = "x".repeat(300_000);
    let purge = || RequestPlan::new(Method::from_bytes(b"PURGE").unwrap(), "a");
    let rows: [Row<'_>; 3] = [
        (
            "the client cannot",
            Box::new(|hook| {
                let Step::Done(Err(failure)) = begin(hook, purge(), NOW) else { panic!() };
                assert_eq!(failure.reason(), StopReason::Invalid);
            }),
        ),
        (
            "no room for its headers",
            Box::new(|hook| {
                let plan = RequestPlan::get("a").header("x-big", &big);
                let Step::Done(Err(failure)) = begin(hook, plan, NOW) else { panic!() };
                assert_eq!(failure.reason(), StopReason::Invalid);
            }),
        ),
        (
            "not kept before it was sent",
            Box::new(|hook| {
                let error = Error::new(ErrorKind::NotStorable, "the disk is full");
                let attempt = attempt(begin(hook, RequestPlan::get("a"), NOW));
                assert_eq!(attempt.withdraw(hook, error).reason(), StopReason::NotStored);
            }),
        ),
    ];
    for (why, never) in rows {
        let hook = hook(1.0, 2);
        for _ in 0..30 {
            never(&hook);
        }
        for expected in [Duration::ZERO, Duration::ZERO, SECOND] {
            assert_eq!(next(&hook, NOW), expected, "{why}");
        }
    }
}

#[test]
fn what_was_sent_takes_room_however_it_ends() {
    type End = (&'static str, fn(Attempt, &Hook));
    let ends: [End; 3] = [
        ("dropped", |attempt, _| drop(attempt)),
        ("cancelled", |attempt, hook| drop(attempt.cancel(hook))),
        ("answered", |attempt, hook| {
            drop(attempt.finish(hook, Ok(response(200, &[], "")), NOW));
        }),
    ];
    for (why, end) in ends {
        let hook = hook(1.0, 1);
        end(attempt(begin(&hook, RequestPlan::get("a"), NOW)), &hook);
        assert_eq!(next(&hook, NOW), SECOND, "{why}");
    }
}

proptest! {
    #![proptest_config(cases())]

    /// Whoever waits, vanishes or sends: a new one is told no more than its place among those who still wait, and no more
    /// is sent than the limit lets through.
    #[test]
    fn nobody_waits_for_those_who_are_gone(moves in prop::collection::vec((0..4_u8, any::<prop::sample::Index>(), 0..1_500_u64), 1..60)) {
        let (hook, mut now, mut line, mut sent) = (hook(1.0, 1), NOW, Vec::<Call>::new(), Vec::new());
        for (what, which, millis) in moves {
            match what {
                0 | 1 => match begin(&hook, RequestPlan::get("a"), now) {
                    Step::Send { .. } => sent.push(now),
                    Step::Wait { call, wait, .. } => {
                        let ahead = u32::try_from(line.len()).unwrap();
                        // One that was late for its turn leaves less than a whole one behind.
                        prop_assert!(wait < SECOND * (ahead + 2), "{:?} behind {}", wait, ahead);
                        line.push(call);
                    }
                    Step::Done(_) => unreachable!(),
                },
                2 if !line.is_empty() => drop(line.swap_remove(which.index(line.len()))),
                _ => {
                    now = now.after(Duration::from_millis(millis));
                    line.sort_by_key(Call::due);
                    for call in std::mem::take(&mut line) {
                        match call.step(&hook, now) {
                            Step::Send { .. } => sent.push(now),
                            Step::Wait { call, .. } => line.push(call),
                            Step::Done(_) => unreachable!(),
                        }
                    }
                }
            }
        }
        for pair in sent.windows(2) {
            prop_assert!(pair[1].since(pair[0]) >= SECOND, "{:?}", sent);
        }
    }
}
