//! What would happen: the machine itself is asked, with an outcome in the place of a send.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_hook::transport::TimeoutPhase;
use http_hook::{
    Attempt, Call, Failure, Hook, RequestPlan, SendCause, Sent, Step, Timestamp, TransportError,
    TransportErrorKind as Kind, WaitReason,
};
use serde_json::json;

use crate::exit::{self, Problem};
use crate::report;
use crate::screen;

/// How many seeds are tried to find the shortest and the longest wait.
const SEEDS: u64 = 64;
/// When all of it happens.
const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_000_000_000));

/// What may come of a send.
#[derive(Clone)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    came: Came,
}

#[derive(Clone)]
enum Came {
    Answer(StatusCode, Vec<(HeaderName, HeaderValue)>),
    Error(Kind, Sent),
}

impl Outcome {
    /// Reads `429,retry-after=30` or `reset`.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let mut parts = text.split(',');
        let first = parts.next().unwrap_or_default().trim();
        let error = match first {
            "dns" => Some((Kind::Dns, Sent::No)),
            "refused" => Some((Kind::Connect, Sent::No)),
            "tls" => Some((Kind::Tls, Sent::No)),
            "reset" => Some((Kind::Interrupted, Sent::Maybe)),
            "timeout" => Some((Kind::Timeout(TimeoutPhase::Head), Sent::Maybe)),
            _ => None,
        };
        if let Some((kind, sent)) = error {
            return Ok(Self { name: first.to_owned(), came: Came::Error(kind, sent) });
        }
        let status = first.parse().ok().and_then(|status: u16| StatusCode::from_u16(status).ok());
        let Some(status) = status else {
            return Err(Problem::usage(
                "--if: an outcome is a status, dns, refused, tls, reset or timeout",
            ));
        };
        let mut name = status.as_str().to_owned();
        let mut headers = Vec::new();
        for part in parts {
            let header = part.split_once('=').and_then(|(name, value)| {
                Some((name.trim().parse().ok()?, value.trim().parse().ok()?))
            });
            let Some(header) = header else {
                return Err(Problem::usage("--if: a header of an outcome is NAME=VALUE"));
            };
            name.push_str(", ");
            name.push_str(part.trim());
            headers.push(header);
        }
        Ok(Self { name, came: Came::Answer(status, headers) })
    }

    fn come(&self) -> Result<Response<Bytes>, TransportError> {
        match &self.came {
            Came::Answer(status, headers) => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = *status;
                for (name, value) in headers {
                    response.headers_mut().append(name, value.clone());
                }
                Ok(response)
            }
            Came::Error(kind, sent) => Err(TransportError::new(*kind, *sent)),
        }
    }
}

/// What follows from an outcome of the first send.
pub(crate) enum Follows {
    /// It is sent again, after a wait of at least and at most so long.
    Wait {
        least: Duration,
        most: Duration,
        reason: WaitReason,
    },
    /// It is sent again at once.
    Send {
        cause: SendCause,
        what: String,
    },
    Passes(u8),
    Fails {
        why: String,
        hint: Option<String>,
        exit: u8,
    },
}

/// Tells what follows from an outcome.
pub(crate) fn follows(hook: &Hook, plan: &RequestPlan, outcome: &Outcome) -> Follows {
    let first = step(hook, plan, outcome, 0);
    match first {
        Step::Wait { wait, reason, .. } => {
            let (mut least, mut most) = (wait, wait);
            for seed in 1..SEEDS {
                if let Step::Wait { wait, .. } = step(hook, plan, outcome, seed) {
                    least = least.min(wait);
                    most = most.max(wait);
                }
            }
            Follows::Wait { least, most, reason }
        }
        Step::Send { request, attempt, .. } => {
            let url = attempt.shown_url(hook, request.uri()).to_string();
            let own = if attempt.to_own_origin(hook) { "" } else { ", without credentials" };
            let what = format!("{} {url}{own}", request.method());
            Follows::Send { cause: attempt.cause(), what }
        }
        Step::Done(Ok(response)) => Follows::Passes(exit::of_status(response.status())),
        Step::Done(Err(failure)) => fails(&failure),
    }
}

