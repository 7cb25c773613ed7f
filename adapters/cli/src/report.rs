//! A failure in words for people, and as one line of JSON for programs.

use std::fmt::Write as _;
use std::time::Duration;

use http_hook::response::Reason;
use http_hook::{Cause, ErrorKind, Failure, StopReason};
use serde_json::json;

use crate::exit;
use crate::screen::{self, ERROR, styled};

/// The version of the JSON form; it changes when a field changes its meaning.
const SCHEMA: u32 = 1;

pub(crate) fn error_text(message: &str, hint: Option<&str>) -> String {
    let mut text = format!("{}: {}", styled(ERROR, "error"), screen::line(message));
    if let Some(hint) = hint {
        let _ = write!(text, "\n  hint: {hint}");
    }
    text
}

pub(crate) fn error_json(code: &str, message: &str, exit: u8) -> String {
    let error =
        json!({ "code": code, "message": screen::line(message), "retryable": false, "exit": exit });
    json!({ "schema": SCHEMA, "error": error }).to_string()
}

/// What is known of a call that was given up.
pub(crate) struct Report<'a> {
    pub(crate) failure: &'a Failure,
    /// The name of the connection.
    pub(crate) name: &'a str,
    /// Where the last request went, redacted.
    pub(crate) url: Option<&'a str>,
    /// The waits between the sends, as they are shown.
    pub(crate) waits: &'a [String],
    pub(crate) elapsed: Duration,
    /// Whether the causes of an error are told.
    pub(crate) verbose: bool,
}

impl Report<'_> {
    pub(crate) fn text(&self) -> String {
        let Self { failure, name, .. } = self;
        if let Cause::Request(error) = failure.cause() {
            return error_text(&error.to_string(), None);
        }
        let sends = screen::count(failure.sends(), "send", "sends");
        let elapsed = screen::seconds(self.elapsed);
        let why = failure.reason();
        let message = format!("no usable answer from {name} after {sends} in {elapsed} ({why})");
        let mut text = error_text(&message, None);
        let preposition = if failure.response().is_some() { "from" } else { "at" };
        let from = self.url.map(|url| format!(" {preposition} {url}")).unwrap_or_default();
        let _ = write!(text, "\n  last: {}{from}", last(failure));
        if self.verbose {
            for cause in causes(failure) {
                let _ = write!(text, "\n  cause: {}", screen::line(&cause));
            }
        }
        if !self.waits.is_empty() {
            let _ = write!(text, "\n  waits: {}", self.waits.join(", "));
        }
        if let Some(hint) = hint(failure) {
            let _ = write!(text, "\n  hint: {hint}");
        }
        text
    }

    pub(crate) fn json(&self) -> String {
        let failure = self.failure;
        let mut error = json!({
            "code": code(failure),
            "retryable": retryable(failure.reason()),
            "status": failure.status().map(|status| status.as_u16()),
            "attempts": failure.attempts(),
            "sends": failure.sends(),
            "elapsed_ms": u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX),
            "exit": exit::of_failure(failure),
        });
        // Where no response is to be told of, the error itself is all there is.
        if let Cause::Request(own) = failure.cause() {
            error["message"] = screen::line(&own.to_string()).into();
        }
        json!({ "schema": SCHEMA, "error": error }).to_string()
    }
}

/// Says what came last: `503 Service Unavailable`, or why nothing came.
fn last(failure: &Failure) -> String {
    match failure.cause() {
        Cause::Response(response) => {
            let reason = screen::line(Reason::of(response).as_str());
            format!("{} {reason}", response.status().as_u16()).trim_end().to_owned()
        }
        cause => screen::line(&cause.to_string()),
    }
}

/// Gives what is behind the last error, if that was no answer.
fn causes(failure: &Failure) -> Vec<String> {
    let Cause::Transport(error) = failure.cause() else { return Vec::new() };
    let first = std::error::Error::source(error);
    std::iter::successors(first, |cause| cause.source()).map(ToString::to_string).collect()
}

fn hint(failure: &Failure) -> Option<String> {
    match failure.reason() {
        StopReason::Deadline => Some("raise --deadline".to_owned()),
        StopReason::Attempts => Some("raise --retry".to_owned()),
        StopReason::HintTooLong => {
            let asked = failure.hint().map(screen::seconds)?;
            Some(format!("the server asks to come back in {asked}"))
        }
        StopReason::NotIdempotent => {
            Some("--idempotency-key or --retry-unsafe would allow retries".to_owned())
        }
        _ => None,
    }
}

fn code(failure: &Failure) -> &'static str {
    match (failure.reason(), failure.cause()) {
        (StopReason::Deadline, _) => "deadline_exceeded",
        (StopReason::Redirect | StopReason::Auth, _) => failure.reason().name(),
        (_, Cause::Request(error)) if error.kind() == ErrorKind::Auth => StopReason::Auth.name(),
        (_, Cause::Request(_)) => "invalid_request",
        (_, Cause::Transport(error)) => error.kind().name(),
        _ => "status",
    }
}

/// Whether the same call may succeed later.
fn retryable(reason: StopReason) -> bool {
    use StopReason as Reason;
    matches!(
        reason,
        Reason::Attempts
            | Reason::Deadline
            | Reason::HintTooLong
            | Reason::Budget
            | Reason::Breaker
            | Reason::RateLimit
    )
}
