//! The policy: its JSON form, its limits, its conditions, and the one decision.

use std::time::Duration;

use crate::RetryPolicy;
use crate::retry::{
    Condition, Decision, Event, HttpOutcome, Progress, RetryOutcome, RetryState, Seconds, Stop,
    Wait,
};
use crate::{
    Call, Connection, ErrorKind, Hook, RequestPlan, Sent, StopReason, TransportError,
    TransportErrorKind,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use super::NOW;

const SECOND: Duration = Duration::from_secs(1);

fn headers(rows: &[(&str, &str)]) -> HeaderMap {
    let row = |(name, value): &(&str, &str)| {
        (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
    };
    rows.iter().map(row).collect()
}

fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap()
}

#[test]
fn conditions_on_responses() {
    #[rustfmt::skip]
    let rows = [
        // why                       condition                                                              status headers, body                          holds
        ("a status",                 json!({"type": "status", "statuses": [503]}),                              503, "",                "",               true),
        ("another status",           json!({"type": "status", "statuses": [503]}),                              504, "",                "",               false),
        ("a class",                  json!({"type": "status", "statuses": ["5xx"]}),                            599, "",                "",               true),
        ("not the class",            json!({"type": "status", "statuses": ["5xx"]}),                            600, "",                "",               false),
        ("a range",                  json!({"type": "status", "statuses": ["520-530"]}),                        530, "",                "",               true),
        ("beyond the range",         json!({"type": "status", "statuses": ["520-530"]}),                        531, "",                "",               false),
        ("a header",                 json!({"type": "header", "name": "X-Retry"}),                              200, "no",              "",               true),
        ("no such header",           json!({"type": "header", "name": "x-other"}),                              200, "no",              "",               false),
        ("not even a name",          json!({"type": "header", "name": "x other"}),                              200, "no",              "",               false),
        ("a header's value",         json!({"type": "header", "name": "x-retry", "equals": "yes"}),             200, "yes",             "",               true),
        ("another value",            json!({"type": "header", "name": "x-retry", "equals": "yes"}),             200, "yes!",            "",               false),
        ("a part of it",             json!({"type": "header", "name": "x-retry", "contains": "es"}),            200, "yes!",            "",               true),
        ("no part of it",            json!({"type": "header", "name": "x-retry", "contains": "no"}),            200, "yes!",            "",               false),
        ("a text in the body",       json!({"type": "body_contains", "text": "busy"}),                          200, "", "so busy now",                   true),
        ("no such text",             json!({"type": "body_contains", "text": "busy"}),                          200, "", "bus y",                         false),
        ("a member",                 json!({"type": "body_json", "pointer": "/error/code", "equals": "Slow"}),  200, "", r#"{"error":{"code":"Slow"}}"#,  true),
        ("another member",           json!({"type": "body_json", "pointer": "/error/code", "equals": "Slow"}),  200, "", r#"{"error":{"code":"Fast"}}"#,  false),
        ("an element",               json!({"type": "body_json", "pointer": "/0", "equals": 1}),                200, "", "[1]",                           true),
        ("nothing there",            json!({"type": "body_json", "pointer": "/1", "equals": null}),             200, "", "[1]",                           false),
        ("the whole",                json!({"type": "body_json", "pointer": "", "equals": null}),               200, "", "null",                          true),
        ("no JSON",                  json!({"type": "body_json", "pointer": "", "equals": null}),               200, "", "nul",                           false),
        ("a whole number",           json!({"type": "body_json", "pointer": "/a", "equals": u64::MAX}),         200, "", r#"{"a":18446744073709551615}"#, true),
        ("its neighbour",            json!({"type": "body_json", "pointer": "/a", "equals": u64::MAX}),         200, "", r#"{"a":18446744073709551616}"#, false),
        ("a number beyond",          json!({"type": "body_json", "pointer": "/a", "equals": 1}),                200, "", r#"{"b":1e400,"a":1}"#,          true),
        ("not that number",          json!({"type": "body_json", "pointer": "/b", "equals": 1}),                200, "", r#"{"b":1e400,"a":1}"#,          false),
        ("a number beyond, no JSON", json!({"type": "body_json", "pointer": "/a", "equals": 1}),                200, "", r#"{"b":1e400,"a":1"#,           false),
        ("no error",                 json!({"type": "error"}),                                                  500, "", "",                              false),
        ("no error of a kind",       json!({"type": "error_kind", "kinds": ["timeout"]}),                       500, "", "",                              false),
        ("always",                   json!({"type": "always"}),                                                 200, "", "",                              true),
        ("never",                    json!({"type": "never"}),                                                  200, "", "",                              false),
        ("not",                      json!({"type": "not", "condition": {"type": "never"}}),                    200, "", "",                              true),
        ("any of nothing",           json!({"type": "any", "conditions": []}),                                  200, "", "",                              false),
        ("all of nothing",           json!({"type": "all", "conditions": []}),                                  200, "", "",                              true),
        ("any",                      json!({"type": "any", "conditions": [{"type": "never"}, {"type": "always"}]}), 200, "", "",                          true),
        ("all",                      json!({"type": "all", "conditions": [{"type": "never"}, {"type": "always"}]}), 200, "", "",                          false),
        ("the check",                json!({"type": "check_failed"}),                                           200, "", "",                              false),
    ];
    for (why, form, number, header, body, holds) in rows {
        let condition: Condition = serde_json::from_value(form.clone()).unwrap();
        let headers = headers(&[("x-retry", header)]);
        let outcome = HttpOutcome::answered(status(number), &headers).with_body(body.as_bytes());
        assert_eq!(condition.holds(&outcome), holds, "{why}");
        assert_eq!(serde_json::to_value(&condition).unwrap(), form, "{why}: prints as it reads");
    }
}

#[test]
fn conditions_without_a_response() {
    use crate::transport::TimeoutPhase::Head;
    #[rustfmt::skip]
    let rows = [
        ("any error",                  Condition::Error,                                 true),
        ("the exact kind",             Condition::error_kinds(&["head_timeout"]),        true),
        ("any timeout",                Condition::error_kinds(&["timeout"]),             true),
        ("another kind",               Condition::error_kinds(&["connect_timeout"]),     false),
        ("no status",                  Condition::statuses(&[500]),                      false),
        ("no header",                  Condition::header("x"),                           false),
        ("no body",                    Condition::BodyContains { text: String::new() },  false),
        ("no status is not a status",  !Condition::statuses(&[500]),                     true),
    ];
    let error = TransportError::new(TransportErrorKind::Timeout(Head), Sent::Maybe);
    for (why, condition, holds) in rows {
        let outcome = HttpOutcome::lost(&error).with_body(b"there is none");
        assert_eq!(condition.holds(&outcome), holds, "{why}");
    }
}

#[test]
fn operators_make_flat_lists() {
    let one = |number| Condition::statuses(&[number]);
    let three = one(1) | one(2) | one(3);
    assert_eq!(three, Condition::Any { conditions: vec![one(1), one(2), one(3)] });
    assert_eq!(one(1) & one(2), Condition::All { conditions: vec![one(1), one(2)] });
    let (two, four) = (Stop::after_attempt(2), Stop::after_attempt(4));
    assert_eq!((two.clone() | four.clone()).max_attempts(), Some(2));
    assert_eq!((two.clone() & four).max_attempts(), Some(4));
    assert_eq!((two & Stop::Never).max_attempts(), None);
    let sum = Wait::fixed(SECOND) + Wait::fixed(SECOND) + Wait::None;
    assert_eq!(sum, [Wait::fixed(SECOND), Wait::fixed(SECOND), Wait::None].into_iter().sum());
    assert_eq!(sum.after(1, &mut || 0.0), 2 * SECOND);
}

#[test]
fn the_json_form_of_the_default() {
    let form = json!({
        "when": {"type": "any", "conditions": [
            {"type": "status", "statuses": [408, 429, 500, 502, 503, 504]},
            {"type": "error_kind",
             "kinds": ["dns", "connect", "proxy", "timeout", "interrupted", "protocol", "body"]},
        ]},
        "once": {"type": "status", "statuses": [421, 425]},
        "wait": {"type": "when", "when": {"type": "status", "statuses": [429]},
            "then": {"type": "full_jitter", "base": 1.0, "cap": 20.0},
            "otherwise": {"type": "full_jitter", "base": 0.1, "cap": 20.0}},
        "stop": {"type": "after_attempt", "max_attempts": 3},
        "hints": {"retry_after": true, "rate_limit": true, "statuses": [413, 429, 503], "cap": 60.0,
            "jitter": 0.1, "mode": {"type": "at_least"}},
        "min_attempt": 0.0,
    });
    assert_eq!(serde_json::to_value(RetryPolicy::default()).unwrap(), form);
    assert_eq!(RetryPolicy::from_json(&form.to_string()).unwrap(), RetryPolicy::default());
    assert_eq!(RetryPolicy::from_json("{}").unwrap(), RetryPolicy::default());
}

#[test]
fn what_is_no_policy() {
    let deep = format!(
        "{{\"stop\": {}{}{}}}",
        r#"{"type": "any", "stops": ["#.repeat(16),
        r#"{"type": "never"}"#,
        "]}".repeat(16)
    );
    let never = vec![r#"{"type": "never"}"#; 512].join(",");
    let wide = format!(r#"{{"stop": {{"type": "any", "stops": [{never}]}}}}"#);
    let long = format!("{{}}{}", " ".repeat(64 * 1024));
    #[rustfmt::skip]
    let rows = [
        // why                     text                                                                         a part of the message
        ("no JSON",                "{",                                                                         "EOF"),
        ("an unknown member",      r#"{"whem": {"type": "never"}}"#,                                            "whem"),
        ("an unknown type",        r#"{"stop": {"type": "maybe"}}"#,                                            "maybe"),
        ("an unknown parameter",   r#"{"wait": {"type": "fixed", "seconds": 1, "max": 2}}"#,                    "max"),
        ("code cannot be read",    r#"{"wait": {"type": "custom"}}"#,                                           "custom"),
        ("an empty chain",         r#"{"wait": {"type": "chain", "strategies": []}}"#,                          "chain"),
        ("an empty chain inside",  r#"{"wait": {"type": "combine", "strategies": [{"type": "chain", "strategies": []}]}}"#, "chain"),
        ("no number",              r#"{"wait": {"type": "fixed", "seconds": "1"}}"#,                            "seconds"),
        ("no status",              r#"{"when": {"type": "status", "statuses": [99]}}"#,                         "status"),
        ("no class",               r#"{"when": {"type": "status", "statuses": ["0xx"]}}"#,                      "status"),
        ("no class of ten",        r#"{"when": {"type": "status", "statuses": ["10xx"]}}"#,                     "status"),
        ("a range backwards",      r#"{"when": {"type": "status", "statuses": ["599-500"]}}"#,                  "status"),
        ("a signed range",         r#"{"when": {"type": "status", "statuses": ["+500-599"]}}"#,                 "status"),
        ("attempts below nothing", r#"{"stop": {"type": "after_attempt", "max_attempts": -1}}"#,                "stop.max_attempts: expected a whole number"),
        ("a negative cap",         r#"{"hints": {"cap": -1}}"#,                                                 "hints.cap: expected a number of seconds, from 0 on"),
        ("an infinite cap",        r#"{"hints": {"cap": "inf"}}"#,                                              "hints.cap: expected a number of seconds, from 0 on"),
        ("too much jitter",        r#"{"hints": {"jitter": 1.5}}"#,                                             "hints.jitter"),
        ("no header name",         r#"{"attempt_header": "x y"}"#,                                              "attempt_header"),
        ("too deep",               deep.as_str(),                                                               "deeper than 16"),
        ("too wide",               wide.as_str(),                                                               "512 parts"),
        ("too long",               long.as_str(),                                                               "64 KiB"),
    ];
    for (why, text, part) in rows {
        let error = RetryPolicy::from_json(text).expect_err(why);
        assert!(matches!(error.kind(), ErrorKind::Policy | ErrorKind::Limit), "{why}");
        assert!(error.message().contains(part), "{why}: {error}");
    }
}

#[test]
fn the_limits_are_the_last_that_pass() {
    let nest =
        |depth: usize| (1..depth).fold(Stop::Never, |stop, _| Stop::Any { stops: vec![stop] });
    let with = |stop| RetryPolicy { stop, ..RetryPolicy::default() }.validate();
    assert!(with(nest(16)).is_ok());
    assert!(with(nest(17)).is_err());
    // Looking no deeper than the limit, whatever comes; dropping it would go all the way down.
    let deep = RetryPolicy { stop: nest(100_000), ..RetryPolicy::default() };
    assert!(deep.validate().is_err());
    std::mem::forget(deep);
    let bytes = |bytes: usize| RetryPolicy::from_json(&format!("{{}}{}", " ".repeat(bytes - 2)));
    assert!(bytes(64 * 1024).is_ok());
    assert!(bytes(64 * 1024 + 1).is_err());
    // The rest of the default policy has eight parts: when (3), once (1), wait (4).
    let wide = |parts: usize| Stop::Any { stops: vec![Stop::Never; parts - 9] };
    assert!(with(wide(512)).is_ok());
    assert!(with(wide(513)).is_err());
}

/// Tells how much of a text was asked for.
struct Meter<'a> {
    text: &'a [u8],
    read: &'a mut usize,
}

impl std::io::Read for Meter<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = std::io::Read::read(&mut self.text, buffer)?;
        *self.read += count;
        Ok(count)
    }
}

#[test]
fn no_policy_is_read_further_than_one_goes() {
    let many = |part: &str| vec![part; (4 << 20) / part.len()].join(",");
    let rows = [
        (
            "conditions",
            format!(
                r#"{{"when":{{"type":"any","conditions":[{}]}}}}"#,
                many(r#"{"type":"never"}"#)
            ),
        ),
        (
            "waits",
            format!(
                r#"{{"wait":{{"type":"combine","strategies":[{}]}}}}"#,
                many(r#"{"type":"none"}"#)
            ),
        ),
        (
            "stops",
            format!(r#"{{"stop":{{"type":"all","stops":[{}]}}}}"#, many(r#"{"type":"never"}"#)),
        ),
        ("statuses", format!(r#"{{"when":{{"type":"status","statuses":[{}]}}}}"#, many("503"))),
        ("kinds", format!(r#"{{"when":{{"type":"error_kind","kinds":[{}]}}}}"#, many(r#""dns""#))),
        (
            "a value",
            format!(r#"{{"when":{{"type":"body_json","pointer":"","equals":[{}]}}}}"#, many("0")),
        ),
        ("what there is not", format!(r#"{{"then":[{}]}}"#, many("{}"))),
    ];
    let call = {
        let api = Connection::new().with_host("https://api.example.com");
        let hook = Hook::builder(&api).build().unwrap();
        let plan = RequestPlan::get("a").retry(RetryPolicy::default());
        let text = Call::new(&hook, plan, 7, NOW).store(&hook).unwrap();
        move |policy: &str| {
            let default = serde_json::to_string(&RetryPolicy::default()).unwrap();
            assert!(text.contains(&default), "a policy is stored as it prints");
            Call::resume(&hook, &text.replace(&default, policy), NOW).map(drop).unwrap_err()
        }
    };
    for (what, text) in rows {
        let mut read = 0;
        let meter = Meter { text: text.as_bytes(), read: &mut read };
        let buffered = std::io::BufReader::with_capacity(1 << 10, meter);
        assert!(serde_json::from_reader::<_, RetryPolicy>(buffered).is_err(), "{what}");
        assert!(read < 1 << 20, "{what}: {read} bytes of {} were read", text.len());
        let error = call(&text);
        assert_eq!(error.kind(), ErrorKind::Stored, "{what}");
        let column = error.message().rsplit(' ').next().unwrap().parse::<usize>().unwrap();
        assert!(column < 1 << 20, "{what}: {error}");
    }
}

#[test]
fn both_ways_of_reading_say_the_same() {
    let texts = [
        "{}",
        r#"{"wait":{"type":"fixed","seconds":"inf"},"min_attempt":1}"#,
        r#"{"wait":{"type":"incrementing","start":-1.5,"increment":18446744073709551615}}"#,
        r#"{"when":{"type":"body_json","pointer":"/a","equals":{"b":[1,2.0,null,true,"x"]}}}"#,
        r#"{"stop":{"type":"after_attempt","max_attempts":4294967295},"attempt_header":"x-a"}"#,
    ];
    for text in texts {
        let policy = RetryPolicy::from_json(text).unwrap();
        assert_eq!(serde_json::from_str::<RetryPolicy>(text).unwrap(), policy, "{text}");
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::from_value::<RetryPolicy>(value).unwrap(), policy, "{text}");
    }
    for text in [r#"{"stop":{"type":"never"},"stop":{"type":"never"}}"#, "null", "1"] {
        assert!(RetryPolicy::from_json(text).is_err(), "{text}");
        assert!(serde_json::from_str::<RetryPolicy>(text).is_err(), "{text}");
    }
}

#[test]
fn code_cannot_be_stored() {
    let default = RetryPolicy::default;
    let condition = Condition::custom(|outcome: &dyn RetryOutcome| outcome.failed());
    let wait = Wait::custom(|state: &RetryState<'_>, _: &mut dyn FnMut() -> f64| {
        SECOND * state.attempt_number
    });
    let stop = Stop::custom(|state: &RetryState<'_>| state.attempt_number > 1);
    let rows = [
        ("Condition", RetryPolicy { when: Condition::Error | condition.clone(), ..default() }),
        ("Condition", RetryPolicy { once: !condition.clone(), ..default() }),
        ("Wait", RetryPolicy { wait: Wait::None + wait.clone(), ..default() }),
        ("Stop", RetryPolicy { stop: Stop::Never | stop.clone(), ..default() }),
    ];
    assert!(default().is_storable());
    for (part, policy) in rows {
        assert!(!policy.is_storable(), "{part}");
        let error = serde_json::to_string(&policy).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("Custom"), "{error}");
        assert_eq!(policy, policy.clone(), "clones are the same code");
    }
    let policy = RetryPolicy { when: condition, wait, stop, ..default() };
    let error = TransportError::new(TransportErrorKind::Bug, Sent::Maybe);
    let lost = HttpOutcome::lost(&error);
    let decide = |attempt_number| {
        let progress = Progress { attempt_number, ..Progress::default() };
        policy.decide(&lost, &progress, NOW, &mut || 0.0)
    };
    assert_eq!(decide(1), Decision::Retry { wait: SECOND, hint: None });
    assert_eq!(
        decide(2),
        Decision::GiveUp { reason: StopReason::Stopped, hint: None, limit: None }
    );
}

#[test]
fn events_are_known_by_name() {
    let event = Event::new("shutdown");
    let stop = Stop::after_attempt(9) | Stop::when_event_set(&event);
    let policy = RetryPolicy { stop, ..RetryPolicy::default() };
    let text = serde_json::to_string(&policy).unwrap();
    let mut read = RetryPolicy::from_json(&text).unwrap();
    assert_eq!(read, policy);
    assert_ne!(Event::new("shutdown"), Event::new("another"));
    event.set();
    let headers = HeaderMap::new();
    let busy = HttpOutcome::answered(status(503), &headers);
    let decide = |policy: &RetryPolicy| policy.decide(&busy, &first(), NOW, &mut || 0.0);
    let ended = Decision::GiveUp { reason: StopReason::Cancelled, hint: None, limit: None };
    assert_eq!(decide(&policy), ended);
    assert!(matches!(decide(&read), Decision::Retry { .. }), "what is read is not set");
    read.bind(&Event::new("another"));
    assert!(matches!(decide(&read), Decision::Retry { .. }));
    read.bind(&event);
    assert_eq!(decide(&read), ended);
}

fn first() -> Progress {
    Progress { attempt_number: 1, ..Progress::default() }
}

#[test]
fn reasons_to_stop() {
    use StopReason::{Attempts, Deadline, Stopped};
    let (two, five) = (Stop::after_attempt(2), Stop::after_delay(5 * SECOND));
    let code = Stop::custom(|_: &RetryState<'_>| true);
    #[rustfmt::skip]
    let rows = [
        ("the first of any",         five.clone() | two.clone(),             Some(Deadline)),
        ("the first of all",         two.clone() & five.clone(),             Some(Attempts)),
        ("not all",                  two.clone() & Stop::Never,              None),
        ("all of nothing",           Stop::All { stops: vec![] },            Some(Stopped)),
        ("any of nothing",           Stop::Any { stops: vec![] },            None),
        ("code",                     code,                                   Some(Stopped)),
        ("the wait to come counts",  Stop::before_delay(6 * SECOND),         Some(Deadline)),
        ("it does not",              Stop::after_delay(6 * SECOND),          None),
    ];
    let error = TransportError::new(TransportErrorKind::Bug, Sent::Maybe);
    let lost = HttpOutcome::lost(&error);
    let (elapsed, upcoming) = (5 * SECOND, SECOND);
    let state = RetryState { attempt_number: 2, elapsed, upcoming, ..RetryState::new(&lost) };
    for (why, stop, reason) in rows {
        assert_eq!(stop.reason(&state), reason, "{why}");
    }
}

#[test]
fn a_base_without_end_is_no_base() {
    let (multiplier, max, min) = (Seconds::ONE, Seconds::LONGEST, Seconds::ZERO);
    for exp_base in [f64::INFINITY, f64::NAN] {
        let wait = Wait::Exponential { multiplier, max, exp_base, min };
        let policy = RetryPolicy { wait: Wait::None + wait, ..RetryPolicy::default() };
        assert!(policy.validate().unwrap_err().message().contains("exp_base"));
    }
}
