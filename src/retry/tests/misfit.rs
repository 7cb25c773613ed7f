//! A policy that is not one is told of by its place, and by what may stand there.

use serde_json::{Value, json};

use crate::{Connection, ErrorKind, Hook, RetryPolicy};

/// Policies that have each member there is, in each kind of part.
fn policies() -> Vec<Value> {
    let conditions = json!([
        {"type": "always"}, {"type": "never"}, {"type": "error"}, {"type": "check_failed"}, {"type": "rate_limited"},
        {"type": "error_kind", "kinds": ["dns"]}, {"type": "status", "statuses": [503, "5xx"]},
        {"type": "header", "name": "x-a", "equals": "b"}, {"type": "header", "name": "x-a", "contains": "b"},
        {"type": "body_contains", "text": "busy"}, {"type": "body_json", "pointer": "/a", "equals": "b"},
        {"type": "not", "condition": {"type": "any", "conditions": [{"type": "always"}]}},
    ]);
    let waits = json!([
        {"type": "none"}, {"type": "fixed", "seconds": 1}, {"type": "incrementing", "start": 1, "increment": 2, "max": 9},
        {"type": "exponential", "multiplier": 1, "exp_base": 2, "min": 0, "max": 9}, {"type": "random", "min": 0, "max": 1},
        {"type": "random_exponential", "multiplier": 1, "exp_base": 2, "min": 0, "max": 9},
        {"type": "exponential_jitter", "multiplier": 1, "exp_base": 2, "jitter": 1, "min": 0, "max": 9},
        {"type": "exponential_jitter", "initial": 1},
        {"type": "by_error", "table": {"dns": 1}, "default": 0}, {"type": "full_jitter", "base": 1, "cap": 9},
        {"type": "equal_jitter", "base": 1, "cap": 9}, {"type": "decorrelated_jitter", "base": 1, "cap": 9},
        {"type": "when", "when": {"type": "always"}, "then": {"type": "none"}, "otherwise": {"type": "fixed", "seconds": 1}},
        {"type": "combine", "strategies": [{"type": "none"}]},
    ]);
    let stops = json!([
        {"type": "never"}, {"type": "after_attempt", "max_attempts": 3}, {"type": "after_delay", "seconds": 1},
        {"type": "before_delay", "seconds": 1}, {"type": "after_outcomes", "class": "connect", "max_attempts": 3},
        {"type": "before_idle", "seconds": 1}, {"type": "when_event_set", "event": "e"},
        {"type": "all", "stops": [{"type": "never"}]},
    ]);
    let hints = |mode: Value| {
        json!({"retry_after": true, "rate_limit": true, "statuses": [503], "cap": 60, "over_cap": "cap",
            "jitter": 0.1, "mode": mode})
    };
    let policy = |mode: Value| {
        json!({
            "when": {"type": "any", "conditions": conditions},
            "once": {"type": "all", "conditions": [{"type": "always"}]},
            "wait": {"type": "chain", "strategies": waits},
            "stop": {"type": "any", "stops": stops},
            "hints": hints(mode),
            "min_attempt": 1,
            "on_exhausted": "return",
            "attempt_header": "x-attempt",
        })
    };
    vec![
        policy(json!({"type": "at_least"})),
        policy(json!({"type": "replace"})),
        policy(json!({"type": "within", "seconds": 1})),
    ]
}

/// Every place in a value, as a pointer and as it is told.
fn places(value: &Value, pointer: &str, told: &str, all: &mut Vec<(String, String)>) {
    all.push((pointer.to_owned(), told.to_owned()));
    let dot = if told.is_empty() { "" } else { "." };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, own)| {
            // A name that somebody made up is not told.
            let in_table = told.rsplit('.').next() == Some("table");
            let told = if in_table { told.to_owned() } else { format!("{told}{dot}{name}") };
            places(own, &format!("{pointer}/{name}"), &told, all);
        }),
        Value::Array(items) if !told.ends_with("statuses") => {
            items.iter().enumerate().for_each(|(at, own)| {
                places(own, &format!("{pointer}/{at}"), &format!("{told}[{at}]"), all);
            });
        }
        _ => {}
    }
}

