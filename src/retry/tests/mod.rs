//! What a policy adds to requests, and whether one may be sent twice.

use std::time::Duration;

use http::Method;
use proptest::prelude::ProptestConfig;

use super::{RetryPolicy, Stop, idempotency, may_resend};
use crate::base::{ErrorKind, Sent, Timestamp};

mod misfit;
mod names;
mod outcomes;
mod policy;
mod properties;
mod weighing;
mod written;

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));

/// 10,000, or as many as `PROPTEST_CASES=100000` says.
pub(crate) fn cases() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    // 256 is what proptest does of its own accord.
    let cases = if config.cases == 256 { 10_000 } else { config.cases };
    // What is assumed leaves out a part of them, however many there are.
    ProptestConfig { cases, max_global_rejects: cases.max(1_024), ..config }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_attempt_header() {
    let named = |stop| RetryPolicy {
        attempt_header: Some("X-Attempt".into()),
        stop,
        ..RetryPolicy::default()
    };
    let three = named(Stop::after_attempt(3));
    let rows = [
        ("all of it", three.attempt_header(2, Some(12 * SECOND)), Some("attempt=2; max=3; ttl=12")),
        ("no deadline", three.attempt_header(1, None), Some("attempt=1; max=3")),
        ("no end", named(Stop::Never).attempt_header(1, None), Some("attempt=1")),
        ("no name", RetryPolicy::default().attempt_header(1, None), None),
    ];
    for (why, header, expected) in rows {
        let header = header.unwrap();
        let text = header.as_ref().map(|(name, value)| {
            assert_eq!(name, "x-attempt");
            value.to_str().unwrap()
        });
        assert_eq!(text, expected, "{why}");
    }
}

#[test]
fn sending_twice() {
    #[rustfmt::skip]
    let rows = [
        // method   sent         keyed  allowed  may
        ("GET",     Sent::Yes,   false, false,   true),
        ("DELETE",  Sent::Maybe, false, false,   true),
        ("POST",    Sent::Yes,   false, false,   false),
        ("POST",    Sent::Maybe, false, false,   false),
        ("POST",    Sent::No,    false, false,   true),
        ("POST",    Sent::Yes,   true,  false,   true),
        ("PATCH",   Sent::Yes,   false, true,    true),
        ("QUERY",   Sent::Yes,   false, false,   true),
        ("get",     Sent::Yes,   false, false,   false),
        ("CONNECT", Sent::Yes,   false, false,   false),
    ];
    for (method, sent, keyed, allowed, may) in rows {
        let parsed: Method = method.parse().unwrap();
        assert_eq!(
            may_resend(&parsed, sent, keyed, allowed),
            may,
            "{method} {sent:?} {keyed} {allowed}"
        );
    }
}

#[test]
fn keys_are_quoted_uuids() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..2_000 {
        let key = idempotency::key(seed);
        let text = key.to_str().unwrap().to_owned();
        let uuid = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap();
        let parts: Vec<&str> = uuid.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(parts.concat().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
        assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{text}");
        assert!(seen.insert(text), "no two alike");
    }
}

#[test]
fn a_policy_sets_no_header_that_means_something_else() {
    let refused = [
        "content-length",
        "Transfer-Encoding",
        "connection",
        "host",
        "proxy-authorization",
        "upgrade",
        "te",
        "trailer",
        "keep-alive",
        "authorization",
        "cookie",
        "idempotency-key",
        "content-type",
        "a b",
        "",
    ];
    for name in refused {
        let policy =
            RetryPolicy { attempt_header: Some(name.to_owned()), ..RetryPolicy::default() };
        let error = policy.attempt_header(1, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Header, "{name}");
        assert_eq!(policy.validate().unwrap_err().kind(), ErrorKind::Policy, "{name}");
        let text = serde_json::json!({ "attempt_header": name }).to_string();
        assert!(RetryPolicy::from_json(&text).is_err(), "{name}");
    }
}

#[test]
fn keys_of_old_are_keys_for_ever() {
    assert_eq!(idempotency::key(7), "\"b3867a03-00fd-4da6-a3f2-f2852fdabaa1\"");
}
