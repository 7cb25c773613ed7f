//! How far a fan-out is: whatever becomes of its calls, each is counted in one place.

use std::time::Duration;

use bytes::Bytes;
use http_hook::fanout::Fanout;
use http_hook::observe::Progress;
use http_hook::{Act, Call, HttpHook, RequestPlan, Run, Sent, TransportError, TransportErrorKind};
use http_hook_mock::{MockTransport, Reply};
use proptest::prelude::*;

use crate::invariants::series;
use crate::support::{NOW, response};

fn plans(from: u64, count: u64) -> impl Iterator<Item = RequestPlan> {
    (from..count).map(|id| RequestPlan::get(format!("orders/{id}")).retries(2))
}

fn places(progress: &Progress) -> [u64; 4] {
    [progress.passed(), progress.failed(), progress.under_way(), progress.waiting()]
}

proptest! {
    /// Counted is what was asked for and answered, at every moment, also from a store and after a sudden end.
    #[test]
    fn every_call_is_counted_where_it_is(
        count in 0_u64..20, limit in 1_usize..6, ends in prop::option::of(0_usize..60),
        choices in prop::collection::vec(any::<u8>(), 1..64),
    ) {
        let hook = series::hook();
        let mut choices = choices.iter().copied().cycle();
        let (mut now, mut steps, mut ended) = (NOW, 0, [0, 0]);
        let mut progress = Progress::default();
        let mut stored: Option<(String, u64)> = None;
        loop {
            let own = progress.clone();
            let calls = match stored.take() {
                None => Fanout::<_, Bytes>::new(&hook, plans(0, count), limit, 7),
                Some((text, from)) => {
                    Fanout::resume(&hook, &text, plans(from, count), now).expect("taken up")
                }
            };
            let mut calls = calls.observer(&own);
            let (mut sent, mut asleep) = (Vec::new(), Vec::new());
            while !calls.is_over() && ends.is_none_or(|end| steps < end) && stored.is_none() {
                steps += 1;
                match calls.next(now) {
                    Some((slot, Act::Send(..))) => sent.push(slot),
                    Some((slot, Act::Read(body, _))) => calls.read(slot, Ok(body), now),
                    Some((slot, Act::Sleep(_))) => asleep.push(slot),
                    Some((_, Act::Done(result))) => ended[usize::from(result.is_err())] += 1,
                    None => {
                        let (open, waiting) = (sent.len() + asleep.len(), asleep.len());
                        let expected = [ended[0], ended[1], open as u64, waiting as u64];
                        prop_assert_eq!(places(&own), expected);
                        let choice = usize::from(choices.next().unwrap_or_default());
                        if choice % 8 == 0 && steps < 200 {
                            let counts = serde_json::to_string(&own).expect("JSON");
                            progress = serde_json::from_str(&counts).expect("JSON");
                            stored = Some((calls.store().expect("a store"), calls.begun()));
                        } else if choice % 8 < 3 && !asleep.is_empty() || sent.is_empty() {
                            let slot = asleep.swap_remove(choice % asleep.len());
                            // Long enough for any wait.
                            now = now.after(Duration::from_secs(60));
                            calls.woke(slot, now);
                        } else {
                            let slot = sent.swap_remove(choice % sent.len());
                            let lost = TransportError::new(TransportErrorKind::Connect, Sent::No);
                            let answer = match choice % 5 {
                                0 => Ok(response(404, &[], "")),
                                1 => Err(lost),
                                _ => Ok(response(200, &[], "")),
                            };
                            calls.sent(slot, answer, || now);
                        }
                    }
                }
            }
            let is_over = calls.is_over();
            drop(calls);
            let [passed, failed, ..] = places(&own);
            prop_assert_eq!(places(&own), [passed, failed, 0, 0], "nothing is under way any more");
            if stored.is_none() {
                prop_assert!(!is_over || [passed, failed] == ended && passed + failed == count);
                break;
            }
        }
    }
}

/// Whatever a driver goes on to say of a call that is over: it ended once, and so it is told and counted.
#[test]
fn a_call_that_is_over_ends_no_second_time() {
    type After = fn(&mut Run<'_, Bytes>);
    let afters: [After; 4] = [
        |run| drop(run.woke(NOW)),
        |run| drop(run.sent(Ok(response(200, &[], "")), || NOW)),
        |run| drop(run.read(Ok(Bytes::new()), NOW)),
        |run| drop(run.withdraw(http_hook::Error::new(http_hook::ErrorKind::Check, "no"))),
    ];
    for status in [200, 404] {
        for after in afters {
            let (progress, hook) = (Progress::default(), series::hook());
            let plan = RequestPlan::get("orders/1");
            let call = Call::new(&hook, plan, 7, NOW);
            let mut run = Run::<Bytes>::new(&hook, call).observer(&progress);
            drop(run.woke(NOW));
            let Act::Read(body, _) = run.sent(Ok(response(status, &[], "")), || NOW) else {
                panic!("a body is read")
            };
            assert!(matches!(run.read(Ok(body), NOW), Act::Done(_)));
            let ended = [u64::from(status == 200), u64::from(status != 200), 0, 0];
            for _ in 0..2 {
                after(&mut run);
                assert_eq!(places(&progress), ended);
            }
            drop(run);
            assert_eq!(places(&progress), ended);
        }
    }
}

#[test]
fn calls_through_a_hook_are_counted_while_they_wait_and_when_they_are_given_up() {
    let progress = Progress::default();
    let server = MockTransport::new([Reply::status(200), Reply::status(503)]);
    let api = HttpHook::new(series::hook(), server.clone(), server.clock());
    let api = api.with_observer(progress.clone());
    let mut results = api.fan_out(plans(0, 1), 1);
    assert_eq!(places(&progress), [0, 0, 0, 0], "nothing has begun");
    assert!(pollster::block_on(results.next()).is_some());
    assert_eq!(places(&progress), [1, 0, 0, 0]);
    assert!(
        pollster::block_on(api.run(RequestPlan::get("a"))).is_err(),
        "one call is counted, too"
    );
    assert_eq!(places(&progress), [1, 1, 0, 0]);

    let hook = series::hook().for_client(http_hook_mock::everything("never"));
    let clock = http_hook_mock::VirtualClock::new();
    let api = HttpHook::new(hook, super::fanout::Never, clock).with_observer(progress.clone());
    let mut results = api.fan_out(plans(0, 9), 4);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::pin::pin!(results.next()).poll(&mut context).is_pending());
    assert_eq!(places(&progress), [1, 1, 4, 0]);
    drop(results);
    assert_eq!(places(&progress), [1, 1, 0, 0]);
}
