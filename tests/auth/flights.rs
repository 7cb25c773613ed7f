//! Who fetches the token: whoever vanishes holds nobody up.

use bytes::Bytes;
use http_hook::{
    Attempt, Call, Error, ErrorKind, Hook, RequestPlan, RetryPolicy, Run, Sent, Step,
    TransportError, TransportErrorKind,
};

use crate::support::{self, NOW, Scenario, Sending, response};

fn hook() -> Hook {
    let auth =
        r#"{"scheme": "oauth2_client_credentials", "token_url": "https://id.example.com/token"}"#;
    support::hook(&format!(r#"{{"http_hook": {{"auth": {auth}}}}}"#))
}

fn fetch(hook: &Hook) -> Attempt {
    let Sending { attempt, .. } = Scenario::new(hook, RequestPlan::get("a")).sending();
    attempt
}

/// How a call that fetches goes.
type Vanish = Box<dyn Fn(&Hook)>;

#[test]
fn a_call_that_vanishes_frees_its_flight_at_once() {
    let lost = || TransportError::new(TransportErrorKind::Interrupted, Sent::Maybe);
    let refused = || response(400, &[], r#"{"error": "invalid_client"}"#);
    let rows: Vec<(&str, Vanish)> = vec![
        ("the attempt is dropped", Box::new(|hook| drop(fetch(hook)))),
        (
            "the step is dropped",
            Box::new(|hook| {
                drop(Scenario::new(hook, RequestPlan::get("a")).step());
            }),
        ),
        ("cancelled", Box::new(|hook| drop(fetch(hook).cancel(hook)))),
        (
            "withdrawn",
            Box::new(|hook| {
                drop(fetch(hook).withdraw(hook, Error::new(ErrorKind::Stored, "full")));
            }),
        ),
        (
            "refused by the endpoint",
            Box::new(move |hook| {
                drop(fetch(hook).finish(hook, Ok(refused()), NOW));
            }),
        ),
        (
            "no answer",
            Box::new(move |hook| {
                drop(fetch(hook).finish(hook, Err(lost()), NOW));
            }),
        ),
        (
            "no answer, and it waits to try again",
            Box::new(move |hook| {
                let plan = RequestPlan::get("a").retry(RetryPolicy::default());
                let Sending { attempt, .. } = Scenario::new(hook, plan).sending();
                let step = attempt.finish(hook, Err(lost()), NOW);
                assert!(matches!(step, Step::Wait { .. }), "{step:?}");
                let Sending { .. } = Scenario::new(hook, RequestPlan::get("a")).sending();
            }),
        ),
        (
            "a body that is too long",
            Box::new(|hook| {
                let long = " ".repeat(65 << 20);
                drop(fetch(hook).finish(hook, Ok(response(200, &[], &long)), NOW));
            }),
        ),
        (
            "a panic of the caller",
            Box::new(|hook| {
                let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    let _held = fetch(hook);
                    std::panic::resume_unwind(Box::new(()));
                }));
                assert!(caught.is_err());
            }),
        ),
        (
            "the run is dropped",
            Box::new(|hook| {
                let call = Call::new(hook, RequestPlan::get("a"), 7, NOW);
                let mut run = Run::<Bytes>::new(hook, call);
                let _ = run.woke(NOW);
            }),
        ),
        (
            "stored, and given up here",
            Box::new(|hook| {
                let attempt = fetch(hook);
                attempt.store(hook).expect("nothing of it is secret");
                drop(attempt);
            }),
        ),
    ];
    for (why, vanish) in rows {
        let hook = hook();
        vanish(&hook);
        let step = Scenario::new(&hook, RequestPlan::get("a")).step();
        assert!(matches!(step, Step::Send { .. }), "{why}: {step:?}");
    }
}

#[test]
fn a_flight_that_has_landed_frees_no_other() {
    let hook = hook();
    let first = fetch(&hook);
    let token = response(200, &[], r#"{"access_token": "t-1", "expires_in": 3600}"#);
    let first = first.finish(&hook, Ok(token), NOW);
    let refused = match first {
        Step::Send { attempt, .. } => attempt.finish(&hook, Ok(response(401, &[], "")), NOW),
        other => panic!("nothing is sent: {other:?}"),
    };
    // The second flight is the same call's; another one waits for it.
    assert!(matches!(refused, Step::Send { .. }), "{refused:?}");
    let other = Scenario::new(&hook, RequestPlan::get("a")).step();
    assert!(matches!(other, Step::Wait { .. }), "{other:?}");
    drop(refused);
    let Sending { .. } = Scenario::new(&hook, RequestPlan::get("a")).sending();
}
