//! A hint and the policy's own wait: which of them counts, and what is too much.

use std::time::Duration;

use crate::response::limit::Limit;
use crate::retry::{
    Condition, Decision, HintMode, Hints, HttpOutcome, Progress, Seconds, Stop, Wait,
};
use crate::{ErrorKind, RetryPolicy, StopReason};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;

use super::NOW;
use super::cases;

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

fn first() -> Progress {
    Progress { attempt_number: 1, ..Progress::default() }
}

fn decide(policy: &RetryPolicy, number: u16, fields: &[(&str, &str)], draw: f64) -> Decision {
    let headers = headers(fields);
    let outcome = HttpOutcome::answered(status(number), &headers);
    policy.decide(&outcome, &first(), NOW, &mut || draw)
}

#[test]
fn hints_and_own_waits() {
    let within = HintMode::Within { seconds: Seconds::new(5.0) };
    #[rustfmt::skip]
    let rows = [
        // why                                    mode                status  Retry-After  own  draw  wait
        ("the hint, not before its time",         HintMode::AtLeast,     503,      "30",     1,  0.0,  30.0),
        ("up to a tenth later",                   HintMode::AtLeast,     503,      "30",     1,  1.0,  33.0),
        ("the own wait if that is longer",        HintMode::AtLeast,     503,      "3",      9,  1.0,   9.0),
        ("the hint alone",                        HintMode::Replace,     503,      "3",      9,  0.0,   3.0),
        ("at once, if so told",                   HintMode::Replace,     503,      "0",      9,  1.0,   0.0),
        ("close to the own wait",                 within,                503,      "30",     9,  1.0,  14.0),
        ("never over the cap",                    HintMode::AtLeast,     429,      "58",     1,  1.0,  60.0),
        ("at the cap",                            HintMode::AtLeast,     429,      "60",     1,  1.0,  60.0),
        ("over the cap, but not over the own",    HintMode::AtLeast,     429,      "3600", 3600, 1.0, 3600.0),
        ("over the cap, cut by itself",           within,                429,      "3600",   1,  1.0,   6.0),
        ("too large to count, cut by itself",     within,                429, "99999999999999999999", 1, 0.0, 6.0),
        ("a status without hints",                HintMode::AtLeast,     500,      "30",     1,  1.0,   1.0),
        ("malformed",                             HintMode::Replace,     503,      "soon",   1,  1.0,   1.0),
    ];
    for (why, mode, number, value, own, draw, seconds) in rows {
        let policy = RetryPolicy {
            wait: Wait::fixed(own * SECOND),
            hints: Hints { mode, ..Hints::default() },
            ..RetryPolicy::default()
        };
        let headers = headers(&[("retry-after", value)]);
        let busy = HttpOutcome::answered(status(number), &headers);
        let decision = policy.decide(&busy, &first(), NOW, &mut || draw);
        let Decision::Retry { wait, .. } = decision else { panic!("{why}: {decision:?}") };
        assert!((wait.as_secs_f64() - seconds).abs() < 1e-6, "{why}: {wait:?}");
    }
    let policy = RetryPolicy { hints: Hints::none(), wait: Wait::None, ..RetryPolicy::default() };
    for hint in
        [("retry-after", "30"), ("x-ratelimit-reset", "30"), ("ratelimit", "\"a\";r=0;t=30")]
    {
        let headers = headers(&[hint]);
        let busy = HttpOutcome::answered(status(503), &headers);
        let heeded = RetryPolicy::default().decide(&busy, &first(), NOW, &mut || 1.0);
        assert!(matches!(heeded, Decision::Retry { hint: Some(_), .. }), "{hint:?}");
        let expected = Decision::Retry { wait: Duration::ZERO, hint: None };
        assert_eq!(policy.decide(&busy, &first(), NOW, &mut || 1.0), expected, "{hint:?}");
    }
}

#[test]
fn waits_that_do_not_fit_are_not_begun() {
    use StopReason::{Attempts, Deadline, HintTooLong};
    #[rustfmt::skip]
    let rows = [
        // why                                             own  hint   left   least  attempt  ends
        ("fits",                                             5, None,     6_000,   0,  1, None),
        ("not a moment would be left",                       5, None,     5_000,   0,  1, Some(Deadline)),
        ("one would",                                        5, None,     5_001,   0,  1, None),
        ("the least attempt fits no more",                   5, None,     6_000,  1_000, 1, Some(Deadline)),
        ("the least attempt fits",                           5, None,     6_001,  1_000, 1, None),
        ("the hint is too long",                             5, Some("9"), 9_000,  0,  1, Some(HintTooLong)),
        ("both are too long",                                5, Some("9"), 5_000,  0,  1, Some(Deadline)),
        ("a hint over the cap",                              5, Some("999"), 6_000, 0,  1, Some(HintTooLong)),
        ("a hint over the cap that would fit",               5, Some("999"), 9_999_999, 0, 1, Some(HintTooLong)),
        ("a hint over the cap, and the own is too long",     5, Some("999"), 5_000, 0,  1, Some(Deadline)),
        ("attempts come before the cap",                     5, Some("999"), 6_000, 0,  3, Some(Attempts)),
        ("attempts come first",                              5, None,     1_000,   0,  3, Some(Attempts)),
        ("no time left",                                     0, None,         0,   0,  1, Some(Deadline)),
    ];
    for (why, own, hint, left, least, attempt_number, ends) in rows {
        let policy = RetryPolicy {
            wait: Wait::fixed(own * SECOND),
            min_attempt: Duration::from_millis(least),
            ..RetryPolicy::default()
        };
        let fields: Vec<_> = hint.into_iter().map(|hint| ("retry-after", hint)).collect();
        let headers = headers(&fields);
        let busy = HttpOutcome::answered(status(503), &headers);
        let remaining = Some(Duration::from_millis(left));
        let progress = Progress { attempt_number, remaining, ..Progress::default() };
        let ended = match policy.decide(&busy, &progress, NOW, &mut || 0.0) {
            Decision::GiveUp { reason, hint: told, .. } => {
                assert_eq!(told.is_some(), hint.is_some(), "{why}: the hint is told");
                Some(reason)
            }
            Decision::Retry { .. } => None,
            Decision::Stand => panic!("{why}"),
        };
        assert_eq!(ended, ends, "{why}");
    }
}

