//! Answers whose head comes first: which are the caller's to stream, and which the machine has to read.

use bytes::Bytes;
use http::response::Parts;
use http_hook::RetryPolicy;
use http_hook::retry::Condition;
use http_hook::{
    Attempt, Call, Cause, Failure, Hook, RequestPlan, Sent, Step, StopReason, TransportErrorKind,
};
use serde_json::json;

use crate::support::{self, NOW, Scenario, response};

fn hook(extra: &serde_json::Value) -> Hook {
    support::hook(&extra.to_string())
}

fn plain() -> Hook {
    hook(&json!({}))
}

fn begin(hook: &Hook, plan: RequestPlan) -> Attempt {
    Scenario::new(hook, plan).sending().attempt
}

fn head(status: u16, headers: &[(&str, &str)]) -> Parts {
    response(status, headers, "").into_parts().0
}

fn for_body(text: &str) -> RetryPolicy {
    let when = Condition::BodyContains { text: text.to_owned() };
    RetryPolicy { when, ..RetryPolicy::default() }
}

#[test]
fn what_the_machine_has_to_read() {
    let token = json!({"http_hook": {"auth": {
        "scheme": "oauth2_client_credentials", "token_url": "https://id.example.com/token"}}});
    let challenged = json!({"http_hook": {"auth": {"scheme": "digest"}}});
    let unchecked = || RequestPlan::get("a").check_response(false);
    let once = RetryPolicy {
        once: Condition::BodyContains { text: "x".into() },
        ..RetryPolicy::default()
    };
    let rows = [
        // what                      hook              plan                                             status  read
        ("passes", plain(), RequestPlan::get("a"), 200, false),
        ("redirects are off", plain(), unchecked().options(no_redirects()), 302, false),
        ("nobody checks it", plain(), unchecked(), 404, false),
        ("does not pass", plain(), RequestPlan::get("a"), 404, true),
        ("is not the last head", plain(), unchecked(), 103, true),
        ("is a token", hook(&token), unchecked(), 200, true),
        ("asks who is calling", hook(&challenged), unchecked(), 401, true),
        ("asks whom it cannot", plain(), unchecked(), 401, false),
        ("the policy wants the body", plain(), unchecked().retry(for_body("busy")), 200, true),
        ("the policy wants the first body", plain(), unchecked().retry(once), 200, true),
        (
            "the policy wants a header",
            plain(),
            unchecked()
                .retry(RetryPolicy { when: Condition::header("x"), ..RetryPolicy::default() }),
            200,
            false,
        ),
        ("is retried", plain(), unchecked().retry(RetryPolicy::default()), 503, true),
    ];
    for (what, hook, plan, status, read) in rows {
        let found = begin(&hook, plan).head(&hook, &head(status, &[]), NOW);
        assert_eq!(found.is_some(), read, "{what}: {found:?}");
    }
}

fn no_redirects() -> http_hook::Options {
    let mut options = http_hook::Options::default();
    options.allow_redirects = Some(false);
    options
}

#[test]
fn how_much_of_it() {
    let hook = plain();
    let wanted = |plan, status| match begin(&hook, plan).head(&hook, &head(status, &[]), NOW) {
        Some(reading) => reading.limit(),
        None => panic!("it is read"),
    };
    let policy = || {
        let mut options = http_hook::Options::default();
        options.max_response_bytes = Some(200_000);
        RequestPlan::get("a").options(options).retry(for_body("busy"))
    };
    assert_eq!(wanted(policy(), 200), 200_001, "whole, and one more would be too much");
    assert_eq!(wanted(policy(), 500), 200_001, "the policy reads it");
    let plain = || RequestPlan::get("a");
    let part = Failure::MAX_BODY as u64;
    assert_eq!(wanted(plain(), 500), part, "the beginning of a failure's text");
}

#[test]
fn a_text_cut_at_its_limit_is_no_broken_body() {
    let hook = plain();
    let rows = [
        // bytes that came, of those announced, how the call ends
        (Failure::MAX_BODY, Failure::MAX_BODY + 1, None),
        (Failure::MAX_BODY - 1, Failure::MAX_BODY + 1, Some(TransportErrorKind::Body)),
        (10, 10, None),
        (9, 10, Some(TransportErrorKind::Body)),
    ];
    for (came, announced, broken) in rows {
        let headers = [("content-length", announced.to_string())];
        let headers = [(headers[0].0, headers[0].1.as_str())];
        let attempt = begin(&hook, RequestPlan::get("a"));
        let Some(reading) = attempt.head(&hook, &head(404, &headers), NOW) else {
            panic!("a failure's text is wanted");
        };
        let text = "x".repeat(came);
        let Step::Done(Err(failure)) =
            reading.finish(&hook, Ok(response(404, &headers, &text)), NOW)
        else {
            panic!("404 does not pass");
        };
        assert_eq!(failure.reason(), StopReason::Rejected);
        match failure.cause() {
            Cause::Transport(error) => {
                assert_eq!((Some(error.kind()), error.sent()), (broken, Sent::Yes), "{came}");
            }
            _ => assert_eq!((failure.body().map(Bytes::len), broken), (Some(came), None)),
        }
    }
}

#[test]
fn a_streamed_answer_knows_where_it_came_from() {
    let hook = plain();
    let attempt = begin(&hook, RequestPlan::get("a"));
    assert!(attempt.history().is_none());
    let to = [("location", "/b")];
    let Some(reading) = attempt.head(&hook, &head(302, &to), NOW) else {
        panic!("a redirect is not the caller's");
    };
    let Step::Send { attempt, .. } = reading.finish(&hook, Ok(response(302, &to, "")), NOW) else {
        panic!("it is followed");
    };
    let history = attempt.history().expect("a redirect led here");
    assert_eq!(history.hops().len(), 1);
    assert!(attempt.head(&hook, &head(200, &[]), NOW).is_none());
}

#[test]
fn sends_and_attempts_are_counted() {
    let hook = plain();
    let call = Call::new(&hook, RequestPlan::get("a").retry(RetryPolicy::default()), 7, NOW);
    assert_eq!((call.attempt_number(), call.sends()), (0, 0));
    let Step::Send { attempt, .. } = call.step(&hook, NOW) else { panic!("a call begins") };
    assert_eq!((attempt.number(), attempt.sends()), (1, 1));
    let to = [("location", "/b")];
    let Step::Send { attempt, .. } = attempt.finish(&hook, Ok(response(307, &to, "")), NOW) else {
        panic!("it is followed");
    };
    assert_eq!((attempt.number(), attempt.sends()), (1, 2));
    let Step::Wait { call, .. } = attempt.finish(&hook, Ok(response(503, &[], "")), NOW) else {
        panic!("503 is retried");
    };
    assert_eq!((call.attempt_number(), call.sends()), (1, 2));
}
