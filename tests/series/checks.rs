//! What a response has to be beside its status, and what is made of it.

use bytes::Bytes;
use http_hook::request::Filter;
use http_hook::retry::Condition;
use http_hook::{Call, Cause, ErrorKind, Hook, RequestPlan, RetryPolicy, StopReason};

use crate::support::{NOW, Scenario, hook, response};

const FAILED: &str = "Response check returned False.";

fn done() -> Condition {
    Condition::json("/state", "done")
}

#[test]
fn a_response_passes_by_data_and_by_code() {
    let code = || Condition::custom(|one| one.body().is_some_and(|body| body.starts_with(b"{")));
    let rows = [
        ("a status", Condition::statuses(&[200]), true),
        ("another status", Condition::statuses(&[201]), false),
        ("a header", Condition::header("x-a"), true),
        ("no header", !Condition::header("x-a"), false),
        ("a place in the body", done(), true),
        ("another value", Condition::json("/state", 1), false),
        ("both", done() & Condition::header("x-a"), true),
        ("code", code(), true),
        ("the opposite of code", !code(), false),
        ("code that panics", Condition::custom(|_| panic!("on purpose")), false),
    ];
    let hook = hook("");
    for (why, condition, passes) in rows {
        let plan = RequestPlan::post("a").response_check(condition).retries(3);
        let answer = || Ok(response(200, &[("x-a", "1")], r#"{"state": "done"}"#));
        let played = Scenario::new(&hook, plan).run(|_| answer());
        assert_eq!(played.sends.len(), 1, "{why}: it is not sent again");
        assert_eq!(played.result.is_ok(), passes, "{why}");
        let Err(failure) = played.result else { continue };
        assert_eq!(failure.reason(), StopReason::Check, "{why}");
        assert_eq!(failure.status().map(|status| status.as_u16()), Some(200), "{why}");
        let panicked = why.contains("panics");
        assert_eq!(failure.cause().to_string() == FAILED, !panicked, "{why}: {failure}");
    }
}

#[test]
fn the_check_is_not_reached_by_what_fails_already() {
    let hook = hook("");
    let plan = || RequestPlan::get("a").retry(RetryPolicy::never()).response_check(!done());
    let played = Scenario::new(&hook, plan()).run(|_| Ok(response(404, &[], "")));
    assert_eq!(played.result.expect_err("404").cause().to_string(), "404:Not Found");
    let off = plan().check_response(false).response_check(Condition::statuses(&[404]));
    let played = Scenario::new(&hook, off).run(|_| Ok(response(404, &[], "")));
    assert_eq!(played.result.expect("it is what was asked for").status(), 404);
}

#[test]
fn a_failed_check_retries_as_told() {
    let hook = hook("");
    let get = || RequestPlan::get("a").retries(3).response_check_or_retry(done());
    let running = || Ok(response(200, &[], r#"{"state": "running"}"#));
    let played = Scenario::new(&hook, get()).run(|send| match send {
        2 => Ok(response(200, &[], r#"{"state": "done"}"#)),
        _ => running(),
    });
    assert_eq!((played.sends.len(), played.waits.len()), (3, 2));
    assert!(played.result.is_ok());

    let played = Scenario::new(&hook, get()).run(|_| running());
    let failure = played.result.expect_err("the attempts are used up");
    assert_eq!((failure.reason(), failure.attempts()), (StopReason::Attempts, 4));
    assert_eq!(failure.cause().to_string(), FAILED);

    // What may not be sent twice is not, whatever its check says.
    let post = RequestPlan::post("a").retries(3).response_check_or_retry(done());
    let played = Scenario::new(&hook, post).run(|_| running());
    assert_eq!(played.result.expect_err("once").reason(), StopReason::NotIdempotent);
    assert_eq!(played.sends.len(), 1);
}

#[test]
fn a_filter_makes_another_body() {
    let hook = hook("");
    let length = || Filter::custom(|one| Ok(Bytes::from(one.body().len().to_string())));
    let rows = [
        ("a place", Filter::json("/a/b"), Ok("[1, 2]")),
        ("the whole", Filter::json(""), Ok(r#"{"a": {"b": [1, 2]}, "n": null}"#)),
        ("null", Filter::json("/n"), Ok("null")),
        ("nothing there", Filter::json("/x"), Err("response filter: nothing is there")),
        ("a header", Filter::header("x-a"), Ok("1")),
        ("no header", Filter::header("x-b"), Err("response filter: there is no such header")),
        ("code", length(), Ok("31")),
        (
            "code that panics",
            Filter::custom(|_| panic!("on purpose")),
            Err("response filter: code in it panicked"),
        ),
    ];
    for (why, filter, expected) in rows {
        let plan = RequestPlan::get("a").response_filter(filter);
        let body = r#"{"a": {"b": [1, 2]}, "n": null}"#;
        let played = Scenario::new(&hook, plan).run(|_| Ok(response(200, &[("x-a", "1")], body)));
        match (played.result, expected) {
            (Ok(got), Ok(text)) => {
                let blanks = |text: &str| text.replace(' ', "");
                let got = String::from_utf8_lossy(got.body()).into_owned();
                assert_eq!(blanks(&got), blanks(text), "{why}");
            }
            (Err(failure), Err(text)) => {
                assert_eq!(failure.cause().to_string(), text, "{why}");
                assert!(matches!(failure.cause(), Cause::Refused { .. }), "{why}");
            }
            (got, _) => panic!("{why}: {got:?}"),
        }
    }
}

#[test]
fn checks_and_filters_are_stored_as_data() {
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let plan =
        RequestPlan::get("a").response_check_or_retry(done()).response_filter(Filter::json("/a"));
    let call = Call::new(&hook, plan.clone(), 7, NOW);
    let text = call.store(&hook).expect("data alone");
    let again = Call::resume(&hook, &text, NOW).expect("it can be taken up");
    assert_eq!(again.store(&hook).expect("the same"), text);
    let usual = Call::new(&hook, RequestPlan::get("a"), 7, NOW).store(&hook).expect("data");
    assert!(!usual.contains("checks") && !usual.contains("link"), "what is absent is not written");

    let code = [
        plan.clone().response_check(Condition::custom(|_| true)),
        plan.response_filter(Filter::custom(|_| Ok(Bytes::new()))),
    ];
    for plan in code {
        let error = Call::new(&hook, plan, 7, NOW).store(&hook).expect_err("code");
        assert_eq!(error.kind(), ErrorKind::NotStorable);
    }
}

#[test]
fn a_check_that_cannot_hold_is_refused_before_anything_is_sent() {
    let hook = hook("");
    let plan = RequestPlan::get("a").response_check(Condition::json("state", 1));
    let played = Scenario::new(&hook, plan).run(|_| panic!("nothing is sent"));
    let failure = played.result.expect_err("a pointer begins with a slash");
    assert_eq!(failure.reason(), StopReason::Invalid);
    assert!(failure.to_string().starts_with("response check: body_json"), "{failure}");
}
