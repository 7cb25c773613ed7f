//! One call through a ready hook: plan, machine, request, answer. No driver, no transport.

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};
use http_hook::{Call, Connection, Hook, RequestPlan, RetryPolicy, Step, Timestamp};

use crate::measure::{allocations_so_far, live_bytes};
use crate::{Input, Scenario};

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_780_000_000));

/// Login and headers are the connection's, which is what it is for; endpoint and query come with the call.
#[must_use]
pub fn one_call() -> Scenario {
    let input = Input::new();
    let hook = ready(&input, 4);
    Box::new(move || call(&hook, black_box(&input), 4))
}

/// The same, but all headers come with the call, to be checked each time.
#[must_use]
pub fn headers_of_the_call() -> Scenario {
    let input = Input::new();
    let hook = ready(&input, 0);
    Box::new(move || call(&hook, black_box(&input), 0))
}

/// A hook whose connection has the login and the first `stored` headers.
fn ready(input: &Input, stored: usize) -> Hook {
    let connection = Connection::new()
        .with_host(&input.host)
        .with_login(&input.login)
        .with_password(input.password.as_str());
    let stored = input.headers.iter().take(stored);
    stored
        .fold(Hook::builder(&connection), |hook, (name, value)| hook.header(name, value.as_str()))
        .build()
        .expect("the input is a connection")
}

fn plan(input: &Input, stored: usize) -> RequestPlan {
    let method = Method::from_bytes(input.method.as_bytes()).expect("the input has a method");
    let mut plan = RequestPlan::new(method, &input.endpoint);
    for (name, value) in &input.query {
        plan = plan.param(name, value);
    }
    for (name, value) in input.headers.iter().skip(stored) {
        plan = plan.header(name, value);
    }
    plan
}

fn call(hook: &Hook, input: &Input, stored: usize) {
    let step = Call::new(hook, plan(input, stored), 7, NOW).step(hook, NOW);
    let Step::Send { request, options, attempt } = step else { panic!("nothing to wait for") };
    black_box((request, options));
    match attempt.finish(hook, Ok(Response::new(Bytes::new())), NOW) {
        Step::Done(Ok(response)) => drop(black_box(response)),
        other => panic!("an answer of 200 passes: {other:?}"),
    }
}

/// What a waiting call may hold beside its own URL, headers and body, in bytes.
const WAITING: i64 = 512;

/// What a waiting call holds, and what a retry decision allocates.
///
/// # Errors
///
/// If a waiting call holds too much, or a decision allocates anything.
///
/// # Panics
///
/// If a 503 is not retried.
pub fn sizes() -> Result<Vec<String>, String> {
    let input = Input::new();
    let hook = ready(&input, 4);
    let plan = plan(&input, 4).retry(RetryPolicy::default());
    let before = live_bytes();
    let Step::Send { request, options, attempt } = Call::new(&hook, plan, 7, NOW).step(&hook, NOW)
    else {
        panic!("nothing to wait for")
    };
    let own = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let own = i64::try_from(own).unwrap_or(i64::MAX);
    drop((request, options));
    let refused = Response::builder().status(503).body(Bytes::new()).expect("a response");
    let allocated = allocations_so_far();
    let Step::Wait { call, .. } = attempt.finish(&hook, Ok(refused), NOW) else {
        panic!("a 503 is retried")
    };
    let decided = allocations_so_far() - allocated;
    let held = live_bytes() - before;
    let size = size_of::<Call>();
    drop(call);
    if decided > 0 || i64::try_from(size).unwrap_or(i64::MAX) + held - own > WAITING {
        return Err(format!("waiting call: {size} + {held} - {own} bytes; {decided} allocations"));
    }
    Ok(vec![
        format!("waiting call: {size} bytes and {held} on the heap, of which its target is {own}"),
        format!("retry decision: {decided} allocations"),
    ])
}
