//! What headers say about when to come back: one row a rule.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use http_hook::Timestamp;
use http_hook::response::hints;
use proptest::prelude::*;

/// 08:49:37 on 6 November 1994.
const NOW: Timestamp = Timestamp::new(Duration::from_secs(784_111_777));

fn headers(rows: &[(&str, &str)]) -> HeaderMap {
    let row = |(name, value): &(&str, &str)| {
        let name: HeaderName = name.parse().unwrap();
        (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    let mut headers = HeaderMap::new();
    for (name, value) in rows.iter().map(row) {
        headers.append(name, value);
    }
    headers
}

#[test]
#[rustfmt::skip]
fn retry_after_values() {
    let rows = [
        // why                              value                               seconds
        ("delay-seconds",                   "120",                              Some(120)),
        ("nothing",                         "0",                                Some(0)),
        ("leading zeros",                   "007",                              Some(7)),
        ("blanks around",                   " 5\t",                             Some(5)),
        ("more digits than a number holds", "99999999999999999999999999",       Some(u64::MAX)),
        ("the largest number",              "18446744073709551615",             Some(u64::MAX)),
        ("IMF-fixdate",                     "Sun, 06 Nov 1994 08:49:40 GMT",    Some(3)),
        ("RFC 850",                         "Sunday, 06-Nov-94 08:49:40 GMT",   Some(3)),
        ("asctime",                         "Sun Nov  6 08:49:40 1994",         Some(3)),
        ("a date gone by is no wait",       "Sun, 06 Nov 1994 08:49:30 GMT",    Some(0)),
        ("the very moment",                 "Sun, 06 Nov 1994 08:49:37 GMT",    Some(0)),
        ("far in the future",               "Fri, 31 Dec 9999 23:59:59 GMT",    Some(253_402_300_799 - 784_111_777)),
        ("no sign: 1*DIGIT",                "+5",                               None),
        ("no negative",                     "-1",                               None),
        ("no exponent",                     "1e3",                              None),
        ("no unit",                         "5s",                               None),
        ("no words",                        "soon",                             None),
        ("not empty",                       "",                                 None),
        ("only blanks",                     "  ",                               None),
        ("digits of other scripts",         "５",                               None),
        ("no list",                         "5, 6",                             None),
        ("no such day",                     "Sun, 32 Nov 1994 08:49:40 GMT",    None),
        ("no such month",                   "Sun, 06 Foo 1994 08:49:40 GMT",    None),
        ("another zone",                    "Sun, 06 Nov 1994 08:49:40 CET",    None),
        ("ISO 8601",                        "1994-11-06T08:49:40Z",             None),
    ];
    for (why, value, seconds) in rows {
        let expected = seconds.map(Duration::from_secs);
        assert_eq!(hints::retry_after(value, NOW), expected, "{value:?}: {why}");
    }
}

#[test]
fn headers_of_a_response() {
    let rows: &[Row<'_>] = &[
        ("no hint", &[], None),
        ("seconds", &[("retry-after", "7")], Some(7)),
        ("malformed is absent", &[("retry-after", "soon")], None),
        ("of two the longer", &[("retry-after", "7"), ("retry-after", "9")], Some(9)),
        ("of two the valid one", &[("retry-after", "x"), ("retry-after", "7")], Some(7)),
        ("not text", &[("retry-after", "\u{ff}7")], None),
        (
            "the server's clock is an hour slow: its own difference counts",
            &[
                ("retry-after", "Sun, 06 Nov 1994 07:49:40 GMT"),
                ("date", "Sun, 06 Nov 1994 07:49:37 GMT"),
            ],
            Some(3),
        ),
        (
            "a Date that cannot be read takes nothing out",
            &[("retry-after", "Sun, 06 Nov 1994 08:49:40 GMT"), ("date", "today")],
            Some(3),
        ),
        (
            "a clock of the server that was never set, and a date of another one",
            &[
                ("retry-after", "Sun, 06 Nov 1994 08:49:40 GMT"),
                ("date", "Thu, 01 Jan 1970 00:00:01 GMT"),
            ],
            Some(3),
        ),
        (
            "a clock of the server that was never set, and its own date",
            &[
                ("retry-after", "Thu, 01 Jan 1970 00:00:04 GMT"),
                ("date", "Thu, 01 Jan 1970 00:00:01 GMT"),
            ],
            Some(3),
        ),
        (
            "seconds count from receipt",
            &[("retry-after", "3"), ("date", "Sun, 06 Nov 1994 07:49:37 GMT")],
            Some(3),
        ),
        ("Retry-After wins", &[("retry-after", "3"), ("ratelimit", "\"a\";r=0;t=30")], Some(3)),
        (
            "a malformed Retry-After wins nothing",
            &[("retry-after", "-3"), ("ratelimit", "\"a\";r=0;t=30")],
            Some(30),
        ),
    ];
    check(rows);
}

#[test]
fn rate_limits_of_a_response() {
    let rows: &[Row<'_>] = &[
        ("a quota that is used up", &[("ratelimit", "\"default\";r=0;t=30")], Some(30)),
        ("a token as a name", &[("ratelimit", "default; r=0; t=30")], Some(30)),
        ("a quota of which something is left", &[("ratelimit", "\"default\";r=50;t=30")], None),
        ("no time told", &[("ratelimit", "\"default\";r=0")], None),
        ("r is required", &[("ratelimit", "\"default\";t=30")], None),
        (
            "the longest of the used-up ones",
            &[("ratelimit", "\"a\";r=0;t=5, \"b\";r=0;t=9, \"c\";r=1;t=99")],
            Some(9),
        ),
        (
            "on two lines",
            &[("ratelimit", "\"a\";r=0;t=5"), ("ratelimit", "\"b\";r=0;t=9")],
            Some(9),
        ),
        (
            "other parameters, a partition key in bytes",
            &[("ratelimit", "\"a\";r=0;pk=:YWJj=:;q=?1;t=5")],
            Some(5),
        ),
        ("a comma in the name", &[("ratelimit", "\"a, \\\"b\\\";r=1\";r=0;t=5")], Some(5)),
        (
            "one malformed part takes nothing from the others",
            &[("ratelimit", "\"a\";r=0;t=5, \"b\";r=x;t=9")],
            Some(5),
        ),
        ("a fraction", &[("ratelimit", "\"a\";r=0;t=5.0")], Some(5)),
        ("no sign", &[("ratelimit", "\"a\";r=0;t=-5")], None),
        ("an open string", &[("ratelimit", "\"a;r=0;t=5")], None),
        ("a comma at the end", &[("ratelimit", "\"a\";r=0;t=5,")], Some(5)),
        (
            "many digits",
            &[("ratelimit", "\"a\";r=0;t=1234567890123456")],
            Some(1_234_567_890_123_456),
        ),
        ("out of a cache", &[("ratelimit", "\"a\";r=0;t=5"), ("age", "1")], None),
        ("fresh", &[("ratelimit", "\"a\";r=0;t=5"), ("age", "0")], Some(5)),
        ("the older draft", &[("ratelimit-reset", "30")], Some(30)),
        (
            "the older draft, used up",
            &[("ratelimit-reset", "30"), ("ratelimit-remaining", "0")],
            Some(30),
        ),
        (
            "the older draft, something left",
            &[("ratelimit-reset", "30"), ("ratelimit-remaining", "3")],
            None,
        ),
        ("delta seconds", &[("x-ratelimit-reset", "30")], Some(30)),
        ("the largest delta", &[("x-ratelimit-reset", "1000000000")], Some(1_000_000_000)),
        (
            "Unix seconds, by the server's clock",
            &[("x-ratelimit-reset", "1700000030"), ("date", "Tue, 14 Nov 2023 22:13:20 GMT")],
            Some(30),
        ),
        (
            "Unix milliseconds",
            &[("x-ratelimit-reset", "1700000030000"), ("date", "Tue, 14 Nov 2023 22:13:20 GMT")],
            Some(30),
        ),
        (
            "Unix seconds gone by",
            &[("x-ratelimit-reset", "1700000000"), ("date", "Tue, 14 Nov 2023 22:13:30 GMT")],
            Some(0),
        ),
        (
            "a clock of 1970",
            &[("x-ratelimit-reset", "1000000030"), ("date", "Thu, 01 Jan 1970 00:00:00 GMT")],
            Some(215_888_253),
        ),
        (
            "a clock of 1970, a time of ISO 8601",
            &[
                ("x-ratelimit-reset", "1994-11-06T08:49:40Z"),
                ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ],
            Some(3),
        ),
        ("something left", &[("x-ratelimit-reset", "30"), ("x-ratelimit-remaining", "1")], None),
        ("left, repeated", &[("x-ratelimit-reset", "30"), ("x-ratelimit-remaining", "1, 1")], None),
        ("aged, repeated", &[("x-ratelimit-reset", "30"), ("age", "9,9")], None),
        (
            "not the same",
            &[("x-ratelimit-reset", "30"), ("x-ratelimit-remaining", "1, 0")],
            Some(30),
        ),
        ("malformed", &[("x-ratelimit-reset", "in a minute")], None),
        (
            "the standard one wins",
            &[("ratelimit-reset", "5"), ("x-ratelimit-reset", "30")],
            Some(5),
        ),
    ];
    check(rows);
}

/// Why, the fields, the seconds.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], Option<u64>);

fn check(rows: &[Row<'_>]) {
    for (why, fields, seconds) in rows {
        let expected = seconds.map(Duration::from_secs);
        assert_eq!(hints::wait(&headers(fields), NOW), expected, "{fields:?}: {why}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_wait_or_nothing(
        name in prop::sample::select(vec!["retry-after", "ratelimit", "ratelimit-reset", "x-ratelimit-reset", "date", "age"]),
        value in prop::collection::vec(any::<u8>(), 0..40),
        second in "[\"a;=rt0-9, .:?\\\\]{0,40}",
        now in any::<u64>(),
    ) {
        let mut headers = HeaderMap::new();
        for value in [HeaderValue::from_bytes(&value), HeaderValue::from_str(&second)].into_iter().flatten() {
            headers.append(name, value);
        }
        headers.append("retry-after", HeaderValue::from_static("Sun, 06 Nov 1994 08:49:40 GMT"));
        prop_assert!(hints::wait(&headers, Timestamp::new(Duration::from_secs(now))).is_some());
    }
}
