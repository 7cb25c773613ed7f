//! A retry that was paid for and is never sent gives its price back, however its call ends.

use std::sync::Arc;
use std::time::Duration;

use crate::auth::{AuthScheme, OAuth2};
use crate::gates::{Admission, Bucket, BucketSettings, Budget, GateSettings, Gates, RateSettings};
use crate::retry::{FailureClass, Wait};
use crate::transport::TimeoutPhase;
use crate::{
    Attempt, Call, Cause, Connection, Error, ErrorKind, Failure, Hook, RequestPlan, RetryPolicy,
    Secret, Sent, Step, StopReason, Timestamp, TransportError, TransportErrorKind,
};

use super::{NOW, response};

const SECOND: Duration = Duration::from_secs(1);
const CAPACITY: u32 = 20;
/// The price of a retry, and another one for those after a time limit.
const PRICE: u32 = 5;
const LATE: u32 = 7;

fn hook_of(bucket: &Arc<Bucket>, settings: &GateSettings) -> (Hook, Gates) {
    let gates = Gates::with_budget(settings, Arc::clone(bucket) as Arc<dyn Budget>).unwrap();
    let connection = Connection::new().with_host("https://api.example.com");
    (Hook::builder(&connection).gates(gates.clone()).build().unwrap(), gates)
}

fn full() -> Arc<Bucket> {
    let settings = BucketSettings {
        capacity: CAPACITY,
        cost: PRICE,
        timeout_cost: LATE,
        ..BucketSettings::default()
    };
    Arc::new(Bucket::new(settings))
}

fn plan() -> RequestPlan {
    RequestPlan::get("a").retry(RetryPolicy { wait: Wait::fixed(SECOND), ..RetryPolicy::default() })
}

fn attempt(step: Step) -> Attempt {
    match step {
        Step::Send { attempt, .. } => attempt,
        other => panic!("nothing is sent: {other:?}"),
    }
}

fn call(step: Step) -> Call {
    match step {
        Step::Wait { call, .. } => call,
        other => panic!("nobody waits: {other:?}"),
    }
}

fn failure(step: Step) -> Failure {
    match step {
        Step::Done(Err(failure)) => failure,
        other => panic!("it goes on: {other:?}"),
    }
}

fn busy(attempt: Attempt, hook: &Hook, now: Timestamp) -> Step {
    attempt.finish(hook, Ok(response(503, &[], "")), now)
}

/// A call that waits for its second attempt, which it has paid for.
fn waiting(hook: &Hook, plan: RequestPlan) -> Call {
    call(busy(attempt(Call::new(hook, plan, 7, NOW).step(hook, NOW)), hook, NOW))
}

