//! What servers write, beside what the standards say: one row a form.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use http_hook::Timestamp;
use http_hook::response::hints;
use proptest::prelude::*;

use crate::cases::cases;

/// 12:00:00 on 3 June 2019.
const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_559_563_200));

fn headers(rows: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in rows {
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap());
    }
    headers
}

/// The wait in milliseconds.
fn wait(rows: &[(&str, &str)]) -> Option<u128> {
    hints::wait(&headers(rows), NOW).map(|wait| wait.as_millis())
}

#[test]
#[rustfmt::skip]
fn seconds_with_a_fraction() {
    let rows = [
        // why                               value                     nanoseconds
        ("as Shopify sends it",              "2.0",                    Some(2_000_000_000)),
        ("a half",                           "1.5",                    Some(1_500_000_000)),
        ("nothing",                          "0.0",                    Some(0)),
        ("leading zeros",                    "00.25",                  Some(250_000_000)),
        ("blanks around",                    " 0.5 ",                  Some(500_000_000)),
        ("nanoseconds",                      "0.000000001",            Some(1)),
        ("less than one: never early",       "0.0000000001",           Some(1)),
        ("zeros at the end count for none",  "0.10000000000000000000", Some(100_000_000)),
        ("many digits, rounded up",          "0.9999999999",           Some(1_000_000_000)),
        ("no point at the end",              "2.",                     None),
        ("no point at the beginning",        ".5",                     None),
        ("one point",                        "1.2.3",                  None),
        ("no comma",                         "1,5",                    None),
        ("no sign",                          "+1.5",                   None),
        ("no negative",                      "-1.5",                   None),
        ("no sign inside",                   "1.-5",                   None),
        ("no exponent",                      "1.5e3",                  None),
        ("no unit",                          "1.5s",                   None),
        ("no duration",                      "1m0s",                   None),
        ("no word",                          "inf",                    None),
    ];
    for (why, value, nanos) in rows {
        let read = hints::retry_after(value, NOW).map(|wait| wait.as_nanos());
        assert_eq!(read, nanos, "{value:?}: {why}");
    }
    let huge = hints::retry_after(&format!("{}.5", "9".repeat(40)), NOW).unwrap();
    assert!(huge >= Duration::from_secs(u64::MAX), "too large to count");
}

