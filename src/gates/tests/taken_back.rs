//! A send that turns out to be none gives back what of its permit has not grown back meanwhile, and no more.

use std::time::Duration;

use crate::gates::rate::{Rate, Taken};
use crate::gates::{GateSettings, Gates, RateSettings};
use crate::{Attempt, Call, Connection, Error, ErrorKind, Hook, RequestPlan, Step, Timestamp};
use proptest::prelude::*;

use super::{NOW, cases};

const SECOND: Duration = Duration::from_secs(1);

fn hook(burst: u32) -> Hook {
    let rate = Some(RateSettings { per_second: 0.25, burst });
    let gates = Gates::new(&GateSettings { rate, ..GateSettings::none() });
    let connection = Connection::new().with_host("https://api.example.com");
    Hook::builder(&connection).gates(gates.unwrap()).build().unwrap()
}

fn step(hook: &Hook, seconds: u32) -> Step {
    let now = NOW.after(seconds * SECOND);
    Call::new(hook, RequestPlan::get("a"), 7, now).step(hook, now)
}

fn attempt(hook: &Hook, seconds: u32) -> Attempt {
    match step(hook, seconds) {
        Step::Send { attempt, .. } => attempt,
        other => panic!("nothing is sent: {other:?}"),
    }
}

fn withdraw(attempt: Attempt, hook: &Hook) {
    let error = Error::new(ErrorKind::NotStorable, "the disk is full");
    drop(attempt.withdraw(hook, error));
}

fn waits(hook: &Hook, seconds: u32) -> Duration {
    match step(hook, seconds) {
        Step::Wait { wait, .. } => wait,
        _ => Duration::ZERO,
    }
}

#[test]
fn what_has_grown_back_is_not_given_back() {
    // How many at once, when others send while a store fails, how long the next one waits at the end of that: a send each 4 s.
    let rows: [(u32, &[u32], u32, u32); 6] = [
        (1, &[], 1, 0),
        (1, &[4], 5, 3),
        (1, &[10], 11, 3),
        (2, &[1], 2, 0),
        (2, &[2, 6], 7, 1),
        (3, &[0, 0], 0, 0),
    ];
    for (burst, others, then, wait) in rows {
        let hook = hook(burst);
        let slow = attempt(&hook, 0);
        for &at in others {
            let _ = attempt(&hook, at);
        }
        withdraw(slow, &hook);
        assert_eq!(waits(&hook, then), wait * SECOND, "{burst} at once, others at {others:?}");
    }
}

/// What was sent, and whether it was none.
type Sent = (Duration, bool);

/// The rate limit as its definition has it: when the bucket will be full, after those sends that were.
fn full_at(interval: Duration, sends: &[Sent]) -> Timestamp {
    sends
        .iter()
        .filter(|(_, none)| !none)
        .fold(Timestamp::default(), |full, (at, _)| full.max(NOW.after(*at)).after(interval))
}

proptest! {
    #![proptest_config(cases())]

    /// However sends come and turn out to be none, nobody sends before it could without those, nor later by more than went by
    /// until each was known to be none.
    #[test]
    fn what_is_taken_back_lets_nobody_send_early(
        script in prop::collection::vec((0..4_u8, 0..6_000_u64, any::<prop::sample::Index>()), 1..40), burst in 1..6_u32,
    ) {
        let rate = Rate::new(RateSettings { per_second: 0.5, burst });
        let (interval, mut now, mut late) = (2 * SECOND, Duration::ZERO, Duration::ZERO);
        let (mut sends, mut open): (Vec<Sent>, Vec<(usize, Taken)>) = (Vec::new(), Vec::new());
        for (what, millis, which) in script {
            now += Duration::from_millis(millis) / [1, 1, 10, 100][usize::from(what)];
            if what % 2 == 0 || open.is_empty() {
                if rate.wait(None, NOW.after(now)).is_none() {
                    open.push((sends.len(), rate.take(NOW.after(now))));
                    sends.push((now, false));
                }
            } else {
                let (number, taken) = open.remove(which.index(open.len()));
                sends[number].1 = true;
                late += now.saturating_sub(sends[number].0).min(interval);
                rate.take_back(taken);
            }
            let (own, least) = (rate.full_at(), full_at(interval, &sends).max(NOW.after(now)));
            prop_assert!(own.max(NOW.after(now)) >= least, "early: {:?}", sends);
            prop_assert!(own <= least.after(late), "late: {:?}", sends);
        }
    }
}