/// Why, how, `Retry-After`, own wait, draw, wait under a cap.
type Over = (&'static str, HintMode, &'static str, u32, f64, f64);

#[rustfmt::skip]
const OVER: [Over; 6] = [
    ("there is jitter, too",       HintMode::AtLeast, "3600",                 1,  1.0, 54.0),
    ("at the cap",                 HintMode::AtLeast, "3600",                 1,  0.0, 60.0),
    ("a moment over",              HintMode::AtLeast, "60.000000001",         1,  0.0, 60.0),
    ("the own wait is longer",     HintMode::AtLeast, "3600",                 90, 0.0, 90.0),
    ("more than a number holds",   HintMode::Replace, "99999999999999999999", 1,  0.0, 60.0),
    ("a date far ahead",           HintMode::Replace, "Fri, 31 Dec 9999 23:59:59 GMT", 1, 0.0, 60.0),
];

#[test]
fn a_hint_over_the_cap_ends_the_call_or_is_cut() {
    for (why, mode, value, own, draw, seconds) in OVER {
        for give_up_over_cap in [true, false] {
            let hints = Hints { give_up_over_cap, mode, ..Hints::default() };
            let wait = Wait::fixed(own * SECOND);
            let policy = RetryPolicy { wait, hints, ..RetryPolicy::default() };
            match (give_up_over_cap, decide(&policy, 429, &[("retry-after", value)], draw)) {
                (true, Decision::GiveUp { reason, hint, .. }) => {
                    assert_eq!(reason, StopReason::HintTooLong, "{why}");
                    assert!(hint > Some(policy.hints.cap), "{why}: what was asked for is told");
                }
                (false, Decision::Retry { wait, .. }) => {
                    assert!((wait.as_secs_f64() - seconds).abs() < 1e-6, "{why}: {wait:?}");
                }
                (_, other) => panic!("{why}: {other:?}"),
            }
        }
    }
}

#[test]
fn no_cap_grants_what_cannot_be_counted() {
    let hints = Hints { cap: Duration::MAX, ..Hints::default() };
    let policy = RetryPolicy { hints, wait: Wait::None, ..RetryPolicy::default() };
    for (name, value) in [
        ("retry-after", "99999999999999999999"),
        ("retry-after", "99999999999999999999.5"),
        ("retry-after-ms", "99999999999999999999"),
        ("x-ratelimit-reset-after", "99999999999999999999h"),
    ] {
        let decision = decide(&policy, 429, &[(name, value)], 0.0);
        let reason = StopReason::HintTooLong;
        assert!(
            matches!(decision, Decision::GiveUp { reason: told, .. } if told == reason),
            "{name}: {value}: {decision:?}"
        );
    }
}