#[test]
#[rustfmt::skip]
fn dates_that_are_nearly_those_of_http() {
    let rows = [
        // why                               value                                   seconds
        ("as it should be",                  "Mon, 03 Jun 2019 12:00:07 GMT",        Some(7)),
        ("a day of one digit",               "Mon, 3 Jun 2019 12:00:07 GMT",         Some(7)),
        ("UTC",                              "Mon, 03 Jun 2019 12:00:07 UTC",        Some(7)),
        ("UT",                               "Mon, 03 Jun 2019 12:00:07 UT",         Some(7)),
        ("Z",                                "Mon, 03 Jun 2019 12:00:07 Z",          Some(7)),
        ("no difference",                    "Mon, 03 Jun 2019 12:00:07 +0000",      Some(7)),
        ("an unknown difference",            "Mon, 03 Jun 2019 12:00:07 -0000",      Some(7)),
        ("ahead of UTC",                     "Mon, 03 Jun 2019 14:00:07 +0200",      Some(7)),
        ("behind UTC",                       "Mon, 03 Jun 2019 07:30:07 -0430",      Some(7)),
        ("ahead, on the next day",           "Tue, 04 Jun 2019 01:45:07 +1345",      Some(7)),
        ("no zone",                          "Mon, 03 Jun 2019 12:00:07",            Some(7)),
        ("no weekday",                       "03 Jun 2019 12:00:07 GMT",             Some(7)),
        ("neither",                          "3 Jun 2019 12:00:07",                  Some(7)),
        ("a wrong weekday",                  "Fri, 03 Jun 2019 12:00:07 GMT",        Some(7)),
        ("a long weekday",                   "Monday, 03 Jun 2019 12:00:07 GMT",     Some(7)),
        ("dashes",                           "Mon, 03-Jun-2019 12:00:07 GMT",        Some(7)),
        ("dashes alone",                     "03-Jun-2019 12:00:07",                 Some(7)),
        ("dashes and a short year",          "Mon, 03-Jun-19 12:00:07 GMT",          Some(7)),
        ("RFC 850, a wrong weekday",         "Friday, 03-Jun-19 12:00:07 GMT",       Some(7)),
        ("asctime, one blank",               "Mon Jun 3 12:00:07 2019",              Some(7)),
        ("asctime, a wrong weekday",         "Fri Jun  3 12:00:07 2019",             Some(7)),
        ("in small letters",                 "mon, 03 jun 2019 12:00:07 gmt",        Some(7)),
        ("an hour of one digit",             "Tue, 04 Jun 2019 1:00:00 GMT",         Some(46_800)),
        ("a leap second",                    "Mon, 03 Jun 2019 12:00:60 GMT",        Some(60)),
        ("a leap second, RFC 850",           "Monday, 03-Jun-19 12:00:60 GMT",       Some(60)),
        ("a leap second, asctime",           "Mon Jun  3 12:00:60 2019",             Some(60)),
        ("a leap day",                       "29 Feb 2020 00:00:00 GMT",             Some(23_371_200)),
        ("gone by",                          "Sun, 2 Jun 2019 12:00:00 +0000",       Some(0)),
        ("no leap day",                      "29 Feb 2019 00:00:00 GMT",             None),
        ("no such day",                      "31 Jun 2019 12:00:00 GMT",             None),
        ("no day of nothing",                "0 Jun 2019 12:00:00 GMT",              None),
        ("no such hour",                     "3 Jun 2019 24:00:00 GMT",              None),
        ("no such minute",                   "3 Jun 2019 12:60:00 GMT",              None),
        ("no such second",                   "3 Jun 2019 12:00:61 GMT",              None),
        ("no such weekday",                  "Foo, 3 Jun 2019 12:00:00 GMT",         None),
        ("no such month",                    "3 Jux 2019 12:00:00 GMT",              None),
        ("a zone that several have",         "Mon, 3 Jun 2019 12:00:00 CST",         None),
        ("no such difference",               "Mon, 3 Jun 2019 12:00:00 +2400",       None),
        ("half a difference",                "Mon, 3 Jun 2019 12:00:00 +020",        None),
        ("two zones",                        "Mon, 3 Jun 2019 12:00:00 GMT UTC",     None),
        ("a year of three digits",           "Mon, 3 Jun 201 12:00:00 GMT",          None),
        ("before 1970",                      "Mon, 3 Jun 1969 12:00:00 GMT",         None),
        ("before 1970 by its zone",          "Thu, 1 Jan 1970 00:00:00 +0100",       None),
        ("no time",                          "Mon, 3 Jun 2019",                      None),
        ("no seconds",                       "Mon, 3 Jun 2019 12:00 GMT",            None),
        ("ISO 8601",                         "2019-06-03T12:00:07Z",                 None),
        ("ISO 8601 with a blank",            "2019-06-03 12:00:07",                  None),
        ("a weekday alone",                  "Mon",                                  None),
        ("numbers",                          "3 6 2019 12:00:07",                    None),
    ];
    for (why, value, seconds) in rows {
        let expected = seconds.map(Duration::from_secs);
        assert_eq!(hints::retry_after(value, NOW), expected, "{value:?}: {why}");
        // What is read in one field is read as the clock of the server, too.
        let told = headers(&[("retry-after", "Mon, 03 Jun 2019 12:00:07 GMT"), ("date", value)]);
        let since = seconds.map_or(7, |clock| 7_u64.saturating_sub(clock));
        if seconds != Some(0) {
            assert_eq!(hints::after(&told, NOW), Some(Duration::from_secs(since)), "{why}");
        }
    }
}

/// Why, the fields, the milliseconds.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], Option<u128>);

