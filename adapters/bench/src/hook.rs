//! One call through a ready hook: plan, machine, request, answer. No driver, no transport.

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};
use http_hook::{Call, Connection, Hook, RequestPlan, RetryPolicy, Step, Timestamp};

use crate::measure::{allocations_so_far, live_bytes};
use crate::{Input, Inputs, Scenario};

/// The time of all calls.
pub const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_780_000_000));

/// What comes with the call, to be checked each time; endpoint and query always do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought {
    /// Nothing more: login and headers are the connection's, which is what it is for.
    Target,
    /// The headers.
    Headers,
    /// Headers and login.
    All,
}

/// A call that has all it can from the connection.
#[must_use]
pub fn one_call() -> Scenario {
    calls(Brought::Target)
}

/// A call that brings its headers.
#[must_use]
pub fn headers_of_the_call() -> Scenario {
    calls(Brought::Headers)
}

/// A call that brings its headers and its login: all that the request by hand is made of.
#[must_use]
pub fn all_of_the_call() -> Scenario {
    calls(Brought::All)
}

fn calls(brought: Brought) -> Scenario {
    let mut inputs = Inputs::new();
    let hook = ready(&Input::new(), brought);
    Box::new(move || call(&hook, inputs.take(), brought))
}

/// Makes a hook whose connection has what the call does not bring.
///
/// # Panics
///
/// If `input` is no connection, which that of [`Input::new`] is.
#[must_use]
pub fn ready(input: &Input, brought: Brought) -> Hook {
    let mut connection = Connection::new().with_host(&input.host);
    if brought != Brought::All {
        connection = connection.with_login(&input.login).with_password(input.password.as_str());
    }
    let mut hook = Hook::builder(&connection);
    if brought == Brought::Target {
        for (name, value) in &input.headers {
            hook = hook.header(name, value.as_str());
        }
    }
    hook.build().expect("the input is a connection")
}

/// Plans the call.
///
/// # Panics
///
/// If `input` has no method, which that of [`Input::new`] has.
pub fn plan(input: &Input, brought: Brought) -> RequestPlan {
    let method = Method::from_bytes(input.method.as_bytes()).expect("the input has a method");
    let mut plan = RequestPlan::new(method, &input.endpoint);
    for (name, value) in &input.query {
        plan = plan.param(name, value);
    }
    if brought != Brought::Target {
        for (name, value) in &input.headers {
            plan = plan.header(name, value);
        }
    }
    if brought == Brought::All {
        plan = plan.basic(&input.login, &input.password);
    }
    plan
}

fn call(hook: &Hook, input: &Input, brought: Brought) {
    let step = Call::new(hook, plan(input, brought), 7, NOW).step(hook, NOW);
    let Step::Send { request, options, attempt } = step else { panic!("nothing to wait for") };
    black_box((request, options));
    match attempt.finish(hook, Ok(Response::new(Bytes::new())), NOW) {
        Step::Done(Ok(response)) => drop(black_box(response)),
        other => panic!("an answer of 200 passes: {other:?}"),
    }
}

/// What a waiting call may hold beside its texts (URL, headers), its body and what came last, in bytes.
const WAITING: i64 = 512;

/// What a decision for a retry may allocate: the place where what came last is kept, for a call that ends before its next
/// attempt.
const DECISION: u64 = 1;

/// What a waiting call holds, and what a retry decision allocates.
///
/// # Errors
///
/// If a waiting call holds too much, or a decision allocates more than that.
///
/// # Panics
///
/// If a 503 is not retried.
pub fn sizes() -> Result<Vec<String>, String> {
    let input = Input::new();
    let connection = Connection::new().with_host(&input.host);
    let hook = Hook::builder(&connection).policy(RetryPolicy::default());
    let hook = hook.build().expect("the input is a connection");
    let empty = live_bytes();
    let plan = plan(&input, Brought::Target);
    let texts = live_bytes() - empty;
    let Step::Send { request, options, attempt } = Call::new(&hook, plan, 7, NOW).step(&hook, NOW)
    else {
        panic!("nothing to wait for")
    };
    drop((request, options));
    let refused = Response::builder().status(503).body(Bytes::new()).expect("a response");
    let allocated = allocations_so_far();
    let Step::Wait { call, .. } = attempt.finish(&hook, Ok(refused), NOW) else {
        panic!("a 503 is retried")
    };
    let decided = allocations_so_far() - allocated;
    let held = live_bytes() - empty;
    let (size, last) = (size_of::<Call>(), size_of::<Response<Bytes>>() + size_of::<u64>());
    drop(call);
    let (fixed, kept) = (i64::try_from(size), i64::try_from(last));
    let own = fixed.unwrap_or(i64::MAX) + held - texts - kept.unwrap_or_default();
    if decided > DECISION || own > WAITING {
        return Err(format!(
            "waiting call: {size} + {held} - {texts} - {last} bytes; {decided} allocations"
        ));
    }
    Ok(vec![
        format!(
            "waiting call: {size} bytes and {held} on the heap, of which its texts are {texts} and what came last {last}"
        ),
        format!("retry decision: {decided} allocations"),
    ])
}
