//! A Retry-After field, through the machine: one answer 503, and the wait that follows.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response};
use http_hook::hook::Defaults;
use http_hook::{Call, Hook, RequestPlan, Step, Timestamp, WaitReason};
use serde_json::{Value, json};

use super::Judged;
use crate::recorded::hostile::state::policy;
use crate::recorded::values::text_bytes;

/// Gives the wait, or that the field is ignored.
pub(crate) fn retry_after(input: &Value) -> Judged {
    let Ok(value) = HeaderValue::from_bytes(&text_bytes(&input["value"])) else {
        return ignored();
    };
    let longest = Duration::from_millis(input["max_delay_ms"].as_u64().expect("a limit"));
    let now = instant(input["now"].as_str().expect("a time"));
    let hook = Hook::builder(&http_hook::Connection::new().with_host("https://api.example.com"))
        .defaults(Defaults::airflow())
        .build()
        .expect("a hook");
    let plan = RequestPlan::get("v1/jobs").retry(policy(Duration::ZERO, Duration::ZERO, longest));
    let Step::Send { attempt, .. } = Call::new(&hook, plan, 1, now).step(&hook, now) else {
        panic!("nothing is sent");
    };
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
    answer.headers_mut().insert("retry-after", value);
    match attempt.finish(&hook, Ok(answer), now) {
        Step::Wait { wait, reason: WaitReason::Hint, .. } => {
            let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            Judged::taken(json!({"delay_ms": millis})).unless(wait <= longest, "bounded-delay")
        }
        Step::Wait { wait, .. } => ignored().unless(wait <= longest, "bounded-delay"),
        // A hint that is longer than the limit may end the call, and a wait of nothing may be none.
        Step::Send { .. } | Step::Done(_) => ignored(),
    }
}

fn ignored() -> Judged {
    Judged { result: Err(vec!["the field is ignored".into()]), broken: Vec::new() }
}

/// Reads `2026-05-04T08:00:00Z`: the days of a date are counted from 1 March of the year 0.
fn instant(text: &str) -> Timestamp {
    let numbers: Vec<u64> =
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    let [year, month, day, hour, minute, second, ..] = numbers[..] else {
        panic!("no time: {text}")
    };
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let days_to_epoch = 719_468;
    let seconds = (days - days_to_epoch) * 86_400 + hour * 3_600 + minute * 60 + second;
    Timestamp::new(Duration::from_secs(seconds))
}