#[test]
#[rustfmt::skip]
fn fields_of_other_names() {
    let rows: [Row<'_>; 26] = [
        ("milliseconds",               &[("retry-after-ms", "1500")],                           Some(1_500)),
        ("milliseconds of Azure",      &[("x-ms-retry-after-ms", "20")],                        Some(20)),
        ("with a fraction",            &[("retry-after-ms", "1500.0")],                         Some(1_500)),
        ("no unit",                    &[("retry-after-ms", "20ms")],                           None),
        ("no sign",                    &[("x-ms-retry-after-ms", "-20")],                       None),
        ("no date",                    &[("retry-after-ms", "Mon, 03 Jun 2019 12:00:07 GMT")],  None),
        ("the longest of several",     &[("retry-after", "2"), ("retry-after-ms", "1500")],     Some(2_000)),
        ("in any order",               &[("retry-after", "1"), ("retry-after-ms", "1500")],     Some(1_500)),
        ("one that can be read",       &[("retry-after", "soon"), ("retry-after-ms", "1500")],  Some(1_500)),
        ("x-ratelimit",                &[("x-ratelimit-retry-after", "3.5")],                   Some(3_500)),
        ("x-rate-limit",               &[("x-rate-limit-retry-after", "3")],                    Some(3_000)),
        ("it wins over a reset",       &[("retry-after-ms", "5"), ("ratelimit-reset", "9")],    Some(5)),
        ("x-rate-limit-reset",         &[("x-rate-limit-reset", "30")],                         Some(30_000)),
        ("its Unix seconds",           &[("x-rate-limit-reset", "1559563230")],                 Some(30_000)),
        ("with nothing left",          &[("x-rate-limit-reset", "9"), ("x-rate-limit-remaining", "0")], Some(9_000)),
        ("with something left",        &[("x-rate-limit-reset", "9"), ("x-rate-limit-remaining", "1")], None),
        ("each has its own remaining", &[("x-rate-limit-reset", "9"), ("x-ratelimit-remaining", "1")],  Some(9_000)),
        ("reset-after",                &[("x-ratelimit-reset-after", "5.123")],                 Some(5_123)),
        ("reset-after of a hyphen",    &[("x-rate-limit-reset-after", "5")],                    Some(5_000)),
        ("reset-after is no time",     &[("x-ratelimit-reset-after", "2000000000")],            Some(2_000_000_000_000)),
        ("reset-after with a rest",    &[("x-ratelimit-reset-after", "5"), ("x-ratelimit-remaining", "1")], None),
        ("it is told more exactly",    &[("x-ratelimit-reset", "1559563206"), ("x-ratelimit-reset-after", "5.123")], Some(5_123)),
        ("of requests",                &[("x-ratelimit-reset-requests", "6m0s"), ("x-ratelimit-remaining-requests", "0")], Some(360_000)),
        ("of tokens, some are left",   &[("x-ratelimit-reset-tokens", "6m0s"), ("x-ratelimit-remaining-tokens", "9")],     None),
        ("of what is used up",         &[("x-ratelimit-reset-requests", "2s"), ("x-ratelimit-remaining-requests", "0"),
                                         ("x-ratelimit-reset-tokens", "6m0s"), ("x-ratelimit-remaining-tokens", "9")],     Some(2_000)),
        ("the standard one wins",      &[("ratelimit-reset", "5"), ("x-rate-limit-reset", "30")],                          Some(5_000)),
    ];
    for (why, fields, millis) in rows {
        assert_eq!(wait(fields), millis, "{fields:?}: {why}");
    }
}

