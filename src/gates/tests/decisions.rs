//! The whole table of retry decisions: method x outcome x policy x budget x attempt, against an independent model.
//!
//! The model is slow and simple: it knows lists of statuses and strings, no conditions, no gates.

use std::time::Duration;

use crate::RetryPolicy;
use crate::gates::{BucketSettings, GateSettings, Gates};
use crate::retry::{Condition, Decision, HttpOutcome, Progress, Stop, Wait, is_idempotent};
use crate::transport::TimeoutPhase;
use crate::{Sent, StopReason, TransportError, TransportErrorKind};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::NOW;

const METHODS: [&str; 10] =
    ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY", "POST", "PATCH", "PURGE"];
const STATUSES: [u16; 22] = [
    200, 204, 301, 400, 401, 403, 404, 408, 409, 413, 421, 422, 425, 428, 429, 500, 501, 502, 503,
    504, 505, 599,
];
const POLICIES: [&str; 5] = ["default", "never", "always", "five", "2 s deadline"];
const BUDGETS: [&str; 3] = ["none", "full", "empty"];
const ATTEMPTS: [u32; 4] = [1, 2, 3, u32::MAX];

/// One outcome: a status with or without a hint of 30 s, or an error.
#[derive(Clone, Copy, Debug)]
enum Came {
    Status(u16),
    Hinted(u16),
    Error(TransportErrorKind, Sent),
}

fn outcomes() -> Vec<Came> {
    use TimeoutPhase::{Connect, Head};
    use TransportErrorKind as Kind;
    let errors = [
        (Kind::Dns, Sent::No),
        (Kind::Connect, Sent::No),
        (Kind::Timeout(Connect), Sent::No),
        (Kind::Timeout(Head), Sent::Maybe),
        (Kind::Interrupted, Sent::Maybe),
        (Kind::Body, Sent::Yes),
        (Kind::Tls, Sent::No),
        (Kind::Limit, Sent::Yes),
        (Kind::Cancelled, Sent::Maybe),
    ];
    let hinted = [200, 413, 429, 500, 503].map(Came::Hinted);
    let statuses = STATUSES.into_iter().map(Came::Status);
    let errors = errors.into_iter().map(|(kind, sent)| Came::Error(kind, sent));
    statuses.chain(hinted).chain(errors).collect()
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stands,
    Again,
    Ends(StopReason),
}

// --- the library

fn policy(name: &str) -> RetryPolicy {
    let default = RetryPolicy::default();
    match name {
        "never" => RetryPolicy::never(),
        "always" => RetryPolicy { when: Condition::Always, stop: Stop::Never, ..default },
        "five" => RetryPolicy {
            when: default.when | Condition::statuses(&[409]),
            stop: Stop::after_attempt(5),
            wait: Wait::fixed(Duration::from_secs(1)),
            ..RetryPolicy::default()
        },
        _ => default,
    }
}

fn gates(name: &str) -> Gates {
    let bucket = match name {
        "none" => None,
        "full" => Some(BucketSettings::default()),
        _ => Some(BucketSettings { capacity: 0, ..BucketSettings::default() }),
    };
    Gates::new(&GateSettings { bucket, ..GateSettings::none() }).unwrap()
}

/// The order of the machine: the policy, whether it may be sent twice, the budget.
fn decided(
    method: &Method,
    came: Came,
    policy_name: &str,
    budget: &str,
    attempt_number: u32,
) -> Fate {
    let mut headers = HeaderMap::new();
    if matches!(came, Came::Hinted(_)) {
        headers.insert("retry-after", HeaderValue::from_static("30"));
    }
    let error = match came {
        Came::Error(kind, sent) => TransportError::new(kind, sent),
        _ => TransportError::new(TransportErrorKind::Bug, Sent::Maybe),
    };
    let outcome = match came {
        Came::Status(status) | Came::Hinted(status) => {
            HttpOutcome::answered(StatusCode::from_u16(status).unwrap(), &headers)
        }
        Came::Error(..) => HttpOutcome::lost(&error),
    };
    let remaining = (policy_name == "2 s deadline").then_some(Duration::from_secs(2));
    let progress = Progress { attempt_number, remaining, ..Progress::default() };
    match policy(policy_name).decide(&outcome, &progress, NOW, &mut || 0.5) {
        Decision::Stand => Fate::Stands,
        Decision::GiveUp { reason, .. } => Fate::Ends(reason),
        Decision::Retry { .. } if !is_idempotent(method) && outcome.sent() != Sent::No => {
            Fate::Ends(StopReason::NotIdempotent)
        }
        Decision::Retry { .. } => match gates(budget).retry(outcome.class(), NOW) {
            Ok(_) => Fate::Again,
            Err(reason) => Fate::Ends(reason),
        },
    }
}

// --- the model

fn modelled(method: &str, came: Came, policy: &str, budget: &str, attempt: u32) -> Fate {
    if !worth(came, policy, attempt) {
        return Fate::Stands;
    }
    let most = match policy {
        "always" => u64::MAX,
        "five" => 5,
        _ => 3,
    };
    if u64::from(attempt) >= most {
        return Fate::Ends(StopReason::Attempts);
    }
    if policy == "2 s deadline" && matches!(came, Came::Hinted(413 | 429 | 503)) {
        return Fate::Ends(StopReason::HintTooLong);
    }
    let safe = "GET HEAD OPTIONS TRACE PUT DELETE QUERY".split(' ').any(|one| one == method);
    let unsent = match came {
        Came::Status(status) | Came::Hinted(status) => status == 421 || status == 425,
        Came::Error(_, sent) => sent == Sent::No,
    };
    match (safe || unsent, budget) {
        (false, _) => Fate::Ends(StopReason::NotIdempotent),
        (true, "empty") => Fate::Ends(StopReason::Budget),
        (true, _) => Fate::Again,
    }
}

fn worth(came: Came, policy: &str, attempt: u32) -> bool {
    let name = match came {
        Came::Status(status) | Came::Hinted(status) => status.to_string(),
        Came::Error(kind, _) => kind.name().to_owned(),
    };
    let listed = |list: &str| list.split(' ').any(|one| one == name);
    let usual = "408 429 500 502 503 504 dns connect connect_timeout head_timeout interrupted body";
    let once = attempt == 1 && listed("421 425");
    match policy {
        "never" => false,
        "always" => true,
        "five" => listed(usual) || listed("409") || once,
        _ => listed(usual) || once,
    }
}

#[test]
fn every_cell() {
    let mut cells = 0;
    for method in METHODS {
        let parsed: Method = method.parse().unwrap();
        for came in outcomes() {
            for policy in POLICIES {
                for budget in BUDGETS {
                    for attempt in ATTEMPTS {
                        let cell = (method, came, policy, budget, attempt);
                        let got = decided(&parsed, came, policy, budget, attempt);
                        assert_eq!(
                            got,
                            modelled(method, came, policy, budget, attempt),
                            "{cell:?}"
                        );
                        cells += 1;
                    }
                }
            }
        }
    }
    assert_eq!(cells, 21_600);
}
