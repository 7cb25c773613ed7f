//! What an attempt came to, as policies see it.

use std::time::Duration;

use crate::retry::{Condition, FailureClass, HttpOutcome, RetryOutcome, RetryState, Wait};
use crate::transport::TimeoutPhase;
use crate::{Sent, TransportError, TransportErrorKind};
use http::{HeaderMap, StatusCode};
use serde_json::json;

const SECOND: Duration = Duration::from_secs(1);

/// Says no more than it has to.
struct Silent;

impl RetryOutcome for Silent {
    fn failed(&self) -> bool {
        true
    }
}

/// Says what kind of error it was.
struct Named;

impl RetryOutcome for Named {
    fn failed(&self) -> bool {
        true
    }

    fn kind(&self) -> Option<&str> {
        Some("busy")
    }
}

#[test]
fn what_is_not_said_holds_for_no_condition() {
    assert!(!Silent.try_again() && !Silent.check_failed() && !Silent.is_kind(""));
    assert_eq!((Silent.kind(), Silent.status(), Silent.body()), (None, None, None));
    assert!(Silent.headers().is_none() && Silent.as_any().is_none());
    let rows = [
        ("an error", Condition::Error, true),
        ("its kind", Condition::error_kinds(&["", "busy", "timeout"]), false),
        ("a status", Condition::statuses(&[200, 503]), false),
        ("a header", Condition::header("x"), false),
        ("a text", Condition::BodyContains { text: String::new() }, false),
        ("a value", Condition::BodyJson { pointer: String::new(), equals: 0.into() }, false),
        ("the check", Condition::CheckFailed, false),
    ];
    for (what, condition, holds) in rows {
        assert_eq!(condition.holds(&Silent), holds, "{what}");
    }
}

#[test]
fn a_kind_is_of_itself() {
    assert!(Named.is_kind("busy"));
    assert!(!Named.is_kind("bus") && !Named.is_kind(""));
    assert!(Condition::error_kinds(&["busy"]).holds(&Named));
    assert!(!Condition::error_kinds(&["timeout"]).holds(&Named));
}

#[test]
fn errors_of_transports() {
    let head = TransportErrorKind::Timeout(TimeoutPhase::Head);
    let rows = [
        // error                             name            a kind above it      class
        (TransportErrorKind::Dns, "dns", None, FailureClass::Error),
        (TransportErrorKind::Connect, "connect", None, FailureClass::Error),
        (head, "head_timeout", Some("timeout"), FailureClass::Timeout),
        (TransportErrorKind::Interrupted, "interrupted", None, FailureClass::Error),
    ];
    for (kind, name, above, class) in rows {
        let error = TransportError::new(kind, Sent::Maybe);
        let lost = HttpOutcome::lost(&error);
        assert_eq!(lost.kind(), Some(name));
        assert!(lost.failed() && lost.is_kind(name) && !lost.is_kind("nothing"), "{name}");
        assert_eq!(lost.is_kind("timeout"), above.is_some(), "{name}");
        assert_eq!((lost.class(), lost.sent()), (class, Sent::Maybe), "{name}");
        assert_eq!((lost.status(), lost.body()), (None, None), "{name}");
        assert!(lost.headers().is_none(), "{name}");
    }
}

#[test]
fn answers() {
    let headers = HeaderMap::new();
    let rows = [
        // status  class                    whether the server can have acted
        (200, FailureClass::Error, Sent::Yes),
        (408, FailureClass::Timeout, Sent::Yes),
        (421, FailureClass::Error, Sent::No),
        (425, FailureClass::Error, Sent::No),
        (429, FailureClass::Throttled, Sent::Yes),
        (503, FailureClass::Error, Sent::Yes),
        (504, FailureClass::Error, Sent::Yes),
    ];
    for (number, class, sent) in rows {
        let status = StatusCode::from_u16(number).unwrap();
        let answered = HttpOutcome::answered(status, &headers).with_body(b"text");
        assert_eq!((answered.class(), answered.sent()), (class, sent), "{number}");
        assert_eq!((answered.status(), answered.body()), (Some(status), Some(&b"text"[..])));
        assert!(!answered.failed() && answered.kind().is_none() && !answered.is_kind("timeout"));
    }
}

#[test]
fn code_is_equal_to_itself_alone() {
    let condition = || Condition::custom(|_: &dyn RetryOutcome| true);
    let one = condition();
    assert_eq!(one, one.clone());
    assert_ne!(one, condition());
}

