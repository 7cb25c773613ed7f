//! Many calls at once over threads: never more than allowed, each once, and what panics ends its own call alone.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use http_hook::blocking::{Body, from_fn};
use http_hook::fanout::Fanout;
use http_hook::options::Capabilities;
use http_hook::{Cause, Hook, RequestPlan, StopReason, TransportErrorKind};
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