#[test]
#[rustfmt::skip]
fn resets_as_servers_write_them() {
    let rows = [
        // why                            value                             milliseconds
        ("a fraction",                    "30.5",                           Some(30_500)),
        ("Unix seconds and a fraction",   "1559563205.123",                 Some(5_123)),
        ("Unix milliseconds",             "1559563205123",                  Some(5_123)),
        ("Go's duration",                 "6m0s",                           Some(360_000)),
        ("hours",                         "1h2m3s",                         Some(3_723_000)),
        ("seconds",                       "30s",                            Some(30_000)),
        ("parts of seconds",              "7.66s",                          Some(7_660)),
        ("milliseconds",                  "20ms",                           Some(20)),
        ("seconds and milliseconds",      "1s500ms",                        Some(1_500)),
        ("microseconds",                  "1500us",                         Some(1)),
        ("days",                          "1d12h",                          Some(129_600_000)),
        ("nothing",                       "0s",                             Some(0)),
        ("ISO 8601",                      "2019-06-03T12:00:30Z",           Some(30_000)),
        ("without seconds",               "2019-06-03T12:01Z",              Some(60_000)),
        ("with a fraction",               "2019-06-03T12:00:30.250Z",       Some(30_250)),
        ("of nanoseconds",                "2019-06-03T12:00:30.000000001Z", Some(30_000)),
        ("no zone",                       "2019-06-03T12:00:30",            Some(30_000)),
        ("a difference",                  "2019-06-03T14:00:30+02:00",      Some(30_000)),
        ("a difference without a colon",  "2019-06-03T07:00:30-0500",       Some(30_000)),
        ("a blank",                       "2019-06-03 12:00:30Z",           Some(30_000)),
        ("as Ruby writes it",             "2019-06-03 12:00:30 UTC",        Some(30_000)),
        ("as Ruby writes it",             "2019-06-03 12:00:30 +0000",      Some(30_000)),
        ("as Ruby writes it",             "2019-06-03 07:00:30 -0500",      Some(30_000)),
        ("a zone that several have",      "2019-06-03 12:00:30 CST",        None),
        ("two blanks",                    "2019-06-03 12:00:30  UTC",       None),
        ("a blank before a zone alone",   "2019-06-03T12:00:30 Z",          None),
        ("small letters",                 "2019-06-03t12:00:30z",           Some(30_000)),
        ("basic",                         "20190603T120030Z",               Some(30_000)),
        ("a leap second",                 "2019-06-03T12:00:60Z",           Some(60_000)),
        ("a date of HTTP",                "Mon, 03 Jun 2019 12:00:30 GMT",  Some(30_000)),
        ("just gone by",                  "2019-06-03T11:59:00Z",           Some(0)),
        ("microseconds",                  "1559563205123000",               None),
        ("17 digits",                     "15595632051230000",              None),
        ("nanoseconds",                   "1559563205123000000",            None),
        ("Unix seconds of nobody",        "999999999999",                   None),
        ("milliseconds long gone by",     "1000000000001",                  None),
        ("never",                         "9999-12-31T23:59:59Z",           None),
        ("no sign",                       "-30",                            None),
        ("no exponent",                   "3e1",                            None),
        ("no negative duration",          "-6m0s",                          None),
        ("no unit at the end",            "6m0",                            None),
        ("a unit alone",                  "s",                              None),
        ("an unknown unit",               "6y",                             None),
        ("units in another order",        "0s6m",                           None),
        ("a unit twice",                  "1s1s",                           None),
        ("blanks inside",                 "6m 0s",                          None),
        ("no such day",                   "2019-06-31T12:00:00Z",           None),
        ("no such month",                 "2019-13-03T12:00:00Z",           None),
        ("month nothing",                 "2019-00-03T12:00:00Z",           None),
        ("half a date",                   "2019-06T12:00:00Z",              None),
        ("a date alone",                  "2019-06-03",                     None),
        ("something behind it",           "2019-06-03T12:00:30Zx",          None),
        ("an empty fraction",             "2019-06-03T12:00:30.Z",          None),
        ("words",                         "in a minute",                    None),
        ("nothing at all",                "",                               None),
    ];
    for (why, value, millis) in rows {
        for name in ["x-ratelimit-reset", "x-rate-limit-reset"] {
            assert_eq!(wait(&[(name, value)]), millis, "{name}: {value:?}: {why}");
        }
        // What is no time of today is seconds there.
        let as_seconds = value.parse::<u128>().ok().filter(|_| !value.is_empty()).map(|seconds| seconds * 1_000);
        assert_eq!(wait(&[("ratelimit-reset", value)]), millis.or(as_seconds), "{value:?}: {why}");
        if !value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !value.starts_with("Mon") {
            assert_eq!(wait(&[("retry-after", value)]), None, "{value:?}: in reset fields only");
        }
    }
}

