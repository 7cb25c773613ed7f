//! Names in a policy: those that nothing has are told when it is built, and families of errors.

use crate::retry::{Condition, HttpOutcome, Seconds, Wait};
use crate::transport::TimeoutPhase;
use crate::{
    Call, Cause, Connection, ErrorKind, Hook, RequestPlan, RetryPolicy, Sent, Step, StopReason,
    TransportError, TransportErrorKind,
};
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;

use super::NOW;

/// All kinds, and whether `requests` calls them a `ConnectionError`.
const KINDS: [(TransportErrorKind, bool); 16] = [
    (TransportErrorKind::Dns, true),
    (TransportErrorKind::Connect, true),
    (TransportErrorKind::Tls, true),
    (TransportErrorKind::Proxy, true),
    (TransportErrorKind::Timeout(TimeoutPhase::Connect), true),
    (TransportErrorKind::Timeout(TimeoutPhase::Head), false),
    (TransportErrorKind::Timeout(TimeoutPhase::Body), true),
    (TransportErrorKind::Timeout(TimeoutPhase::Total), false),
    (TransportErrorKind::Interrupted, true),
    (TransportErrorKind::Protocol, true),
    (TransportErrorKind::Body, false),
    (TransportErrorKind::Limit, false),
    (TransportErrorKind::InvalidRequest, false),
    (TransportErrorKind::RequestBody, false),
    (TransportErrorKind::Cancelled, false),
    (TransportErrorKind::Bug, false),
];

#[test]
fn families_of_errors() {
    for (kind, is_connection) in KINDS {
        let error = TransportError::new(kind, Sent::Maybe);
        let lost = HttpOutcome::lost(&error);
        let holds = |name| Condition::error_kinds(&[name]).holds(&lost);
        assert_eq!(holds("connection"), is_connection, "{kind:?}");
        assert_eq!(holds("timeout"), matches!(kind, TransportErrorKind::Timeout(_)), "{kind:?}");
        assert!(holds(kind.name()), "{kind:?}");
        let policy = RetryPolicy {
            when: Condition::error_kinds(&[kind.name(), "connection"]),
            ..RetryPolicy::default()
        };
        assert!(policy.validate().is_ok(), "{kind:?}");
    }
    let headers = HeaderMap::new();
    let answered = HttpOutcome::answered(StatusCode::BAD_GATEWAY, &headers);
    assert!(!Condition::error_kinds(&["connection"]).holds(&answered));
}

/// Conditions that can hold for nothing, with what the error says.
fn lost_conditions() -> Vec<(&'static str, Condition, &'static str)> {
    let pointer = |text: &str| Condition::BodyJson { pointer: text.into(), equals: json!(1) };
    let range = |from, to| Condition::Status { statuses: vec![from..=to] };
    vec![
        ("a slip", Condition::error_kinds(&["conect"]), "`connect`"),
        ("beside a good one", Condition::error_kinds(&["dns", "time-out"]), "`timeout`"),
        ("a capital", Condition::error_kinds(&["Interrupted"]), "`interrupted`"),
        ("a family", Condition::error_kinds(&["connections"]), "`connection`"),
        ("of another world", Condition::error_kinds(&["ValueError"]), "beside body, body_timeout"),
        ("no name", Condition::error_kinds(&[""]), "no such kind"),
        ("no token", Condition::header("x retry"), "token"),
        ("no header", Condition::header(""), "token"),
        ("a path", pointer("error/code"), "pointer"),
        ("a tilde", pointer("/a~b"), "pointer"),
        ("a tilde at the end", pointer("/a~"), "pointer"),
        ("no status", Condition::statuses(&[5_030]), "status"),
        ("nothing", Condition::statuses(&[0]), "status"),
        ("backwards", range(599, 500), "status"),
        ("out of range", range(500, 1_000), "status"),
    ]
}

