//! Stored calls that somebody changed.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_hook::RetryPolicy;
use http_hook::body::Payload;
use http_hook::hook::Defaults;
use http_hook::retry::{Condition, HintMode, Hints, Stop, Wait};
use http_hook::{Call, Connection, Error, Hook, RequestPlan, Step, Timestamp};
use serde_json::{Value, json};

use super::{Judged, judge, mutations};
use crate::recorded::case::Case;
use crate::recorded::report::Verdict;
use crate::recorded::values::text;

/// The attempts of the base call.
const ATTEMPTS: u32 = 5;
/// The longest wait of the base call.
const LONGEST: Duration = Duration::from_secs(60);
/// When the first attempt is made.
const START: Timestamp = Timestamp::new(Duration::from_secs(1_700_000_000));

/// A policy of five attempts, with waits between two bounds and hints up to the longer of them.
pub(crate) fn policy(shortest: Duration, longest: Duration, hint: Duration) -> RetryPolicy {
    RetryPolicy {
        when: Condition::statuses(&[503]),
        wait: Wait::Random { min: shortest.into(), max: longest.into() },
        stop: Stop::after_attempt(ATTEMPTS),
        hints: Hints { cap: hint, jitter: 0.0, mode: HintMode::Replace, ..Hints::default() },
        ..RetryPolicy::default()
    }
}

/// Runs one case: each of the changed texts on its own.
pub(crate) fn run(case: &Case) -> Verdict {
    let hook = hook();
    let stored = stored(&hook);
    if case.input["inspect"] == true {
        let secret = case.input["secret"].as_str().unwrap_or_default();
        let shown = json!({"contains_secret": contains(&stored, secret)});
        return judge(case, Judged::taken(shown), Duration::ZERO);
    }
    let operations = case.input["mutate"].as_array().map(Vec::as_slice).unwrap_or_default();
    let raw = case.input.get("raw").map(|raw| text(raw).into_iter().collect());
    let texts: Vec<String> = raw.unwrap_or_else(|| mutations(&stored, operations));
    let later = case.input["resume_after_ms"].as_i64().unwrap_or_default();
    for changed in texts {
        let unchanged = changed == stored;
        let judged = match Call::resume(&hook, &changed, shifted(START, later)) {
            Ok(call) => go_on(&hook, call, shifted(START, later)),
            Err(error) => Judged::from(&error as &Error),
        };
        // An operation that found no place to act on leaves the state as it is: then it has to resume.
        let verdict = match (&judged.result, unchanged, case.expect.as_str()) {
            (Ok(_), true, "reject") => Verdict::Passed,
            _ => judge(case, judged, Duration::ZERO),
        };
        if verdict != Verdict::Passed {
            return verdict;
        }
    }
    Verdict::Passed
}

fn hook() -> Hook {
    let connection = Connection::new()
        .with_host("https://api.example.com")
        .with_login("svc")
        .with_password("pw-5b0c9e")
        .with_id("api")
        .expect("an id");
    Hook::builder(&connection).defaults(Defaults::airflow()).build().expect("a hook")
}

/// The base call, answered once with 503 and stored while it waits.
fn stored(hook: &Hook) -> String {
    let plan = RequestPlan::get("/v1/jobs").retry(policy(Duration::from_secs(1), LONGEST, LONGEST));
    let Step::Send { attempt, .. } = Call::new(hook, plan, 1, START).step(hook, START) else {
        panic!("nothing is sent");
    };
    let Step::Wait { call, .. } = attempt.finish(hook, Ok(unavailable()), START) else {
        panic!("nothing is waited for");
    };
    call.store(hook).expect("a stored call")
}

fn unavailable() -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    answer
}

fn shifted(time: Timestamp, millis: i64) -> Timestamp {
    let by = Duration::from_millis(millis.unsigned_abs());
    let since = time.since_epoch();
    Timestamp::new(if millis < 0 { since.saturating_sub(by) } else { since.saturating_add(by) })
}

/// Goes on with a call that was read back, against a server that is never available.
fn go_on(hook: &Hook, call: Call, mut now: Timestamp) -> Judged {
    let (mut sends, mut bounded, mut safe) = (1_u32, true, true);
    let mut step = call.step(hook, now);
    loop {
        step = match step {
            Step::Send { request, attempt, .. } => {
                sends += 1;
                safe &= is_safe(&request);
                attempt.finish(hook, Ok(unavailable()), now)
            }
            Step::Wait { call, wait, .. } => {
                bounded &= wait <= LONGEST;
                now = now.after(wait);
                call.step(hook, now)
            }
            Step::Done(_) => break,
        };
        if sends > 2 * ATTEMPTS {
            break;
        }
    }
    Judged::taken(json!({"resumes": sends > 1}))
        .unless(bounded, "bounded-delay")
        .unless(sends <= ATTEMPTS, "no-extra-attempts")
        .unless(safe, "no-credentials-cross-origin")
}

/// Credentials go to the origin of the connection only.
fn is_safe(request: &Request<Payload>) -> bool {
    let uri = request.uri();
    let home = uri.scheme_str() == Some("https")
        && uri.host() == Some("api.example.com")
        && uri.port_u16().unwrap_or(443) == 443;
    let names = ["authorization", "proxy-authorization", "cookie"];
    home || names.iter().all(|name| !request.headers().contains_key(*name))
}

/// Looks for a secret as it is and in base64, alone and as `login:password`.
fn contains(stored: &str, secret: &str) -> bool {
    let forms = [
        secret.to_owned(),
        STANDARD.encode(secret).trim_end_matches('=').to_owned(),
        STANDARD.encode(format!("svc:{secret}")).trim_end_matches('=').to_owned(),
    ];
    let value: Value = serde_json::from_str(stored).expect("a stored call is JSON");
    forms.iter().any(|form| stored.contains(form) || value.to_string().contains(form))
}