#[test]
fn what_cannot_be_read_speaks_against_nothing() {
    for value in ["0", "0.0", "00", "", "none", "0, 0", "-1", "n/a", "0;w=60"] {
        for (name, reset) in [
            ("ratelimit-remaining", "ratelimit-reset"),
            ("x-ratelimit-remaining", "x-ratelimit-reset"),
            ("x-ratelimit-remaining", "x-ratelimit-reset-after"),
            ("x-rate-limit-remaining", "x-rate-limit-reset"),
        ] {
            assert_eq!(wait(&[(name, value), (reset, "25")]), Some(25_000), "{name}: {value:?}");
        }
    }
    let reset = ("x-ratelimit-reset", "25");
    for age in ["", "none", "-1", "0", "0.0", "0, 0"] {
        assert_eq!(wait(&[reset, ("age", age)]), Some(25_000), "age {age:?}");
    }
    for (name, value) in
        [("x-ratelimit-remaining", "599.0"), ("x-ratelimit-remaining", "1"), ("age", "1.5")]
    {
        assert_eq!(wait(&[reset, (name, value)]), None, "{name}: {value:?} can be read");
    }
    let two = [reset, ("x-ratelimit-remaining", "none"), ("x-ratelimit-remaining", "3")];
    assert_eq!(wait(&two), None, "of two the one that can be read");
}

