//! Redirects through the machine: where to, how, and what goes along.

use bytes::Bytes;
use http::{Request, Response};
use http_hook::body::Payload;
use http_hook::redirect::History;
use http_hook::{
    Hook, Options, RequestPlan, RetryPolicy, SendCause, Sent, Step, StopReason, TransportError,
    TransportErrorKind,
};

use proptest::prelude::*;

use crate::support::{self, NOW, Scenario, response};

fn hook() -> Hook {
    support::hook(r#"{"X-Key": "k-1"}"#)
}

/// Follows `answers` (status, Location) and gives the requests and the result.
fn follow(
    plan: RequestPlan,
    answers: &[(u16, &str)],
) -> (Vec<Request<Payload>>, Result<Response<Bytes>, http_hook::Failure>) {
    let played = Scenario::new(&hook(), plan).run(|number| {
        let (status, location) = answers[number.min(answers.len() - 1)];
        Ok(response(status, &[("location", location)], ""))
    });
    (played.sends.into_iter().map(|(request, ..)| request).collect(), played.result)
}

fn urls(requests: &[Request<Payload>]) -> Vec<String> {
    requests.iter().map(|request| format!("{} {}", request.method(), request.uri())).collect()
}

#[test]
fn a_redirect_on_the_origin_keeps_everything() {
    let (requests, result) = follow(RequestPlan::get("a"), &[(302, "/b?x=1"), (200, "")]);
    assert_eq!(
        urls(&requests),
        ["GET https://api.example.com/a", "GET https://api.example.com/b?x=1"]
    );
    assert_eq!(requests[0].headers(), requests[1].headers());
    let response = result.expect("200 passes");
    let history = History::of(&response).expect("a redirect was followed");
    assert_eq!(history.url(), "https://api.example.com/b?x=1");
    assert_eq!(history.hops().next().expect("a redirect").0, 302);
    let shown = format!("{history:?}");
    assert!(shown.starts_with("History { hops: [Visit { status: 302"), "{shown}");
    assert!(shown.ends_with("url: https://api.example.com/*** }"), "{shown}");
}

#[test]
fn nothing_of_the_connection_goes_to_another_origin_and_it_is_there_again_on_the_way_back() {
    let answers = [(307, "https://other.example/x"), (307, "https://api.example.com/y"), (200, "")];
    let plan = RequestPlan::post("a")
        .data("text")
        .header("authorization", "Bearer t")
        .header("x-own", "1")
        .header("accept", "text/plain");
    let (requests, _) = follow(plan, &answers);
    let names = |request: &Request<Payload>| -> Vec<String> {
        let mut names: Vec<_> = request.headers().keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(names(&requests[1]), ["accept", "accept-encoding", "user-agent"]);
    assert_eq!(requests[1].headers()["accept"], "text/plain");
    assert_eq!(requests[1].body(), requests[0].body());
    assert_eq!(requests[2].headers(), requests[0].headers());
}

#[test]
fn what_must_not_be_followed_ends_the_call() {
    let rows = [
        (
            "downgrade",
            (302, "http://api.example.com/"),
            "location: from https to http, which `allow_downgrade` does not allow",
        ),
        ("scheme", (302, "ftp://api.example.com/"), "location: "),
        ("port", (302, "https://api.example.com:70000/"), "location: "),
    ];
    for (why, answer, text) in rows {
        let (requests, result) = follow(RequestPlan::get("a"), &[answer]);
        let failure = result.expect_err(why);
        assert_eq!((failure.reason(), requests.len()), (StopReason::Redirect, 1), "{why}");
        assert!(failure.to_string().starts_with(text), "{why}: {failure}");
        assert_eq!(failure.status().map(|status| status.as_u16()), Some(302), "{why}");
    }
}

#[test]
fn a_loop_ends_at_the_limit() {
    let mut options = Options::default();
    options.max_redirects = Some(3);
    let (requests, result) = follow(RequestPlan::get("a").options(options), &[(302, "/a")]);
    assert_eq!(requests.len(), 4);
    assert_eq!(result.expect_err("a loop").cause().to_string(), "Exceeded 3 redirects.");
}

#[test]
fn redirects_that_are_off_or_lead_nowhere_are_answers() {
    let mut off = Options::default();
    off.allow_redirects = Some(false);
    let rows = [
        ("off", RequestPlan::get("a").options(off), (302, "/b")),
        ("no Location", RequestPlan::get("a"), (302, "")),
        ("304", RequestPlan::get("a"), (304, "/b")),
    ];
    for (why, plan, answer) in rows {
        let (requests, result) = follow(plan, &[answer]);
        assert_eq!((requests.len(), result.is_ok()), (1, true), "{why}");
    }
}

#[test]
fn a_retry_after_a_redirect_begins_again_with_the_planned_request() {
    let plan = RequestPlan::get("a").retry(RetryPolicy::default());
    let (requests, result) =
        follow(plan, &[(302, "https://other.example/x"), (503, ""), (200, "")]);
    assert!(result.is_ok());
    assert_eq!(
        urls(&requests),
        [
            "GET https://api.example.com/a",
            "GET https://other.example/x",
            "GET https://api.example.com/a"
        ]
    );
}

#[test]
fn a_post_that_led_to_a_redirect_is_not_sent_again_because_the_next_request_got_nowhere() {
    let hook = hook();
    let plan = RequestPlan::post("a").data("text").retry(RetryPolicy::default());
    let moved = response(303, &[("location", "/b")], "");
    let attempt = Scenario::new(&hook, plan).after([moved]).sending().attempt;
    let lost = TransportError::new(TransportErrorKind::Connect, Sent::No);
    let Step::Done(Err(failure)) = attempt.finish(&hook, Err(lost), NOW) else {
        panic!("the POST would be sent again");
    };
    assert_eq!(failure.reason(), StopReason::NotIdempotent);
}

#[test]
fn attempts_and_sends_are_counted_apart() {
    let moved = response(302, &[("location", "/b")], "");
    let attempt = Scenario::new(&hook(), RequestPlan::get("a")).after([moved]).sending().attempt;
    assert_eq!((attempt.number(), attempt.sends(), attempt.cause()), (1, 2, SendCause::Redirect));
}

#[test]
fn a_body_that_was_dropped_never_comes_back() {
    let origins = ["https://api.example.com/1", "https://other.example/1"];
    for first in [301, 302, 303] {
        for later in [301, 302, 303, 307, 308] {
            for to in origins {
                for back in origins {
                    let plan = RequestPlan::post("a").data("text").header("content-language", "en");
                    let (requests, _) = follow(plan, &[(first, to), (later, back), (200, "")]);
                    let cell = format!("{first} {to}, {later} {back}");
                    assert_eq!(requests.len(), 3, "{cell}");
                    for request in &requests[1..] {
                        assert_eq!(request.method(), "GET", "{cell}");
                        assert_eq!(request.body(), &Payload::EMPTY, "{cell}");
                        let names: Vec<_> = request.headers().keys().collect();
                        let describes = |name: &str| name.starts_with("content-");
                        assert!(
                            !names.iter().any(|name| describes(name.as_str())),
                            "{cell} {names:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn one_action_has_one_key_wherever_it_is_led() {
    let own = |plan: RequestPlan| plan.header("idempotency-key", "mine");
    let plan = || RequestPlan::post("a").data("text");
    let rows = [
        // why, the plan, the key at home (empty: a generated one), whether it goes along
        ("the call's own", own(plan()).idempotency_key(), Some("mine"), true),
        ("a generated one", plan().idempotency_key(), Some(""), true),
        ("a header like any other", own(plan()), Some("mine"), false),
        ("none", plan(), None, false),
    ];
    for (why, plan, key, along) in rows {
        let away = "https://other.example/1";
        let (requests, _) =
            follow(plan, &[(307, away), (307, "https://api.example.com/2"), (200, "")]);
        let told: Vec<_> =
            requests.iter().map(|request| request.headers().get("idempotency-key")).collect();
        let [home, elsewhere, back] = told[..] else { panic!("{why}: {told:?}") };
        assert_eq!((home.is_some(), home), (key.is_some(), back), "{why}");
        assert!(
            key.is_none_or(|key| key.is_empty() || home.is_some_and(|own| own == key)),
            "{why}"
        );
        assert_eq!(elsewhere, home.filter(|_| along), "{why}");
    }
}

proptest! {
    #[test]
    fn no_other_header_of_a_call_crosses(name in "[a-z][a-z0-9-]{0,20}|x-request-id|x-[a-z]{1,8}|traceparent|if-match|if-range|idempotency-key|prefer|date|via|from|origin|accept-[a-z]{1,9}|content-[a-z]{1,9}") {
        const CROSS: [&str; 10] = [
            "accept", "accept-encoding", "accept-language", "cache-control", "content-encoding",
            "content-language", "content-type", "if-range", "range", "user-agent",
        ];
        let plan = RequestPlan::put("a").data("text").header(&name, "own-7431");
        let (requests, _) = follow(plan, &[(307, "https://other.example/x"), (200, "")]);
        // What may not be set at all ends the call.
        prop_assume!(requests.len() == 2);
        let crossed = requests[1].headers().values().any(|value| value == "own-7431");
        prop_assert_eq!(crossed, CROSS.contains(&name.as_str()), "{}", name);
    }
}
