//! Many calls at once over threads: never more than allowed, each once, and what panics ends its own call alone.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use http_hook::blocking::{Body, Clock, from_fn};
use http_hook::fanout::Fanout;
use http_hook::observe::Event;
use http_hook::options::Capabilities;
use http_hook::retry::{Stop, Wait};
use http_hook::{
    Act, Cause, Connection, Hook, RequestPlan, RetryPolicy, StopReason, Timestamp,
    TransportErrorKind,
};
use http_hook_clock::{SystemClock, fan_out};

fn hook() -> Hook {
    Hook::to("https://api.example.com").expect("a hook")
}

fn plans(count: u64) -> impl Iterator<Item = RequestPlan> {
    (0..count).map(|id| RequestPlan::get(format!("orders/{id}")))
}

#[test]
fn no_more_at_once_than_allowed() {
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let server = from_fn(Capabilities::none("counts"), |_, _| {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(1));
        now.fetch_sub(1, Ordering::SeqCst);
        Ok(http::Response::new(Body::default()))
    });
    let mut slots = Vec::new();
    let calls = Fanout::new(&hook(), plans(100), 4, 7).in_order();
    let left = fan_out(calls, &server, &SystemClock::new(), 9, |slot, result| {
        result.expect("a response");
        slots.push(slot);
        ControlFlow::Continue(())
    });
    assert!(left.is_empty());
    assert_eq!(slots, (0..100).collect::<Vec<_>>());
    assert!((1..=4).contains(&most.load(Ordering::SeqCst)));
}