/// What is no text is what cannot be read: it is never another answer that comes of it.
#[test]
fn what_is_no_text_is_what_cannot_be_read() {
    let fields = [
        ("retry-after", "25"),
        ("retry-after", "Mon, 03 Jun 2019 12:00:25 GMT"),
        ("retry-after-ms", "25000"),
        ("x-ratelimit-reset", "25"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-remaining", "3"),
        ("ratelimit", "\"a\";r=0;t=25"),
        ("ratelimit", "limit=100, remaining=0, reset=25"),
        ("date", "Mon, 03 Jun 2019 11:00:00 GMT"),
        ("age", "1"),
    ];
    let mut differ = Vec::new();
    for (name, value) in fields {
        for before in [false, true] {
            let all = |odd: &[u8]| {
                let mut all = headers(&[("x-ratelimit-reset", "25"), ("retry-after", "9 s")]);
                let own = value.parse().unwrap();
                let odd = HeaderValue::from_bytes(odd).unwrap();
                let (one, two) = if before { (odd, own) } else { (own, odd) };
                all.append(name, one);
                all.append(name, two);
                hints::wait(&all, NOW)
            };
            for odd in [&b"\xff"[..], b"\xc3\xbc", b"25\xff"] {
                if all(odd) != all(b"?") {
                    differ.push((name, value, before, odd));
                }
            }
        }
    }
    assert!(differ.is_empty(), "{differ:?}");
    // Part of a line is lost, not the line.
    let line = HeaderValue::from_bytes("\"a\";r=0;t=25, \"ü\"".as_bytes()).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("ratelimit", line);
    assert_eq!(hints::wait(&headers, NOW), Some(Duration::from_secs(25)));
}

#[test]
#[rustfmt::skip]
fn the_rate_limit_of_draft_07() {
    let rows = [
        // why                         value                                              seconds
        ("as a middleware sends it",   "limit=100, remaining=0, reset=30",                Some(30)),
        ("in another order",           "reset=30, remaining=0, limit=100",                Some(30)),
        ("without blanks",             "limit=100,remaining=0,reset=30",                  Some(30)),
        ("something left",             "limit=100, remaining=3, reset=30",                None),
        ("nothing said of it",         "limit=100, reset=30",                             Some(30)),
        ("nothing readable",           "limit=100, remaining=none, reset=30",             Some(30)),
        ("with a point",               "limit=100, remaining=0.0, reset=30",              Some(30)),
        ("no time",                    "limit=100, remaining=0",                          None),
        ("no readable time",           "limit=100, remaining=0, reset=soon",              None),
        ("parameters",                 "limit=100;w=60;comment=\"a, b\", remaining=0;x, reset=30", Some(30)),
        ("other members",              "policy=\"a\", limit=100, remaining=0, reset=30",  Some(30)),
        ("the last of two",            "remaining=3, remaining=0, reset=9, reset=30",     Some(30)),
        ("a comma at the end",         "limit=100, remaining=0, reset=30,",               Some(30)),
        ("no value",                   "limit=100, remaining=0, reset=",                  None),
        ("semicolons",                 "limit=100; remaining=0; reset=30",                Some(30)),
        ("semicolons, something left", "limit=100; remaining=3; reset=30",                None),
        ("of two the readable one",    "remaining=0, reset=30, reset=soon, remaining=none", Some(30)),
    ];
    for (why, value, seconds) in rows {
        let expected = seconds.map(|seconds: u128| seconds * 1_000);
        assert_eq!(wait(&[("ratelimit", value)]), expected, "{value:?}: {why}");
    }
    let apart = [("ratelimit", "limit=9, remaining=0"), ("ratelimit", "reset=30")];
    assert_eq!(wait(&apart), Some(30_000), "on two lines");
    let both = [("ratelimit", "limit=9, remaining=0, reset=30"), ("ratelimit-reset", "5")];
    assert_eq!(wait(&both), Some(30_000), "it wins over the field of its own");
}

/// What no number holds is no time either: where the draft says seconds, they are as many, and over any cap; elsewhere, as any
/// time that no clock sees, it says nothing.
#[test]
fn what_is_too_large_to_count_is_over() {
    let longest = Some(Duration::from_secs(u64::MAX).as_millis());
    for value in ["99999999999999999999", "99999999999999999999999", "18446744073709551615.9"] {
        for name in ["ratelimit-reset", "x-ratelimit-reset-after", "retry-after"] {
            assert_eq!(
                wait(&[(name, value)]).max(longest),
                wait(&[(name, value)]),
                "{name}: {value}"
            );
        }
        for name in ["x-ratelimit-reset", "x-rate-limit-reset"] {
            assert_eq!(wait(&[(name, value)]), None, "{name}: {value}");
        }
        for text in [format!("\"a\";r=0;t={value}"), format!("remaining=0, reset={value}")] {
            assert_eq!(
                wait(&[("ratelimit", &text)]).max(longest),
                wait(&[("ratelimit", &text)]),
                "{text}"
            );
        }
    }
}

/// Where the draft says seconds, a number that is no time of today is as many of them, however it is written.
#[test]
fn what_is_no_time_of_today_is_seconds_where_they_are_meant() {
    for value in [
        "9999999999999",
        "99999999999999999",
        "9999999999999999",
        "100000000000",
        "9999999999999.5",
    ] {
        let seconds = value.split('.').next().unwrap().parse::<u128>().unwrap();
        for fields in [
            ("ratelimit-reset", value.to_owned()),
            ("ratelimit", format!("limit=10, remaining=0, reset={value}")),
        ] {
            let read = wait(&[(fields.0, &fields.1)]);
            assert!(read.is_some_and(|read| read / 1_000 == seconds), "{fields:?}: {read:?}");
        }
        for name in ["x-ratelimit-reset", "x-rate-limit-reset"] {
            assert_eq!(wait(&[(name, value)]), None, "{name}: {value}");
        }
    }
}

/// A number that a proxy joins to itself is one; of two that differ nobody knows which is meant.
#[test]
fn a_number_that_is_repeated_in_one_line_is_read() {
    let rows = [
        ("retry-after", "120, 120", Some(120_000)),
        ("retry-after", "60, 120", None),
        ("retry-after", "120, 120, 120.0", Some(120_000)),
        ("retry-after", "120, soon", None),
        ("retry-after", "120, ", None),
        ("retry-after", "1,5", None),
        ("retry-after", "\"120\"", None),
        ("retry-after", "+120", None),
        ("ratelimit-reset", "120, 60", None),
        ("ratelimit-reset", "120, 120", Some(120_000)),
        ("x-ratelimit-reset", "1559563230, 1559563230", Some(30_000)),
        ("x-ratelimit-reset-after", "5, 5", Some(5_000)),
        ("x-ratelimit-reset", "5, soon", None),
        ("retry-after", "120,120", Some(120_000)),
        ("retry-after", "120 ,\t120", Some(120_000)),
        ("retry-after", "60,120", None),
        ("retry-after", "120,", None),
        ("retry-after", ",120", None),
        ("ratelimit-reset", "120,120,120", Some(120_000)),
        ("x-ratelimit-reset", "1559563230,1559563230", Some(30_000)),
        (
            "retry-after",
            "Mon, 03 Jun 2019 12:00:30 GMT, Mon, 03 Jun 2019 12:00:30 GMT",
            Some(30_000),
        ),
        (
            "retry-after",
            "Mon, 03 Jun 2019 12:00:30 GMT,Mon, 03 Jun 2019 12:00:30 GMT",
            Some(30_000),
        ),
        ("retry-after", "Mon, 03 Jun 2019 12:00:30 GMT, Mon, 03 Jun 2019 12:00:31 GMT", None),
        ("retry-after", "Mon, 03 Jun 2019 12:00:30 GMT, Mon", None),
        ("x-ratelimit-reset", "2019-06-03T12:00:30Z,2019-06-03T12:00:30Z", Some(30_000)),
        ("x-ratelimit-reset-after", "6m0s, 6m0s", Some(360_000)),
    ];
    for (name, value, millis) in rows {
        assert_eq!(wait(&[(name, value)]), millis, "{name}: {value}");
    }
}

#[test]
fn times_and_names_that_further_servers_write() {
    let rows = [
        ("retry-after", "PT60S", None),
        ("x-retry-after", "7", Some(7_000)),
        ("x-ratelimit-reset-ms", "1500", Some(1_500)),
        ("x-ratelimit-reset-ms", "1559563230000", Some(30_000)),
        ("x-ratelimit-reset", "PT60S", Some(60_000)),
        ("x-ratelimit-reset-after", "PT1M30.5S", Some(90_500)),
        ("x-ratelimit-reset", "P1DT2H", Some(26 * 3_600_000)),
        ("x-ratelimit-reset", "P1D", Some(24 * 3_600_000)),
        ("x-ratelimit-reset", "P1M", None),
        ("x-ratelimit-reset", "P1Y", None),
        ("x-ratelimit-reset", "PT", None),
        ("x-ratelimit-reset", "P", None),
        ("x-ratelimit-reset", "P1DT", None),
        ("x-ratelimit-reset", "PT1MS", None),
        ("x-ratelimit-reset", "PT5", None),
        ("x-ratelimit-reset", "1T5S", None),
        ("anthropic-ratelimit-requests-reset", "2019-06-03T12:00:30Z", Some(30_000)),
        ("anthropic-ratelimit-tokens-reset", "2019-06-03T12:00:30Z", Some(30_000)),
    ];
    for (name, value, millis) in rows {
        assert_eq!(wait(&[(name, value)]), millis, "{name}: {value}");
    }
    let limits = |requests, tokens| {
        wait(&[
            ("anthropic-ratelimit-requests-remaining", requests),
            ("anthropic-ratelimit-requests-reset", "2019-06-03T12:00:30Z"),
            ("anthropic-ratelimit-tokens-remaining", tokens),
            ("anthropic-ratelimit-tokens-reset", "2019-06-03T12:00:10Z"),
        ])
    };
    assert_eq!(limits("5", "0"), Some(10_000), "of what is used up");
    assert_eq!(limits("0", "0"), Some(30_000), "the longest");
    assert_eq!(limits("5", "5"), None);
}

/// Quotas that say something, each with its seconds if it is used up.
const READABLE: [(&str, Option<u64>); 7] = [
    ("\"a\";r=0;t=5", Some(5)),
    ("b; t=9 ;r=0", Some(9)),
    ("\"c, \\\"d\\\";x\";r=0;pk=:YWJj=:;t=30", Some(30)),
    ("\"e\";r=7;t=99", None),
    ("\"f\";r=0;t=2;w=x=y", Some(2)),
    ("\"g\";r=0;t=9999999999999999", Some(9_999_999_999_999_999)),
    ("remaining=0;reset=11", Some(11)),
];

/// What nobody can read: it says nothing.
const UNREADABLE: [&str; 11] = [
    "",
    "\"x\"",
    "\"x\";r=x;t=90",
    "\"x\";r;t",
    "\"x\";t=90",
    "\"x\";r=-1;t=90",
    "=",
    ";;=;",
    "\"x\";r=\"0\";t=90",
    "x y z",
    "r==0;t=90",
];

proptest! {
    #![proptest_config(cases())]

    /// Of all the quotas of all lines the longest that can be read counts, whatever stands between them.
    #[test]
    fn what_cannot_be_read_takes_nothing_from_the_rest(
        members in prop::collection::vec((any::<bool>(), 0..84_usize, any::<bool>()), 1..8), open: bool,
    ) {
        let (mut lines, mut expected) = (vec![String::new()], None);
        for (is_readable, number, on_new_line) in members {
            if on_new_line {
                lines.push(String::new());
            }
            let member = if is_readable {
                let (text, seconds) = READABLE[number % READABLE.len()];
                expected = expected.max(seconds);
                text
            } else {
                UNREADABLE[number % UNREADABLE.len()]
            };
            let line = lines.last_mut().unwrap();
            *line = if line.is_empty() { member.into() } else { format!("{line}, {member}") };
        }
        if open {
            lines.last_mut().unwrap().push_str(", \"open;r=0;t=8");
        }
        let fields: Vec<_> = lines.iter().map(|line| ("ratelimit", line.as_str())).collect();
        let expected = expected.map(|seconds| u128::from(seconds) * 1_000);
        prop_assert_eq!(wait(&fields), expected, "{:?}", lines);
    }
}

proptest! {
    #![proptest_config(cases())]

    /// What a clock shows is read as that point in time, in all forms that tell it.
    #[test]
    fn every_form_of_a_date_is_the_same_moment(seconds in 0..3_000_000_000_u64, minutes in -1_439..1_440_i64) {
        let (Ok(ahead), Ok(shown)) = (u64::try_from(minutes.max(0)), u64::try_from((-minutes).max(0))) else { unreachable!() };
        let at = 86_400 + seconds;
        let local = at + ahead * 60 - shown * 60;
        let (date, clock) = (civil(local / 86_400), local % 86_400);
        let (h, m, s) = (clock / 3_600, clock / 60 % 60, clock % 60);
        let (year, month, day) = date;
        let name = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month - 1];
        let sign = if minutes < 0 { '-' } else { '+' };
        let (zh, zm) = ((ahead + shown) / 60, (ahead + shown) % 60);
        let start = Timestamp::new(Duration::from_secs(86_400));
        let expected = Some(Duration::from_secs(seconds));
        for text in [
            format!("{day} {name} {year} {h:02}:{m:02}:{s:02} {sign}{zh:02}{zm:02}"),
            format!("Wed, {day:02}-{name}-{year} {h:02}:{m:02}:{s:02} {sign}{zh:02}{zm:02}"),
        ] {
            prop_assert_eq!(hints::retry_after(&text, start), expected, "{}", text);
        }
        let iso = format!("{year}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}{sign}{zh:02}:{zm:02}");
        let read = hints::rate_limit(&headers(&[("x-ratelimit-reset", &iso)]), start);
        prop_assert_eq!(read, expected, "{}", iso);
    }

    /// Any companion that cannot be read leaves the wait as it is.
    #[test]
    fn no_text_speaks_against_a_reset(text in "[ -~]{0,12}", name in prop::sample::select(vec!["age", "x-ratelimit-remaining"])) {
        let number = text.trim_matches([' ', '\t']).parse::<f64>();
        prop_assume!(number.is_err());
        prop_assert_eq!(wait(&[("x-ratelimit-reset", "25"), (name, &text)]), Some(25_000));
    }
}

/// The date of a day since 1970, counted one by one.
fn civil(mut day: u64) -> (u64, usize, u64) {
    let (mut year, mut month) = (1970, 1);
    loop {
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        if day < lengths[month - 1] {
            return (year, month, day + 1);
        }
        day -= lengths[month - 1];
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    }
}
