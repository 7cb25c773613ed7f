//! A leg that ends while its attempt is being kept has sent nothing, and costs nothing.

use std::convert::Infallible;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_hook::gates::{Budget, GateSettings, Gates, RateSettings};
use http_hook::observe::Event;
use http_hook::pages::{Pages, Paging};
use http_hook::poll::{Poll, Polling};
use http_hook::retry::FailureClass;
use http_hook::{
    Act, Attempt, Call, Error, ErrorKind, Hook, HttpHook, Leg, RequestPlan, Step, StopReason,
    Timestamp, blocking,
};
use http_hook_mock::{MockTransport, Reply};

use crate::support::connection;

const PRICE: u32 = 5;

/// What was paid and did not come back.
#[derive(Debug, Default)]
struct Owed(AtomicI64);

impl Budget for Owed {
    fn withdraw(&self, _: FailureClass, _: Timestamp) -> Option<u32> {
        self.0.fetch_add(PRICE.into(), Ordering::Relaxed);
        Some(PRICE)
    }

    fn deposit(&self, paid: u32, _: Timestamp) {
        self.0.fetch_sub(paid.into(), Ordering::Relaxed);
    }
}

/// How a leg ends while its attempt is being kept.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Fails,
    Panics,
    /// The future is dropped.
    Dropped,
}

fn keep(end: End) -> Result<(), &'static str> {
    if end == End::Panics {
        std::panic::resume_unwind(Box::new("the store panics"));
    }
    Err("the disk is full")
}

fn leg_of(
    server: &MockTransport,
    hook: &Hook,
    call: Call,
    by_async: bool,
    end: End,
) -> Vec<String> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let own = Arc::clone(&told);
    let observer = move |event: &Event<'_>| match event {
        Event::Dropped { sent } => own.lock().expect("a list").push(format!("dropped {sent:?}")),
        Event::GaveUp { failure } => {
            own.lock().expect("a list").push(format!("{:?} {}", failure.reason(), failure.sends()));
        }
        _ => {}
    };
    if by_async {
        let api =
            HttpHook::new(hook.clone(), server.clone(), server.clock()).with_observer(observer);
        let mut leg = Box::pin(api.leg(call, async |_: &Attempt| match end {
            End::Dropped => pending().await,
            end => keep(end),
        }));
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let _ = leg.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }));
    } else {
        let api = blocking::HttpHook::new(hook.clone(), server.clone(), server.clock())
            .with_observer(observer);
        let _ = catch_unwind(AssertUnwindSafe(|| drop(api.leg(call, |_: &Attempt| keep(end)))));
    }
    told.lock().expect("a list").clone()
}

#[test]
fn a_leg_that_ends_before_it_sends_costs_nothing() {
    let all = [(true, End::Fails), (true, End::Panics), (true, End::Dropped), (false, End::Fails)];
    for (by_async, end) in all.into_iter().chain([(false, End::Panics)]) {
        let owed = Arc::new(Owed::default());
        // One at once, and then none for a day.
        let rate = Some(RateSettings { per_second: 1.0 / 86_400.0, burst: 2 });
        let settings = GateSettings { rate, ..GateSettings::none() };
        let gates = Gates::with_budget(&settings, Arc::clone(&owed) as Arc<dyn Budget>);
        let hook = Hook::builder(&connection()).gates(gates.expect("gates")).build();
        let hook = hook.expect("a hook");
        let server = MockTransport::new([Reply::busy(2), Reply::status(200)]);
        let api = blocking::HttpHook::new(hook.clone(), server.clone(), server.clock());
        let first = api.leg(api.prepare(RequestPlan::get("a").retries(3)), |_: &Attempt| {
            Ok::<_, Infallible>(())
        });
        let Ok(Leg::Wait { stored, wait, .. }) = first else { panic!("{first:?}") };
        blocking::Clock::sleep(&server.clock(), wait);
        for _ in 0..3 {
            let call = api.resume(&stored).expect("a stored call");
            let told = leg_of(&server, &hook, call, by_async, end);
            let expected = match end {
                End::Fails => "NotStored 1".to_owned(),
                _ => "dropped Maybe".to_owned(),
            };
            assert_eq!(told, [expected], "async: {by_async}, {end:?}");
            assert_eq!(owed.0.load(Ordering::Relaxed), 0, "async: {by_async}, {end:?}: the price");
        }
        // The permit, too.
        let now = blocking::Clock::now(&server.clock());
        let step = Call::new(&hook, RequestPlan::get("b"), 7, now).step(&hook, now);
        assert!(matches!(step, Step::Send { .. }), "async: {by_async}, {end:?}: {step:?}");
        assert_eq!(server.received().len(), 1, "nothing was sent");
    }
}

/// Of a first attempt nothing was seen.
#[test]
fn a_leg_that_is_dropped_before_it_sends_was_not_seen() {
    let server = MockTransport::new([]);
    let hook = Hook::new(&connection()).expect("a hook");
    let call =
        || Call::new(&hook, RequestPlan::post("a"), 7, Timestamp::default().after(Duration::ZERO));
    for (by_async, end) in [(true, End::Dropped), (true, End::Panics), (false, End::Panics)] {
        let told = leg_of(&server, &hook, call(), by_async, end);
        assert_eq!(told, ["dropped No"], "async: {by_async}, {end:?}");
    }
}

/// Pages and polls are kept by drivers of the caller's own, which withdraw them as they do a call.
#[test]
fn pages_and_polls_that_are_withdrawn_cost_nothing() {
    let rate = Some(RateSettings { per_second: 1.0 / 86_400.0, burst: 1 });
    let gates = Gates::new(&GateSettings { rate, ..GateSettings::none() }).expect("gates");
    let hook = Hook::builder(&connection()).gates(gates).build().expect("a hook");
    let now = Timestamp::default();
    let unkept = || Error::new(ErrorKind::NotStorable, "the disk is full");
    let ends = |first: Act<Bytes>, then: Act<Bytes>| {
        assert!(matches!(first, Act::Send(..)), "{first:?}");
        let Act::Done(Err(failure)) = then else { panic!("it goes on: {then:?}") };
        assert_eq!((failure.reason(), failure.sends()), (StopReason::NotStored, 0));
    };
    for _ in 0..3 {
        let mut pages = Pages::new(&hook, RequestPlan::get("a"), Paging::link(), 7, now);
        ends(pages.woke(now), pages.withdraw(unkept()));
        let polling = Polling::operation(Duration::from_secs(9));
        let mut poll = Poll::new(&hook, RequestPlan::get("a"), polling, 7, now);
        ends(poll.woke(now), poll.withdraw(unkept()));
    }
    let step = Call::new(&hook, RequestPlan::get("b"), 7, now).step(&hook, now);
    assert!(matches!(step, Step::Send { .. }), "{step:?}");
}
