//! The real clock goes forward, sleeps long enough, and survives waits that no timer can take.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use http_hook::blocking;
use http_hook::transport::Clock;
use http_hook_clock::SystemClock;

const WAIT: Duration = Duration::from_millis(20);

#[test]
fn starts_at_the_wall_clock() {
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let now = Clock::now(&SystemClock::new()).since_epoch();
    assert!(now.abs_diff(wall) < Duration::from_secs(60), "{now:?} is not {wall:?}");
}

#[test]
fn sleeps_at_least_as_long_as_asked() {
    let clock = SystemClock::new();
    let start = blocking::Clock::now(&clock);
    blocking::Clock::sleep(&clock, WAIT);
    let woken = blocking::Clock::now(&clock);
    assert!(woken.since(start) >= WAIT, "blocking");
    pollster::block_on(Clock::sleep(&clock, WAIT));
    assert!(Clock::now(&clock).since(woken) >= WAIT, "async");
}

#[test]
fn no_wait_is_too_long_for_the_timer() {
    let clock = SystemClock::new();
    let mut sleep = pin!(Clock::sleep(&clock, Duration::MAX));
    let poll = sleep.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(poll, Poll::Pending);
}