/// How often a request is sent at most, if this comes of each send.
pub(crate) fn most_sends(hook: &Hook, plan: &RequestPlan, outcome: &Outcome) -> u32 {
    let mut next = Call::new(hook, plan.clone(), 0, NOW).step(hook, NOW);
    let mut now = NOW;
    loop {
        next = match next {
            Step::Send { attempt, .. } => {
                let came = token_or(&attempt, outcome);
                attempt.finish(hook, came, now)
            }
            Step::Wait { call, wait, .. } => {
                now = now.after(wait);
                call.step(hook, now)
            }
            Step::Done(Ok(_)) => return 1,
            Step::Done(Err(failure)) => return failure.attempts(),
        };
    }
}

fn step(hook: &Hook, plan: &RequestPlan, outcome: &Outcome, seed: u64) -> Step {
    let mut next = Call::new(hook, plan.clone(), seed, NOW).step(hook, NOW);
    loop {
        match next {
            Step::Send { attempt, .. } if attempt.cause() == SendCause::Token => {
                next = attempt.finish(hook, Ok(token()), NOW);
            }
            Step::Send { attempt, .. } => return attempt.finish(hook, outcome.come(), NOW),
            other => return other,
        }
    }
}

fn token_or(attempt: &Attempt, outcome: &Outcome) -> Result<Response<Bytes>, TransportError> {
    if attempt.cause() == SendCause::Token { Ok(token()) } else { outcome.come() }
}

/// An answer of a token endpoint, so that what follows can be told.
fn token() -> Response<Bytes> {
    let body = r#"{"access_token": "-", "token_type": "Bearer", "expires_in": 3600}"#;
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}

fn fails(failure: &Failure) -> Follows {
    Follows::Fails {
        why: failure.reason().to_string(),
        hint: report::hint(failure, report::Done::default()),
        exit: exit::of_failure(failure),
    }
}

impl Follows {
    /// In a few words, for a line of its own.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Wait { least, most, reason } => {
                format!("send again after {}, {reason}", span(*least, *most))
            }
            Self::Send { cause: SendCause::Redirect, what } => format!("follow: {what}"),
            Self::Send { cause: SendCause::Token, .. } => {
                "fetch a token, then send again".to_owned()
            }
            Self::Send { .. } => "send again with an answer to the challenge".to_owned(),
            Self::Passes(0) => "done, exit 0".to_owned(),
            Self::Passes(3) => "done, not followed, exit 3".to_owned(),
            Self::Passes(exit) => format!("done, exit {exit}"),
            Self::Fails { why, hint, exit } => {
                let hint = hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
                format!("give up: {why}, exit {exit}{hint}")
            }
        }
    }

    /// For programs.
    pub(crate) fn json(&self) -> serde_json::Value {
        let seconds = |time: &Duration| (time.as_secs_f64() * 1_000.0).round() / 1_000.0;
        match self {
            Self::Wait { least, most, reason } => json!({
                "does": "wait",
                "seconds": [seconds(least), seconds(most)],
                "reason": reason.to_string(),
            }),
            Self::Send { what, .. } => json!({ "does": "send", "what": screen::line(what) }),
            Self::Passes(exit) => json!({ "does": "pass", "exit": exit }),
            Self::Fails { why, hint, exit } => {
                json!({ "does": "fail", "why": why, "hint": hint, "exit": exit })
            }
        }
    }

    /// In a cell of a table.
    pub(crate) fn cell(&self) -> String {
        match self {
            Self::Wait { least, most, .. } => span(*least, *most),
            Self::Send { .. } => "at once".to_owned(),
            Self::Passes(exit) => format!("done, exit {exit}"),
            Self::Fails { exit, .. } => format!("no, exit {exit}"),
        }
    }
}

fn span(least: Duration, most: Duration) -> String {
    let (shortest, longest) = (screen::seconds(least), screen::seconds(most));
    if shortest == longest {
        return shortest;
    }
    // Of many seeds some wait hardly at all; the longest is all but reached.
    if least.as_secs_f64() < most.as_secs_f64() / 10.0 {
        return format!("0 to {longest}");
    }
    let shortest = shortest.trim_end_matches(" s");
    format!("{shortest} to {longest}")
}