#[test]
fn whatever_stands_in_a_wrong_place_is_told_by_its_place_and_by_what_may_stand_there() {
    let wrong = [
        json!(3.5),
        json!(-1),
        json!("c4n4ry"),
        json!(true),
        json!(null),
        json!([{}]),
        json!({"c4n4ry": 1}),
    ];
    let mut refused = 0;
    for policy in policies() {
        RetryPolicy::from_json(&policy.to_string()).unwrap();
        let mut all = Vec::new();
        places(&policy, "", "", &mut all);
        for (pointer, told) in &all {
            for wrong in &wrong {
                let mut own = policy.clone();
                *own.pointer_mut(pointer).unwrap() = wrong.clone();
                let Err(error) = RetryPolicy::from_json(&own.to_string()) else { continue };
                // What has the right type and no meaning is another matter.
                let stored = RetryPolicy::from_connection(&own).unwrap_err();
                if !stored.message().starts_with("not a retry policy") {
                    continue;
                }
                refused += 1;
                let says = error.message();
                let why = format!("{pointer} is {wrong}: {says} / {}", stored.message());
                assert_eq!(error.kind(), ErrorKind::Policy, "{why}");
                // A kind that there is not is told of the part that it is the kind of.
                let part = told
                    .strip_suffix("type")
                    .map_or(told.as_str(), |part| part.trim_end_matches('.'));
                // An item in a list may be what is wrong, where the place is the list.
                let place = match part {
                    "" => String::new(),
                    _ if wrong.is_array() => part.to_owned(),
                    _ => format!("{part}: "),
                };
                assert!(says.starts_with(&format!("retry policy: {place}")), "{why}");
                let expected = says.contains("expected") && says.contains(" at line 1 column ");
                assert!(expected, "{why}");
                let stored = stored.message();
                assert!(stored.contains("expected "), "{why}");
                assert!(stored.starts_with(&format!("not a retry policy: {place}")), "{why}");
                assert!(!stored.contains("c4n4ry"), "{why}");
                let read = serde_json::from_value::<RetryPolicy>(own).unwrap_err().to_string();
                assert!(read.starts_with(&place) && read.contains("expected"), "{why}: {read}");
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn what_may_stand_there_is_told_in_words() {
    #[rustfmt::skip]
    let rows = [
        (r#"{"stop": 3}"#,                                   r#"stop: expected an object with a "type", as {"type": "after_attempt", "max_attempts": 3}; the types are `never`, `after_attempt`,"#),
        (r#"{"stop": {"max_attempts": 3}}"#,                 r#"stop: expected an object with a "type", as"#),
        (r#"{"stop": {"type": "after_attempts"}}"#,          "stop: unknown variant `after_attempts`, expected one of `never`, `after_attempt`,"),
        (r#"{"stop": {"type": "after_attempt"}}"#,           "stop: missing field `max_attempts`"),
        (r#"{"stop": {"type": "after_attempt", "max_attempts": "3"}}"#, "stop.max_attempts: expected a whole number from 0 to 4294967295"),
        (r#"{"wait": {"type": "fixed", "seconds": "1s"}}"#,  r#"wait.seconds: expected a number of seconds, or "inf""#),
        (r#"{"wait": 1}"#,                                   r#"wait: expected an object with a "type", as {"type": "fixed", "seconds": 1}; the types are `none`,"#),
        (r#"{"when": [503]}"#,                               r#"when: expected an object with a "type", as {"type": "status", "statuses": [503]}; the types are `always`,"#),
        (r#"{"when": {"type": "status", "statuses": 503}}"#, r#"when.statuses: expected a list of statuses, as [429, "5xx", "500-504"]"#),
        (r#"{"hints": false}"#,                              r#"hints: expected an object, as {"retry_after": true, "cap": 60}"#),
        (r#"{"hints": {"over_cap": "wait"}}"#,               r#"hints.over_cap: expected "cap" or "give_up""#),
        (r#"{"min_attempt": -1}"#,                           "min_attempt: expected a number of seconds, from 0 on"),
        (r#"{"on_exhausted": true}"#,                        r#"on_exhausted: expected "fail" or "return""#),
        (r#"{"stops": 3}"#,                                  "unknown field `stops`, expected one of `when`, `once`,"),
        ("3",                                                r#"expected an object, as {"stop": {"#),
        (r#"{"stop": "#,                                     "EOF while parsing a value at line 1 column 9"),
    ];
    for (text, says) in rows {
        let error = RetryPolicy::from_json(text).unwrap_err();
        assert!(error.message().starts_with(&format!("retry policy: {says}")), "{text}: {error}");
    }
    let connection = Connection::new()
        .with_host("https://api.test")
        .with_extra(r#"{"http_hook": {"retry": {"stop": {"type": "c4n4ry"}}}}"#);
    let error = Hook::new(&connection).unwrap_err().to_string();
    assert!(error.contains("retry: not a retry policy: stop: expected one of `never`"), "{error}");
    assert!(!error.contains("c4n4ry"), "{error}");
}