#[test]
fn breaking_off_tells_what_had_begun() {
    let server = from_fn(Capabilities::none("counts"), |_, _| {
        thread::sleep(Duration::from_millis(1));
        Ok(http::Response::new(Body::default()))
    });
    let mut seen = Vec::new();
    let calls = Fanout::new(&hook(), plans(1000), 3, 7);
    let left = fan_out(calls, &server, &SystemClock::new(), 3, |slot, _| {
        seen.push(slot);
        if seen.len() == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(seen.len(), 5);
    assert!(left.len() <= 3);
    for (slot, result) in left {
        assert!(!seen.contains(&slot), "{slot} ended already");
        // It was under way, or its result had not been taken.
        assert!(result.map_or_else(|failure| failure.reason() == StopReason::Cancelled, |_| true));
    }
}

#[test]
fn a_transport_that_panics_ends_its_own_call() {
    let server = from_fn(Capabilities::none("panics"), |request: http::Request<Body>, _| {
        assert!(!request.uri().path().ends_with('3'), "on purpose");
        Ok(http::Response::new(Body::default()))
    });
    let mut failed = Vec::new();
    let calls = Fanout::new(&hook(), plans(20), 2, 7);
    let left = fan_out(calls, &server, &SystemClock::new(), 2, |slot, result| {
        if let Err(failure) = result {
            assert_eq!(failure.reason(), StopReason::Rejected);
            let Cause::Transport(error) = failure.cause() else { panic!("{failure:?}") };
            assert_eq!(error.kind(), TransportErrorKind::Bug);
            failed.push(slot);
        }
        ControlFlow::Continue(())
    });
    failed.sort_unstable();
    assert!(left.is_empty());
    assert_eq!(failed, [3, 13]);
}

/// A hook that waits for so long before it sends again.
fn waiting(wait: Duration) -> Hook {
    let policy = RetryPolicy {
        wait: Wait::fixed(wait),
        stop: Stop::after_attempt(3),
        ..RetryPolicy::default()
    };
    let connection = Connection::new().with_host("https://api.example.com");
    Hook::builder(&connection).policy(policy).build().expect("a hook")
}

/// Answers that there is nothing now for `orders/0`, and all others well, when `go` says so.
fn busy(go: impl Fn() -> bool + Send + Sync) -> impl http_hook::blocking::Transport {
    from_fn(Capabilities::none("busy"), move |request: http::Request<Body>, _| {
        let is_busy = request.uri().path().ends_with('0');
        while !is_busy && !go() {
            thread::yield_now();
        }
        let status = if is_busy { 503 } else { 200 };
        Ok(http::Response::builder().status(status).body(Body::default()).expect("a response"))
    })
}

/// A clock that notes what it is asked for, and goes on by that.
#[derive(Default)]
struct Noted(Mutex<Vec<Duration>>);

impl Clock for Noted {
    fn now(&self) -> Timestamp {
        let slept = self.0.lock().unwrap().iter().sum();
        Timestamp::new(Duration::from_secs(1_800_000_000)).after(slept)
    }

    fn sleep(&self, wait: Duration) {
        self.0.lock().unwrap().push(wait);
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn nobody_waits_for_who_sleeps_when_all_is_over() {
    let (long, piece) = (Duration::from_secs(20), Duration::from_millis(100));
    for throws in [false, true] {
        let clock = Noted::default();
        let calls = Fanout::new(&waiting(long), plans(2), 2, 7);
        let server = busy(|| !clock.0.lock().unwrap().is_empty());
        let ended = catch_unwind(AssertUnwindSafe(|| {
            fan_out(calls, &server, &clock, 2, |slot, _| {
                assert_eq!(slot, 1, "the other one waits");
                assert!(!throws, "on purpose");
                ControlFlow::Break(())
            })
        }));
        drop(server);
        assert_eq!(ended.is_err(), throws);
        let slept = clock.0.into_inner().unwrap();
        assert!(slept.iter().all(|wait| *wait <= piece), "{slept:?}");
        assert!(slept.iter().sum::<Duration>() < long, "what is over was waited for");
    }
    // All of a wait is slept that nobody ends.
    let (clock, wait) = (Noted::default(), Duration::from_millis(250));
    let calls = Fanout::new(&waiting(wait), plans(1), 1, 7);
    fan_out(calls, &busy(|| true), &clock, 1, |_, _| ControlFlow::Continue(()));
    assert_eq!(clock.0.into_inner().unwrap().iter().sum::<Duration>(), 2 * wait);
}

/// A body that takes its time to end.
struct Slow;

impl Read for Slow {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_millis(20));
        Ok(0)
    }
}

#[test]
fn what_has_not_begun_is_not_sent_when_all_is_over() {
    let (late, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let server = from_fn(Capabilities::none("counts"), |_, _| {
        late.fetch_add(usize::from(is_over.load(Ordering::SeqCst)), Ordering::SeqCst);
        Ok(http::Response::new(Body::reader(None, Slow)))
    });
    // Of eight bodies three are read when all is over; behind the other five stand two further sends.
    let calls = Fanout::new(&hook(), plans(20), 8, 7);
    let mut count = 0;
    let left = fan_out(calls, &server, &SystemClock::new(), 1, |_, _| {
        count += 1;
        is_over.store(count == 3, Ordering::SeqCst);
        if count == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(left.len(), 7);
    assert_eq!(late.load(Ordering::SeqCst), 0);
}

#[test]
fn a_clock_that_panics_ends_the_fan_out() {
    struct Broken;
    impl Clock for Broken {
        fn now(&self) -> Timestamp {
            Timestamp::new(Duration::from_secs(1_800_000_000))
        }
        fn sleep(&self, _: Duration) {
            panic!("on purpose");
        }
    }
    for threads in [1, 2] {
        let (tells, hears) = channel();
        thread::spawn(move || {
            let calls = Fanout::new(&waiting(Duration::from_secs(1)), plans(2), 2, 7);
            let all = AssertUnwindSafe(|| {
                fan_out(calls, &busy(|| true), &Broken, threads, |_, _| ControlFlow::Continue(()))
            });
            tells.send(catch_unwind(all).is_err())
        });
        let is_told = hears.recv_timeout(Duration::from_secs(10));
        assert_eq!(is_told, Ok(true), "{threads} threads");
    }
}

#[test]
fn a_source_of_plans_that_panics_ends_with_an_error() {
    let server =
        from_fn(Capabilities::none("server"), |_, _| Ok(http::Response::new(Body::default())));
    for threads in [1, 4] {
        let source = plans(9).enumerate().map(|(number, plan)| {
            assert!(number < 5, "on purpose");
            plan
        });
        let calls = Fanout::new(&hook(), source, 4, 7);
        let (mut passed, mut failed) = (0, Vec::new());
        let left = fan_out(calls, &server, &SystemClock::new(), threads, |slot, result| {
            match result {
                Ok(_) => passed += 1,
                Err(failure) => failed.push((slot, failure.cause().to_string())),
            }
            ControlFlow::Continue(())
        });
        assert!(left.is_empty());
        assert_eq!(passed, 5);
        let says = "fan-out: code in the source of the plans panicked";
        assert_eq!(failed, [(5, says.to_owned())]);
    }
}

/// What a fan-out tells: how many sends were under way at each.
#[derive(Default)]
struct UnderWay(Mutex<(usize, Vec<usize>)>);

impl UnderWay {
    fn tell(&self, event: &Event<'_>) {
        let (under_way, trace) = &mut *self.0.lock().unwrap();
        match event {
            Event::Send { .. } => {
                *under_way += 1;
                trace.push(*under_way);
            }
            Event::Answer { .. } => *under_way -= 1,
            _ => {}
        }
    }
}

/// What is refused: each 97th.
fn status(path: &str) -> u16 {
    let id: u64 = path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("a number");
    if id % 97 == 96 { 503 } else { 200 }
}

fn answer(request: &http::Request<Body>) -> http::Response<Body> {
    let status = status(request.uri().path());
    http::Response::builder().status(status).body(Body::default()).expect("a response")
}

#[test]
fn an_adaptive_one_decides_as_one_by_hand() {
    let (hook, count) = (hook(), 2_000);
    let (by_hand, over_threads) = (UnderWay::default(), UnderWay::default());

    // In the order in which it is asked for, as one thread does it.
    let watch = |event: &Event<'_>| by_hand.tell(event);
    let mut calls = Fanout::new(&hook, plans(count), 50, 7).observer(&watch).adaptive();
    let (mut asked, now) = (VecDeque::new(), Noted::default().now());
    while !calls.is_over() {
        match calls.next(now) {
            Some((_, Act::Done(_))) => {}
            Some(act) => asked.push_back(act),
            None => match asked.pop_front().expect("something is asked for") {
                (slot, Act::Send(request, _)) => calls.sent(slot, Ok(answer(&request)), || now),
                (slot, Act::Read(body, limit)) => {
                    calls.read(slot, body.read_up_to(limit), now);
                }
                (slot, act) => panic!("{slot}: {act:?}"),
            },
        }
    }

    let watch = |event: &Event<'_>| over_threads.tell(event);
    let calls = Fanout::new(&hook, plans(count), 50, 7).observer(&watch).adaptive();
    let server = from_fn(Capabilities::none("server"), |request, _| Ok(answer(&request)));
    fan_out(calls, &server, &Noted::default(), 1, |_, _| ControlFlow::Continue(()));

    let trace = |of: &UnderWay| of.0.lock().unwrap().1.clone();
    let (by_hand, over_threads) = (trace(&by_hand), trace(&over_threads));
    assert_eq!(by_hand.len(), 2_000);
    assert!(by_hand.iter().any(|under_way| *under_way > 20), "{by_hand:?}");
    assert_eq!(by_hand, over_threads);
}