#[test]
fn a_name_that_nothing_has_is_told_when_a_policy_is_built() {
    let api = Connection::new().with_host("https://api.example.com");
    let hook = Hook::builder(&api).build().unwrap();
    for (why, condition, part) in lost_conditions() {
        let wait =
            |when| Wait::When { when, then: Wait::None.into(), otherwise: Wait::None.into() };
        let default = RetryPolicy::default;
        let places = [
            RetryPolicy { when: condition.clone(), ..default() },
            RetryPolicy {
                when: default().when | (Condition::Error & !condition.clone()),
                ..default()
            },
            RetryPolicy { once: condition.clone(), ..default() },
            RetryPolicy { wait: Wait::None + wait(condition.clone()), ..default() },
        ];
        for policy in places {
            let error = policy.validate().expect_err(why);
            assert_eq!(error.kind(), ErrorKind::Policy, "{why}");
            assert!(error.message().contains(part), "{why}: {error}");
            let built = Hook::builder(&api).policy(policy.clone()).build().expect_err(why);
            assert!(built.to_string().contains(part), "{why}: {built}");
            let plan = RequestPlan::get("a").retry(policy.clone());
            let Step::Done(Err(failure)) = Call::new(&hook, plan, 1, NOW).step(&hook, NOW) else {
                panic!("{why}: it is sent")
            };
            assert_eq!((failure.reason(), failure.sends()), (StopReason::Invalid, 0), "{why}");
            assert!(
                matches!(failure.cause(), Cause::Request(error) if error.message().contains(part))
            );
            // Ranges of statuses do not even print as what can be read.
            let text = serde_json::to_string(&policy).unwrap();
            let read = RetryPolicy::from_json(&text).expect_err(why);
            assert!(read.message().contains(part) || part == "status", "{why}: {read}");
            assert!(serde_json::from_str::<RetryPolicy>(&text).is_err(), "{why}");
            let extra = format!(r#"{{"http_hook": {{"retry": {text}}}}}"#);
            let stored = Hook::builder(&api.clone().with_extra(extra.as_str())).build();
            assert!(stored.is_err(), "{why}");
        }
    }
}

#[test]
fn what_was_written_is_never_repeated() {
    let policy = json!({"when": {"type": "error_kind", "kinds": ["hunter2hunter2"]}}).to_string();
    let error = RetryPolicy::from_json(&policy).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let api = Connection::new().with_host("https://api.example.com");
    for name in ["content-hunter2", "Content-Hunter2", "hunter2 x", "hunter2\u{e9}", ":hunter2"] {
        let extra = json!({"http_hook": {"retry": {"attempt_header": name}}}).to_string();
        let error = Hook::new(&api.clone().with_extra(extra)).expect_err(name).to_string();
        let policy = json!({"attempt_header": name}).to_string();
        let own = RetryPolicy::from_json(&policy).expect_err(name).to_string();
        for error in [error, own] {
            assert!(!error.to_ascii_lowercase().contains("hunter2"), "{error}");
        }
    }
}

#[test]
fn names_in_a_table_of_waits() {
    let with = |name: &str| {
        let wait =
            Wait::ByError { table: [(name.into(), Seconds::ONE)].into(), default: Seconds::ZERO };
        RetryPolicy { wait, ..RetryPolicy::default() }.validate()
    };
    for name in ["connect", "head_timeout", "timeout", "RateLimited", "ConnectError"] {
        assert!(with(name).is_ok(), "{name}: a kind, or one of outcomes of another origin");
    }
    for (name, near) in
        [("conect", "`connect`"), ("headtimeout", "`head_timeout`"), ("connection", "`connect`")]
    {
        let error = with(name).expect_err(name);
        assert!(error.message().contains(near), "{name}: {error}");
    }
}

#[test]
fn statuses_of_hints_that_there_are_not() {
    let mut policy = RetryPolicy::default();
    policy.hints.statuses = vec![42..=42];
    assert!(policy.validate().unwrap_err().message().contains("hints.statuses"));
}

#[test]
fn a_header_that_means_something_else_is_refused_wherever_it_stands() {
    let api = Connection::new().with_host("https://api.example.com");
    let hook = Hook::builder(&api).build().unwrap();
    for name in [
        "connection",
        "Content-Length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "TE",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "authorization",
        "cookie",
        "idempotency-key",
        "content-type",
        "x y",
        "",
    ] {
        let policy = RetryPolicy { attempt_header: Some(name.into()), ..RetryPolicy::default() };
        assert!(Hook::builder(&api).policy(policy.clone()).build().is_err(), "{name}");
        let extra = json!({"http_hook": {"retry": {"attempt_header": name}}}).to_string();
        assert!(Hook::builder(&api.clone().with_extra(extra.as_str())).build().is_err(), "{name}");
        let call = Call::new(&hook, RequestPlan::get("a").retry(policy), 1, NOW);
        assert!(matches!(call.step(&hook, NOW), Step::Done(Err(_))), "{name}");
    }
}

#[test]
fn query_may_be_sent_again() {
    for (method, expected) in
        [("QUERY", true), ("query", false), ("SEARCH", false), ("POST", false)]
    {
        let method: Method = method.parse().unwrap();
        assert_eq!(crate::retry::is_idempotent(&method), expected, "{method}");
    }
}