/// What becomes of a call that waits: why, and how.
type Fate = (&'static str, fn(Call, &Hook, &Gates));

const NEVER_SENT: [Fate; 7] = [
    ("dropped", |call, _, _| drop(call)),
    ("dropped after an early step", |call, hook, _| drop(call.step(hook, NOW))),
    ("cancelled", |call, hook, _| {
        assert_eq!(call.cancel(hook).reason(), StopReason::Cancelled);
    }),
    ("too late", |call, hook, _| {
        let late = call.step(hook, NOW.after(60 * SECOND));
        assert_eq!(failure(late).reason(), StopReason::Deadline);
    }),
    ("the breaker has opened", |call, hook, gates| {
        while let Admission::Go(lease) = gates.admit(0, SECOND, NOW) {
            lease.failure(NOW);
        }
        assert_eq!(failure(call.step(hook, NOW.after(SECOND))).reason(), StopReason::Breaker);
    }),
    ("not kept before it was sent", |call, hook, _| {
        let attempt = attempt(call.step(hook, NOW.after(SECOND)));
        let error = Error::new(ErrorKind::NotStorable, "the disk is full");
        assert_eq!(attempt.withdraw(hook, error).reason(), StopReason::NotStored);
    }),
    ("stored", |call, hook, _| {
        assert!(call.store(hook).is_ok());
    }),
];

#[test]
fn what_is_never_sent_costs_nothing() {
    for (why, fate) in NEVER_SENT {
        let bucket = full();
        let (hook, gates) = hook_of(&bucket, &GateSettings::default());
        for _ in 0..3 {
            let call = waiting(&hook, plan().deadline(30 * SECOND));
            assert_eq!(bucket.tokens(), CAPACITY - PRICE, "{why}: it has paid");
            fate(call, &hook, &gates);
            assert_eq!(bucket.tokens(), CAPACITY, "{why}");
            if why.starts_with("the breaker") {
                break;
            }
        }
    }
}

#[test]
fn no_room_before_the_deadline_costs_nothing() {
    let bucket = full();
    let rate = Some(RateSettings { per_second: 0.1, burst: 1 });
    let (hook, _) = hook_of(&bucket, &GateSettings { rate, ..GateSettings::none() });
    let call = waiting(&hook, plan().deadline(5 * SECOND));
    assert_eq!(failure(call.step(&hook, NOW.after(SECOND))).reason(), StopReason::RateLimit);
    assert_eq!(bucket.tokens(), CAPACITY);
}

/// Why, what becomes of an attempt under way, and what is left then.
type Ending = (&'static str, fn(Attempt, &Hook), u32);

#[test]
fn what_is_sent_is_paid() {
    let rows: [Ending; 4] = [
        ("dropped under way", |attempt, _| drop(attempt), CAPACITY - PRICE),
        ("cancelled under way", |attempt, hook| drop(attempt.cancel(hook)), CAPACITY - PRICE),
        (
            "it fails as well, and is given up",
            |attempt, hook| drop(busy(attempt, hook, NOW.after(SECOND))),
            CAPACITY - PRICE,
        ),
        (
            "it succeeds",
            |attempt, hook| {
                drop(attempt.finish(hook, Ok(response(200, &[], "")), NOW.after(SECOND)));
            },
            CAPACITY,
        ),
    ];
    for (why, fate, left) in rows {
        let bucket = full();
        let (hook, _) = hook_of(&bucket, &GateSettings::none());
        let attempt = attempt(waiting(&hook, plan()).step(&hook, NOW.after(SECOND)));
        assert_eq!(bucket.tokens(), CAPACITY - PRICE, "{why}");
        fate(attempt, &hook);
        assert_eq!(bucket.tokens(), left, "{why}");
    }
}

#[test]
fn each_price_goes_back_as_it_was() {
    let bucket = full();
    let (hook, _) = hook_of(&bucket, &GateSettings::none());
    let first = attempt(Call::new(&hook, plan(), 7, NOW).step(&hook, NOW));
    let late = TransportErrorKind::Timeout(TimeoutPhase::Head);
    let step = first.finish(&hook, Err(TransportError::new(late, Sent::Maybe)), NOW);
    assert_eq!(bucket.tokens(), CAPACITY - LATE);
    let second = attempt(call(step).step(&hook, NOW.after(SECOND)));
    let third = call(busy(second, &hook, NOW.after(SECOND)));
    assert_eq!(bucket.tokens(), CAPACITY - LATE - PRICE);
    drop(third);
    assert_eq!(bucket.tokens(), CAPACITY - LATE, "the one that was sent is paid");
}

#[test]
fn a_call_that_is_taken_up_pays_itself() {
    let bucket = full();
    let (hook, _) = hook_of(&bucket, &GateSettings::none());
    let call = waiting(&hook, plan());
    let text = call.store(&hook).unwrap();
    drop(call);
    assert_eq!(bucket.tokens(), CAPACITY);
    let resume = || Call::resume(&hook, &text, NOW).unwrap();
    drop(resume());
    assert_eq!(bucket.tokens(), CAPACITY, "nothing was sent yet");
    let attempt = attempt(resume().step(&hook, NOW.after(SECOND)));
    assert_eq!(bucket.tokens(), CAPACITY - PRICE);
    let step = attempt.finish(&hook, Ok(response(200, &[], "")), NOW.after(SECOND));
    assert!(matches!(step, Step::Done(Ok(_))));
    assert_eq!(bucket.tokens(), CAPACITY, "the success gives it back");

    while bucket.withdraw(FailureClass::Error, NOW).is_some() {}
    let failure = failure(resume().step(&hook, NOW.after(SECOND)));
    assert_eq!(failure.reason(), StopReason::Budget);
    // The attempt before it was.
    assert_eq!(failure.cause().to_string(), "the retry budget is empty: nothing more was sent");
    assert!(matches!(failure.cause(), Cause::Request(error) if error.kind() == ErrorKind::Gate));
}

#[test]
fn a_call_that_was_stored_under_way_pays_once() {
    let bucket = full();
    let (hook, _) = hook_of(&bucket, &GateSettings::none());
    let first = attempt(Call::new(&hook, plan(), 7, NOW).step(&hook, NOW));
    let text = first.store(&hook).unwrap();
    drop(first);
    let waits = call(Call::resume(&hook, &text, NOW).unwrap().step(&hook, NOW));
    assert_eq!(bucket.tokens(), CAPACITY - PRICE);
    drop(attempt(waits.step(&hook, NOW.after(SECOND))));
    assert_eq!(bucket.tokens(), CAPACITY - PRICE);
}

/// Its token is fetched, which is a part of the retry, and then it waits for the rate limit.
#[test]
fn a_retry_that_is_stored_behind_its_token_pays_once() {
    let bucket = full();
    let rate = Some(RateSettings { per_second: 0.1, burst: 1 });
    let settings = GateSettings { rate, ..GateSettings::none() };
    let gates = Gates::with_budget(&settings, Arc::clone(&bucket) as Arc<dyn Budget>).unwrap();
    let own =
        OAuth2::client_credentials("https://id.example.com/token", "app", Secret::new("hidden"));
    let connection = Connection::new().with_host("https://api.example.com");
    let hook = Hook::builder(&connection).gates(gates).auth(AuthScheme::OAuth2(Box::new(own)));
    let hook = hook.build().unwrap();
    let token = |attempt: Attempt, now| {
        let body = r#"{"access_token": "T1", "token_type": "bearer"}"#;
        attempt.finish(&hook, Ok(response(200, &[], body)), now)
    };
    let plan = RequestPlan::get("a")
        .retry(RetryPolicy { wait: Wait::fixed(SECOND), ..RetryPolicy::default() });
    let first = attempt(Call::new(&hook, plan, 7, NOW).step(&hook, NOW));
    let refused = attempt(token(first, NOW)).finish(&hook, Ok(response(401, &[], "")), NOW);
    let mut waits = call(busy(attempt(refused), &hook, NOW));
    let mut now = NOW.after(SECOND);
    waits = call(token(attempt(waits.step(&hook, now)), now));
    assert_eq!(bucket.tokens(), CAPACITY - PRICE, "the retry");
    for _ in 0..3 {
        let text = waits.store(&hook).unwrap();
        drop(waits);
        now = now.after(SECOND);
        waits = call(Call::resume(&hook, &text, now).unwrap().step(&hook, now));
        assert_eq!(bucket.tokens(), CAPACITY - PRICE, "no more than in one process");
    }
    let now = NOW.after(10 * SECOND);
    let last = attempt(waits.step(&hook, now));
    assert_eq!((last.number(), bucket.tokens()), (2, CAPACITY - PRICE));
    let _next = call(busy(last, &hook, now));
    assert_eq!(bucket.tokens(), CAPACITY - 2 * PRICE, "the next retry is another one");
}

#[test]
fn a_first_attempt_pays_nothing_when_it_is_taken_up() {
    let bucket = full();
    let rate = Some(RateSettings { per_second: 1.0, burst: 1 });
    let (hook, _) = hook_of(&bucket, &GateSettings { rate, ..GateSettings::none() });
    drop(attempt(Call::new(&hook, plan(), 7, NOW).step(&hook, NOW)));
    let waits = call(Call::new(&hook, plan(), 7, NOW).step(&hook, NOW));
    let text = waits.store(&hook).unwrap();
    drop(waits);
    drop(attempt(Call::resume(&hook, &text, NOW).unwrap().step(&hook, NOW.after(2 * SECOND))));
    assert_eq!(bucket.tokens(), CAPACITY);
}

#[test]
fn a_price_of_nothing_is_not_given_back() {
    #[derive(Debug, Default)]
    struct Free(std::sync::atomic::AtomicU32);
    impl Budget for Free {
        fn withdraw(&self, _: FailureClass, _: Timestamp) -> Option<u32> {
            Some(0)
        }
        fn deposit(&self, _: u32, _: Timestamp) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
    let free = Arc::new(Free::default());
    let gates = Gates::with_budget(&GateSettings::none(), Arc::clone(&free) as Arc<dyn Budget>);
    let connection = Connection::new().with_host("https://api.example.com");
    let hook = Hook::builder(&connection).gates(gates.unwrap()).build().unwrap();
    drop(waiting(&hook, plan()));
    assert_eq!(free.0.load(std::sync::atomic::Ordering::Relaxed), 0, "nothing has succeeded");
}