#[test]
fn code_waits_to_the_nanosecond() {
    let long = Duration::new(1 << 40, 123_456_789);
    let wait = Wait::custom(move |_: &RetryState<'_>, _: &mut dyn FnMut() -> f64| long);
    assert_eq!(wait.after(1, &mut || 0.0), long);
}

#[test]
fn a_wait_alone_follows_an_error_nobody_knows() {
    let by_error = Wait::When {
        when: Condition::Error,
        then: Box::new(Wait::fixed(SECOND)),
        otherwise: Box::new(Wait::None),
    };
    assert_eq!(by_error.after(1, &mut || 0.0), SECOND);
    let doubling = Wait::exponential(SECOND, 60 * SECOND);
    assert_eq!([1, 2, 3].map(|n| doubling.after(n, &mut || 0.0)), [SECOND, 2 * SECOND, 4 * SECOND]);
}

#[test]
fn headers_and_bodies_are_not_shown() {
    const SECRET: &str = "S-5b0c9e";
    let mut headers = HeaderMap::new();
    headers.insert("x-key", SECRET.parse().expect("a value"));
    let answered = HttpOutcome::answered(StatusCode::OK, &headers);
    let shown = format!("{:?}", answered.with_body(SECRET.as_bytes()));
    assert!(shown.contains("ResponseView {") && shown.contains("200"), "{shown}");
    assert!(!shown.contains(SECRET), "{shown}");
}

#[test]
fn many_conditions_read_a_body_once() {
    // It would take an hour, were the body read for each of them, or looked at again behind each byte.
    let body = json!({"padding": "a".repeat(8 << 20), "state": "done"}).to_string();
    let body = body.as_bytes();
    let headers = HeaderMap::new();
    let outcome = HttpOutcome::answered(StatusCode::OK, &headers).with_body(body);
    let one = |equals: &str| json!({"type": "body_json", "pointer": "/state", "equals": equals});
    let mut conditions = vec![one("failed"); 9_999];
    conditions.push(one("done"));
    let any: Condition =
        serde_json::from_value(json!({"type": "any", "conditions": conditions})).unwrap();
    assert!(any.holds(&outcome));
    let part = "a".repeat(1 << 20) + "b";
    let contains: Condition =
        serde_json::from_value(json!({"type": "body_contains", "text": part})).unwrap();
    assert!(!contains.holds(&outcome));
}

/// What is read of a body to compare it is what would be found, were all of it read.
#[test]
fn a_place_is_compared_as_if_the_whole_were_read() {
    let bodies = [
        r#"{"a": 1, "b": [1, 2.0, "x", null, true], "a": {"c": [], "d": {}}}"#,
        r#"{"a": {"c": 1}, "b": "x\u00e9\n", "c~/d": -5, "": 0, "a": {"c": 1, "c": 2}}"#,
        r#"[[1, [2]], {"0": [3]}, 18446744073709551615, 1e2, 100.0, 100]"#,
        r#"{"a": {"c": {"e": 1}, "d": 2}, "b": {"d": 2, "c": {"e": 1}}}"#,
        " \t\"x\" ",
        "null",
        "[]",
        "{}",
        "[1,]",
        r#"{"a": 1"#,
        r#"["\ud800"]"#,
        "[1] 2",
        "",
    ];
    let pointers = [
        "", "/", "/a", "/b", "/b/0", "/b/3", "/b/00", "/a/c", "/c~0~1d", "/0", "/0/1", "/1/0", "/9",
    ];
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let mut values: Vec<_> = bodies.iter().filter_map(|body| read(body)).collect();
    let parts = |value: &serde_json::Value| -> Vec<_> {
        pointers.iter().filter_map(|pointer| value.pointer(pointer).cloned()).collect()
    };
    values.extend(values.clone().iter().flat_map(parts));
    values.extend([json!(""), json!(1.0), json!([1]), json!({"c": 2, "x": null}), json!(false)]);
    let headers = HeaderMap::new();
    let mut held = 0;
    for body in bodies {
        let outcome = HttpOutcome::answered(StatusCode::OK, &headers).with_body(body.as_bytes());
        for pointer in pointers {
            for value in &values {
                let expected =
                    read(body).is_some_and(|whole| whole.pointer(pointer) == Some(value));
                let holds = Condition::json(pointer, value.clone()).holds(&outcome);
                assert_eq!(holds, expected, "{body} {pointer} {value}");
                held += usize::from(holds);
            }
        }
    }
    assert!(held > 30, "{held}");
}

#[test]
fn a_text_is_found_between_bytes_that_are_none() {
    let rows: [(&[u8], &str, bool); 6] = [
        (b"\xff\xc3\xa9rror", "érror", true),
        (b"\xe2\xc3\xa9", "é", true),
        (b"e\xffrror", "error", false),
        (b"\xc3", "é", false),
        (b"", "", true),
        (b"\xff", "", true),
    ];
    for (body, text, expected) in rows {
        let headers = HeaderMap::new();
        let outcome = HttpOutcome::answered(StatusCode::OK, &headers).with_body(body);
        let contains: Condition =
            serde_json::from_value(json!({"type": "body_contains", "text": text})).unwrap();
        assert_eq!(contains.holds(&outcome), expected, "{text}");
    }
}