#[test]
fn what_becomes_of_a_long_hint_is_stored() {
    let read =
        |text: &str| RetryPolicy::from_json(text).map(|policy| policy.hints.give_up_over_cap);
    assert!(read("{}").unwrap());
    assert!(read(r#"{"hints": {"over_cap": "give_up"}}"#).unwrap());
    assert!(!read(r#"{"hints": {"over_cap": "cap"}}"#).unwrap());
    assert_eq!(read(r#"{"hints": {"over_cap": "cut"}}"#).unwrap_err().kind(), ErrorKind::Policy);
    let hints = Hints { give_up_over_cap: false, ..Hints::default() };
    assert!(serde_json::to_string(&hints).unwrap().contains(r#""over_cap":"cap""#));
}

proptest! {
    #![proptest_config(cases())]

    /// Nobody comes back earlier than asked, but where the policy says so.
    #[test]
    fn never_earlier_than_asked(
        whole in any::<u64>(), digits in 1..21_usize, fraction in 0..1000_u32, own in 0..200_u32, cap in 0..100_u64,
        draw in 0.0..1.0_f64, replaces in any::<bool>(),
    ) {
        let whole: String = whole.to_string().chars().take(digits).collect();
        let asked = Seconds::new(whole.parse::<f64>().unwrap()).to_duration();
        let mode = if replaces { HintMode::Replace } else { HintMode::AtLeast };
        let hints = Hints { cap: Duration::from_secs(cap), mode, ..Hints::default() };
        let policy = RetryPolicy { wait: Wait::fixed(own * SECOND), stop: Stop::Never, hints, ..RetryPolicy::default() };
        match decide(&policy, 503, &[("retry-after", &format!("{whole}.{fraction:03}"))], draw) {
            Decision::Retry { wait, hint } => prop_assert!(wait >= asked && wait >= hint.unwrap()),
            Decision::GiveUp { reason, hint, .. } => {
                prop_assert_eq!(reason, StopReason::HintTooLong);
                prop_assert!(hint.unwrap() > policy.hints.cap);
            }
            Decision::Stand => prop_assert!(false, "a 503 is worth a retry"),
        }
    }
}

/// Why, the status, the fields, whether the server asks for less.
type Row<'a> = (&'a str, u16, &'a [(&'a str, &'a str)], bool);

#[test]
fn answers_that_say_that_nothing_remains() {
    let limited = Condition::RateLimited;
    let none = [("x-ratelimit-remaining", "0")];
    #[rustfmt::skip]
    let rows: [Row<'_>; 17] = [
        ("a 429 says it by itself",          429, &[],                                             true),
        ("also with something left",         429, &[("x-ratelimit-remaining", "3")],               true),
        ("a 403 with nothing left",          403, &none,                                           true),
        ("another error with nothing left",  503, &none,                                           true),
        ("a 403 with something left",        403, &[("x-ratelimit-remaining", "3")],               false),
        ("a 403 that says nothing",          403, &[],                                             false),
        ("a number nobody can read",         403, &[("x-ratelimit-remaining", "none")],            false),
        ("the last one that was allowed",    200, &none,                                           false),
        ("a redirect",                       302, &none,                                           false),
        ("with a point",                     403, &[("x-ratelimit-remaining", "0.0")],             true),
        ("another hyphen",                   403, &[("x-rate-limit-remaining", "0")],              true),
        ("the standard, a list",             403, &[("ratelimit", "\"a\";r=9, \"b\";r=0;t=5")],    true),
        ("the standard, a dictionary",       403, &[("ratelimit", "limit=9, remaining=0, reset=5")], true),
        ("a time that cannot be read",       403, &[("ratelimit", "\"a\";r=0;t=soon")],            true),
        ("a time with a point",              403, &[("ratelimit", "\"a\";r=0;t=30.5")],            true),
        ("a quota that cannot be read",      403, &[("ratelimit", "\"a\";r=x, \"b\";r=0")],        true),
        ("out of a cache",                   403, &[none[0], ("age", "9")],                        false),
    ];
    for (why, number, fields, holds) in rows {
        let headers = headers(fields);
        let outcome = HttpOutcome::answered(status(number), &headers);
        assert_eq!(limited.holds(&outcome), holds, "{why}");
    }
    let text = r#"{"type":"rate_limited"}"#;
    assert_eq!(serde_json::to_string(&limited).unwrap(), text);
    assert_eq!(serde_json::from_str::<Condition>(text).unwrap(), limited);
}

#[test]
fn a_quota_that_is_used_up_is_waited_for_whatever_the_status() {
    let policy = RetryPolicy {
        when: RetryPolicy::default().when | Condition::RateLimited,
        wait: Wait::None,
        ..RetryPolicy::default()
    };
    let (left, reset) = ("x-ratelimit-remaining", ("x-ratelimit-reset", "30"));
    let rows = [
        (403, "0", Decision::Retry { wait: 30 * SECOND, hint: Some(30 * SECOND) }),
        (500, "0", Decision::Retry { wait: 30 * SECOND, hint: Some(30 * SECOND) }),
        (403, "14", Decision::Stand),
        (500, "14", Decision::Retry { wait: Duration::ZERO, hint: None }),
    ];
    for (number, remaining, expected) in rows {
        let decision = decide(&policy, number, &[(left, remaining), reset], 0.0);
        assert_eq!(decision, expected, "{number}, {remaining} left");
    }
    let none = RetryPolicy { hints: Hints::none(), ..policy };
    let expected = Decision::Retry { wait: Duration::ZERO, hint: None };
    assert_eq!(decide(&none, 403, &[(left, "0"), reset], 0.0), expected);
}

#[test]
fn a_hint_is_heeded_unless_there_is_no_time_for_it() {
    let headers = headers(&[("retry-after", "30")]);
    let busy = HttpOutcome::answered(status(503), &headers);
    let (wait, hint) = (33 * SECOND, Some(30 * SECOND));
    let decide = |progress| RetryPolicy::default().decide(&busy, &progress, NOW, &mut || 1.0);
    assert_eq!(decide(first()), Decision::Retry { wait, hint });
    let hurry = Progress { remaining: Some(10 * SECOND), ..first() };
    let limit = Some(Limit::Deadline(wait));
    assert_eq!(decide(hurry), Decision::GiveUp { reason: StopReason::HintTooLong, hint, limit });
}
