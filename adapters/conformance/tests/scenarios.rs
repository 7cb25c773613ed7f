//! The scenarios over the mock: the blocking driver decides as the async one, and they cover what they claim.

use std::sync::LazyLock;

use http_hook::{SendCause, Sent, StopReason, WaitReason};
use http_hook_conformance::scenarios::{self, Entry, SCENARIOS, Trace, What, blocking};

/// What every scenario has to leave, by its seed.
static REFERENCES: LazyLock<Vec<Trace>> =
    LazyLock::new(|| (0..SCENARIOS).map(scenarios::reference).collect());

#[test]
fn both_drivers_leave_the_same_trace() {
    for (seed, reference) in (0..).zip(&*REFERENCES) {
        let difference = blocking::trace(seed).leaves(reference);
        assert!(difference.is_none(), "scenario {seed}\n{}", difference.unwrap_or_default());
    }
}

#[test]
fn a_seed_is_always_the_same_scenario() {
    for seed in 0..20 {
        assert_eq!(scenarios::reference(seed), scenarios::reference(seed), "scenario {seed}");
    }
    assert_ne!(scenarios::reference(0), scenarios::reference(1));
}

#[test]
fn nothing_happens_that_must_never_be() {
    for (seed, trace) in REFERENCES.iter().enumerate() {
        let wrong = |entry: &&Entry| match &entry.what {
            What::Wrong { .. } | What::Dropped { .. } => true,
            What::Error { kind, .. } | What::Broken { kind, .. } => *kind == "bug",
            _ => false,
        };
        assert_eq!(trace.entries().iter().find(wrong), None, "scenario {seed}\n{trace}");
    }
}

/// Whether an entry is of a kind.
type Is = fn(&What) -> bool;

/// What the scenarios are for, and in how many of them it happens at least.
#[rustfmt::skip]
const REACH: &[(&str, usize, Is)] = &[
    // what                          at least  is
    ("calls",                        500,      |what| matches!(what, What::Call { .. })),
    ("first sends",                  290,      |what| cause(what, SendCause::First)),
    ("retries",                      140,      |what| cause(what, SendCause::Retry)),
    ("redirects",                    70,       |what| cause(what, SendCause::Redirect)),
    ("redirects to another origin",  30,       |what| cause(what, SendCause::Redirect) && line(what).contains("//other/")),
    ("redirects that are refused",   10,       |what| cause(what, SendCause::Redirect) && line(what).contains("//dead/")),
    ("challenges answered",          30,       |what| cause(what, SendCause::Challenge)),
    ("tokens asked for",             50,       |what| cause(what, SendCause::Token)),
    ("waits of the policy",          120,      |what| waits(what, WaitReason::Backoff)),
    ("waits that the server asks",   50,       |what| waits(what, WaitReason::Hint)),
    ("waits for the rate limit",     19,       |what| waits(what, WaitReason::RateLimit)),
    ("sleeps",                       150,      |what| matches!(what, What::Slept { .. })),
    ("connections refused",          18,       |what| error(what, "connect", Sent::No)),
    ("connections broken off",       40,       |what| error(what, "interrupted", Sent::Maybe)),
    ("garbage",                      17,       |what| error(what, "protocol", Sent::Maybe)),
    ("bodies broken off",            60,       |what| error(what, "body", Sent::Yes)),
    ("bodies too long",              13,       |what| error(what, "limit", Sent::Yes)),
    ("streams broken off",           7,        |what| matches!(what, What::Broken { .. })),
    ("answers",                      190,      |what| matches!(what, What::Answered { .. })),
    ("answers after redirects",      30,       |what| matches!(what, What::Answered { history, .. } if !history.is_empty())),
    ("bodies from a source",         50,       |what| matches!(what, What::Opened)),
    ("streams sent",                 40,       |what| matches!(what, What::Request { body, .. } if body.contains("stream"))),
    ("large bodies sent",            19,       |what| matches!(what, What::Request { body, .. } if body.starts_with("100000"))),
    ("cookies sent",                 90,       |what| sends_header(what, "cookie")),
    ("credentials sent",             170,      |what| sends_header(what, "authorization")),
    ("idempotency keys sent",        100,      |what| sends_header(what, "idempotency-key")),
    ("attempts told",                50,       |what| sends_header(what, "x-attempt")),
    ("deadlines told",               180,      |what| matches!(what, What::Request { limits, .. } if !limits.contains("total: None"))),
    ("sources that fail",            14,       |what| error(what, "request_body", Sent::No)),
    ("HEAD",                         19,       |what| line(what).starts_with("HEAD")),
    ("seen at home",                 280,      |what| seen(what, "Home")),
    ("seen elsewhere",               30,       |what| seen(what, "Other")),
    ("seen by the token endpoint",   50,       |what| seen(what, "Token")),
    ("accepted",                     200,      |what| matches!(what, What::Accepted { .. })),
    ("invalid",                      20,       |what| stops(what, StopReason::Invalid)),
    ("rejected",                     110,      |what| stops(what, StopReason::Rejected)),
    ("attempts used up",             50,       |what| stops(what, StopReason::Attempts)),
    ("time used up",                 16,       |what| stops(what, StopReason::Deadline)),
    ("hints too long",               6,        |what| stops(what, StopReason::HintTooLong)),
    ("budget empty",                 9,        |what| stops(what, StopReason::Budget)),
    ("breaker open",                 12,       |what| stops(what, StopReason::Breaker)),
    ("rate limited",                 2,        |what| stops(what, StopReason::RateLimit)),
    ("not idempotent",               20,       |what| stops(what, StopReason::NotIdempotent)),
    ("body not replayable",          7,        |what| stops(what, StopReason::BodyNotReplayable)),
    ("stopped by code",              7,        |what| stops(what, StopReason::Stopped)),
    ("cancelled by an event",        7,        |what| stops(what, StopReason::Cancelled)),
    ("redirect not followed",        20,       |what| stops(what, StopReason::Redirect)),
    ("not authorized",               11,       |what| stops(what, StopReason::Auth)),
    ("sends used up",                2,        |what| stops(what, StopReason::MaxSends)),
];

/// Each way for a call to end has its row.
#[test]
fn the_scenarios_cover_what_they_claim() {
    let mut hollow = Vec::new();
    for (name, least, is) in REACH {
        let happens = |trace: &&Trace| trace.entries().iter().any(|entry| is(&entry.what));
        let count = REFERENCES.iter().filter(happens).count();
        println!("{count:>3}, at least {least:>3}: {name}");
        if count < *least {
            hollow.push(name);
        }
    }
    assert!(hollow.is_empty(), "too few of {hollow:?}");
}

fn cause(what: &What, own: SendCause) -> bool {
    matches!(what, What::Send { cause, .. } if *cause == own)
}

fn line(what: &What) -> &str {
    match what {
        What::Send { line, .. } => line,
        _ => "",
    }
}

fn waits(what: &What, own: WaitReason) -> bool {
    matches!(what, What::Wait { reason, .. } if *reason == own)
}

fn error(what: &What, own: &str, was: Sent) -> bool {
    matches!(what, What::Error { kind, sent } if *kind == own && *sent == was)
}

fn sends_header(what: &What, own: &str) -> bool {
    matches!(what, What::Request { headers, .. } if headers.iter().any(|(name, _)| name == own))
}

fn seen(what: &What, own: &str) -> bool {
    matches!(what, What::Seen { place, .. } if place == own)
}

fn stops(what: &What, own: StopReason) -> bool {
    matches!(what, What::GaveUp { reason, .. } if *reason == own)
}
