//! What `{:?}` tells of calls: who it is and how far it got, and nothing that may be secret.

use bytes::Bytes;
use http::Response;
use http_hook::RetryPolicy;
use http_hook::response::{Outcome, Reason};
use http_hook::retry::{Condition, RetryOutcome};
use http_hook::{Connection, Hook, RequestPlan, Step, WaitReason};

use crate::support::{NOW, Scenario, connection, response};

const SECRET: &str = "hunter2-5b0c9e";

fn hook() -> Hook {
    let connection = connection()
        .with_host("https://api.example.com/v1")
        .with_password(SECRET)
        .with_extra(format!(r#"{{"x-key": "{SECRET}"}}"#));
    Hook::new(&connection).expect("a connection that can be used")
}

fn begin(hook: &Hook) -> Step {
    let plan = RequestPlan::post("orders")
        .param("key", SECRET)
        .json(&serde_json::json!({"card": SECRET}))
        .allow_resend()
        .retry(RetryPolicy::default());
    Scenario::new(hook, plan).step()
}

fn answer(status: u16) -> Response<Bytes> {
    response(status, &[("set-cookie", SECRET)], SECRET)
}

#[test]
fn steps_and_what_they_hold() {
    let hook = hook();
    let send = begin(&hook);
    let shown_send = format!("{send:?}");
    let Step::Send { attempt, .. } = send else { panic!("a call begins with a send") };
    let shown_attempt = format!("{attempt:?}");
    let wait = attempt.finish(&hook, Ok(answer(503)), NOW);
    let shown_wait = format!("{wait:?}");
    let Step::Wait { call, .. } = wait else { panic!("503 is retried") };
    let shown_call = format!("{call:?}");
    let Step::Send { attempt, .. } = begin(&hook) else { panic!("a call begins with a send") };
    let head = attempt.head(&hook, &answer(404).into_parts().0, NOW);
    let shown_head = format!("{head:?}");
    let Some(reading) = head else { panic!("a failure's text is read") };
    let shown_reading = format!("{reading:?}");
    let done = reading.finish(&hook, Ok(answer(404)), NOW);
    let shown_done = format!("{done:?}");
    let rows: [(&str, &[&str]); 7] = [
        (&shown_send, &["Send {", "POST https://api.example.com/***", "\"x-key\"", "Attempt {"]),
        (&shown_attempt, &["Attempt {", "sends: 1", "attempt_number: 1"]),
        (&shown_wait, &["Wait {", "Call {", "Backoff"]),
        (&shown_call, &["Call {", "sends: 1", "attempt_number: 1", "due: ", "idle_for: "]),
        (&shown_head, &["Some(Reading {", "limit: 65536"]),
        (&shown_reading, &["Reading {", "limit: 65536", "sends: 1"]),
        (&shown_done, &["Done(Err(", "404"]),
    ];
    for (shown, parts) in rows {
        for part in parts {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
        assert!(!shown.contains(SECRET), "{shown}");
    }
}

#[test]
fn code_in_a_policy() {
    let condition = Condition::custom(|_: &dyn RetryOutcome| true);
    assert!(format!("{condition:?}").contains("Custom(Custom)"));
}

#[test]
fn a_wait_is_named_as_it_is_stored() {
    let rows = [
        (WaitReason::Backoff, "backoff"),
        (WaitReason::Hint, "hint"),
        (WaitReason::Breaker, "breaker"),
        (WaitReason::RateLimit, "rate_limit"),
        (WaitReason::Token, "token"),
    ];
    for (reason, name) in rows {
        assert_eq!(reason.name(), name);
        assert_eq!(serde_json::to_value(reason).expect("JSON"), name);
    }
}

#[cfg(feature = "cookies")]
#[test]
fn where_cookies_are_kept() {
    use http_hook::cookies::Jar;
    let builder = || Hook::builder(&Connection::new().with_host("https://api.example.com"));
    let jar = Jar::default;
    let rows = [
        (builder(), "cookies: None"),
        (builder().cookies(jar()), "cookies: Call"),
        (builder().shared_cookies(jar()), "cookies: Shared"),
    ];
    for (builder, expected) in rows {
        let shown = format!("{builder:?}");
        assert!(shown.contains(expected), "{shown}");
    }
}

/// A reason phrase is a server's text as any other: what it repeats of the connection is in no text of a failure.
#[test]
fn no_reason_phrase_shows_the_connection() {
    use http_hook::response::Outcome;
    let hook = http_hook::Hook::to("https://reader:hunter22@hooks.example/services/T0/k3yOfMine")
        .expect("a hook");
    let says = "Cannot GET /services/T0/k3yOfMine with hunter22";
    let server = http_hook_mock::MockTransport::new([http_hook_mock::Reply::status(404)
        .reason(says)
        .always()]);
    let api = http_hook_mock::blocking::from_hook(hook, &server);
    let result = api.run(http_hook::RequestPlan::get("x"));
    let stored = serde_json::to_string(&Outcome::of(&result, 100)).expect("JSON");
    let failure = result.expect_err("404");
    let all = format!("{failure} {failure:?} {} {stored}", failure.cause());
    assert!(
        all.contains("404:Cannot GET") && !all.contains("k3yOf") && !all.contains("hunter"),
        "{all}"
    );
}

#[test]
fn an_outcome_that_passed_has_the_usual_reason() {
    let mut passed = response(201, &[], "a");
    passed.extensions_mut().insert(Reason::new(SECRET));
    let outcome = Outcome::of(&Ok(passed), 9);
    let text = serde_json::to_string(&outcome).expect("JSON");
    assert!(text.contains("\"Created\"") && !text.contains(SECRET), "{text}");
}
