//! A call as it went against a call as it was recorded.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::response::Reason;
use http_hook::response::text;
use serde_json::{Value, json};

use super::{Made, Outcome, refuses, sent};
use crate::recorded::compare::difference;
use crate::recorded::report::Verdict;

/// Compares a call with what was recorded.
pub(super) fn compare(expected: &Value, made: &Made) -> Verdict {
    let outcome = match last_outcome(&expected["outcome"], made) {
        Ok(outcome) => outcome,
        Err(verdict) => return verdict,
    };
    let verdict = match &made.outcome {
        Outcome::Fault(fault) => refuses(outcome, fault),
        Outcome::Answer(response) => answered(&outcome["ok"], outcome, response, made),
        Outcome::Value(value) => told(&outcome["ok"]["value"], value),
    };
    if verdict != Verdict::Passed {
        return verdict;
    }
    let recorded = expected["base_url"].as_str().map(without_user_info);
    let base_url = made.base_url.as_ref().zip(recorded);
    if let Some((got, recorded)) = base_url.filter(|(got, recorded)| recorded != *got) {
        return Verdict::differs(format!("base_url {recorded}"), got);
    }
    let verdict = requests(expected, made);
    if made.gave_up.is_none() || verdict != Verdict::Passed {
        return verdict;
    }
    wrapped(&expected["outcome"]["error"], made)
}

/// Looks into the wrapper around a run that was given up: what its last attempt came to.
fn last_outcome<'a>(outcome: &'a Value, made: &Made) -> Result<&'a Value, Verdict> {
    let error = &outcome["error"];
    match made.gave_up {
        None => Ok(outcome),
        Some(number) if error["kind"] == "retry_exhausted" => {
            let number = json!({"attempt_number": number});
            difference(&json!({"attempt_number": error["attempt_number"]}), &number)
                .map_or(Ok(&error["last"]), Err)
        }
        Some(number) => {
            let got = format!("error: given up after attempt {number}");
            Err(Verdict::differs(outcome.to_string(), got))
        }
    }
}

/// Compares what is printed of a run that was given up, where all else is alike (D22).
fn wrapped(error: &Value, made: &Made) -> Verdict {
    let got = match &made.outcome {
        Outcome::Fault(fault) => fault.message.clone(),
        Outcome::Answer(response) => format!("the answer {}", response.status().as_u16()),
        Outcome::Value(value) => value.to_string(),
    };
    match error["message"].as_str() {
        Some(text) if text != got => Verdict::differs(format!("{WRAPPER}{text:?}"), got),
        _ => Verdict::Passed,
    }
}

/// What a difference in nothing but the wrapper's text begins with.
pub(crate) const WRAPPER: &str = "the wrapper's text ";

fn answered(ok: &Value, outcome: &Value, response: &Response<Bytes>, made: &Made) -> Verdict {
    let status = response.status().as_u16();
    if !ok.is_object() {
        return Verdict::differs(outcome.to_string(), format!("an answer {status}"));
    }
    let target = made.sent.last().map(|sent| sent.url.clone()).unwrap_or_default();
    let (_, history) = made.statuses.split_last().unwrap_or((&0, &[]));
    let got = json!({
        "status": status,
        "reason": Reason::of(response).as_str(),
        "url": target,
        "history": history,
        "encoding": text::charset(response.headers()),
        "text": text::text(response.headers(), response.body()),
    });
    let mut expected = ok.clone();
    expected["url"] = plain(ok["url"].as_str().unwrap_or_default()).into();
    difference(&expected, &got).unwrap_or(Verdict::Passed)
}

/// Takes user info and fragment off, which no request line shows, writes the host in lower case, and an empty path as the `/` that
/// it is.
fn plain(url: &str) -> String {
    let url = without_user_info(url.split('#').next().unwrap_or_default());
    let (scheme, rest) = url.split_once("://").unwrap_or(("", &url));
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let path = if path.is_empty() { "/" } else { path };
    format!("{scheme}://{}{path}", host.to_ascii_lowercase())
}

/// What the base URL of a hook shows: a credential is kept apart from it (D18).
fn without_user_info(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// Compares a told value. The second of a connection test is compared where it is the hook's own text.
fn told(expected: &Value, got: &Value) -> Verdict {
    let own = |text: &str| {
        text.as_bytes().get(3) == Some(&b':') || text.starts_with("Inv") || text.starts_with("The ")
    };
    match (expected.as_array().map(Vec::as_slice), got.as_array()) {
        (Some([Value::Bool(false), Value::String(text)]), Some(got)) if !own(text) => {
            difference(&false.into(), &got[0]).unwrap_or(Verdict::Passed)
        }
        _ => {
            let mut expected = expected.clone();
            if let Some(headers) = expected.get("headers").and_then(Value::as_array) {
                expected["headers"] = sent::sorted(headers.iter().map(sent::pair).collect());
            }
            difference(&expected, got).unwrap_or(Verdict::Passed)
        }
    }
}

pub(super) fn requests(expected: &Value, made: &Made) -> Verdict {
    let recorded = expected["requests"].as_array().map(Vec::as_slice).unwrap_or_default();
    if recorded.len() != made.sent.len() {
        let (expected, got) = (recorded.len(), made.sent.len());
        return Verdict::differs(format!("{expected} requests"), format!("{got} requests"));
    }
    for (recorded, sent) in recorded.iter().zip(&made.sent) {
        if let Some(verdict) = sent.difference(recorded) {
            return verdict;
        }
    }
    let options = expected.get("send_options").zip(made.sent.first());
    let differs = options.and_then(|(options, sent)| sent.options_difference(options));
    let sleeps = expected.get("sleeps").and_then(|recorded| {
        let got: Vec<f64> = made.sleeps.iter().map(Duration::as_secs_f64).collect();
        difference(recorded, &json!(got))
    });
    let attempts = expected.get("attempts").filter(|count| !count.is_null()).and_then(|count| {
        difference(&json!({"attempts": count}), &json!({"attempts": made.attempts}))
    });
    differs.or(sleeps).or(attempts).unwrap_or(Verdict::Passed)
}
