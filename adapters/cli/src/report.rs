//! A failure in words for people, and as one line of JSON for programs.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::WWW_AUTHENTICATE;
use http_hook::response::Reason;
use http_hook::transport::TimeoutPhase;
use http_hook::{
    Cause, ErrorKind, Failure, StopReason, TransportError, TransportErrorKind as Kind,
};
use serde_json::json;

use crate::connection::id_of;
use crate::live::Told;
use crate::screen::{self, error_text};

/// The version of the JSON form; it changes when a field changes its meaning.
pub(crate) const SCHEMA: u32 = 1;

pub(crate) fn error_json(code: &str, message: &str, hint: Option<&str>, exit: u8) -> String {
    let mut error =
        json!({ "code": code, "message": screen::line(message), "retryable": false, "exit": exit });
    if let Some(hint) = hint {
        error["hint"] = hint.into();
    }
    screen::escaped(&json!({ "schema": SCHEMA, "error": error }).to_string())
}

/// What is known of a call that was given up.
pub(crate) struct Report<'a> {
    pub(crate) failure: &'a Failure,
    /// The name of the connection.
    pub(crate) name: &'a str,
    pub(crate) told: Told,
    /// Which of the conditions of the call ended it.
    pub(crate) broken: Option<&'a str>,
    pub(crate) exit: u8,
    /// Whether the causes of an error are told.
    pub(crate) verbose: bool,
    /// Whether a poll could have waited on.
    pub(crate) not_yet: bool,
}

impl Report<'_> {
    pub(crate) fn text(&self) -> String {
        let Self { failure, name, told, .. } = self;
        if let Cause::Request(error) = failure.cause() {
            return error_text(&own_words(&error.to_string()), None);
        }
        let sends = screen::count(failure.sends(), "send", "sends");
        let elapsed = screen::seconds(told.elapsed);
        let why = failure.reason();
        let preposition = if failure.response().is_some() { "from" } else { "at" };
        let from = told.url.as_ref().map(|url| format!(" {preposition} {url}")).unwrap_or_default();
        let last = self.broken.map_or_else(|| last(failure), str::to_owned);
        let mut text = error_text(&format!("{}{from}", last.trim_end_matches('.')), None);
        let mut add = |name: &str, what: &str| {
            let _ = write!(text, "\n{}", screen::field(name, what));
        };
        let by = id_of(name).map(|id| format!(" by `{id}`")).unwrap_or_default();
        add("after", &format!("{sends}{by} in {elapsed}: {why}"));
        if self.verbose {
            for cause in causes(failure) {
                add("cause", &cause);
            }
        }
        if !told.waits.is_empty() {
            add("waits", &told.waits.join(", "));
        }
        if let Some(hint) = self.hint() {
            add("hint", &hint);
        }
        text
    }

    /// Says what would help with this call.
    fn hint(&self) -> Option<String> {
        let hides = self.told.url.as_ref().is_some_and(|url| url.contains("/***"));
        match self.failure.status().map(|status| status.as_u16()) {
            Some(status @ (404 | 409 | 423 | 425)) if self.not_yet => {
                Some(format!("a poll goes on after it by --not-yet {status}"))
            }
            Some(404) if hides => {
                Some("`-vv --show-secrets` shows the whole path, on a terminal".to_owned())
            }
            _ => {
                let Told { sends, attempts, redirects, .. } = self.told;
                let challenged = sends > attempts.saturating_add(redirects);
                hint(self.failure, Done { causes: self.verbose, challenged })
            }
        }
    }

    pub(crate) fn json(&self) -> String {
        let Self { failure, told, .. } = self;
        let message = match failure.cause() {
            Cause::Request(own) => own_words(&own.to_string()),
            _ => self.broken.map_or_else(|| last(failure), str::to_owned),
        };
        let mut error = json!({
            "code": code(failure),
            "message": screen::line(&message),
            "reason": failure.reason().name(),
            "retryable": retryable(failure.reason()),
            "connection": id_of(self.name),
            "method": told.method,
            "url": told.url,
            "status": failure.status().map(|status| status.as_u16()),
            "attempts": failure.attempts(),
            "sends": failure.sends(),
            "elapsed_ms": millis(told.elapsed),
            "exit": self.exit,
        });
        if let Some(hint) = self.hint() {
            error["hint"] = hint.into();
        }
        let causes = causes(failure);
        if self.verbose && !causes.is_empty() {
            error["causes"] = causes.into();
        }
        if let Some(body) = failure.body().filter(|body| !body.is_empty()) {
            error["body"] = body_json(body);
        }
        screen::escaped(&json!({ "schema": SCHEMA, "error": error }).to_string())
    }
}

/// A body as a value: JSON, else text; bytes are not told.
fn body_json(body: &[u8]) -> serde_json::Value {
    match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(_) => std::str::from_utf8(body).map_or(serde_json::Value::Null, Into::into),
    }
}

pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Says what came last: `503 Service Unavailable`, or why nothing came.
fn last(failure: &Failure) -> String {
    match failure.cause() {
        Cause::Response(response) => {
            let reason = screen::line(Reason::of(response).as_str());
            format!("{} {reason}", response.status().as_u16()).trim_end().to_owned()
        }
        cause => own_words(&screen::line(&cause.to_string())),
    }
}

/// Says in the words of the command line what the library says in its own.
pub(crate) fn own_words(text: &str) -> String {
    const WORDS: [(&str, &str); 14] = [
        ("the response says that it failed", "--fail-if holds for the answer"),
        (
            "not storable: the authentication of the call (give it to the hook, which is not stored)",
            "-u, --bearer and Authorization are not kept: store a connection by `http-hook conn add`, and name it",
        ),
        (
            "poll: what is waited for did not come before the deadline",
            "until the deadline, what is waited for was in no answer",
        ),
        (
            "not storable: the option proxies of the call",
            "--proxy is not kept: the connection can have it",
        ),
        (
            "not storable: code in the response check or the filter of the call",
            "a --check of jq is not kept",
        ),
        ("not storable: code in what is polled for", "a condition of jq is not kept"),
        ("head_timeout: ", "--timeout "),
        ("idle_timeout: ", "--timeout "),
        ("connect_timeout: ", "--connect-timeout "),
        ("deadline: ", "--deadline "),
        ("max_bytes", "--max-bytes"),
        ("max_items", "--max-items"),
        ("max_pages", "--max-pages"),
        ("Response check returned False.", "--check does not hold for the answer"),
    ];
    if let Some(name) = text.strip_prefix("not storable: parameter ") {
        return format!(
            "the parameter {name} is not kept, as it sounds secret: the connection can have it, as a header or in its URL"
        );
    }
    let header = text.strip_prefix("not storable: header ");
    if let Some((name, _)) = header.and_then(|text| text.split_once(" (if it is no secret")) {
        return format!("the header {name} is not kept: if it is no secret, --storable {name}");
    }
    WORDS.iter().fold(text.to_owned(), |text, (own, said)| text.replace(own, said))
}

/// Gives what is behind the last error, if that was no answer.
fn causes(failure: &Failure) -> Vec<String> {
    let Cause::Transport(error) = failure.cause() else { return Vec::new() };
    let first = std::error::Error::source(error);
    std::iter::successors(first, |cause| cause.source()).map(ToString::to_string).collect()
}

/// What was told or tried already: it is no hint.
#[derive(Clone, Copy, Default)]
pub(crate) struct Done {
    /// The causes are told.
    causes: bool,
    /// A challenge was answered, or a token got.
    challenged: bool,
}

/// Says what would help.
pub(crate) fn hint(failure: &Failure, done: Done) -> Option<String> {
    let of_error = |error: &TransportError| of_error(error, done);
    match failure.reason() {
        StopReason::Deadline => Some("raise --deadline".to_owned()),
        StopReason::Attempts if failure.is_timeout() => {
            Some(format!("raise {}, or --retry", limit_of(failure)))
        }
        StopReason::Attempts => match failure.cause() {
            Cause::Transport(error) => of_error(error),
            _ => Some("raise --retry".to_owned()),
        },
        StopReason::Rejected => match failure.cause() {
            Cause::Transport(error) => of_error(error),
            Cause::Response(response) => of_status(response, done),
            _ => None,
        },
        StopReason::HintTooLong => {
            let asked = failure.hint().map(screen::seconds)?;
            Some(format!("the server asks to come back in {asked}"))
        }
        StopReason::NotIdempotent if failure.is_timeout() => Some(format!(
            "raise {}; --idempotency-key or --retry-unsafe would allow retries",
            limit_of(failure)
        )),
        StopReason::NotIdempotent => {
            Some("--idempotency-key or --retry-unsafe would allow retries".to_owned())
        }
        StopReason::NotStored => Some("leave --save-state out".to_owned()),
        // A body that cannot be sent again, say.
        _ => match failure.cause() {
            Cause::Transport(error) => of_error(error),
            _ => None,
        },
    }
}

/// The option whose time was too short.
fn limit_of(failure: &Failure) -> &'static str {
    match failure.cause() {
        Cause::Transport(error) => limit_of_kind(error.kind()),
        _ => "--timeout",
    }
}

fn limit_of_kind(kind: Kind) -> &'static str {
    if kind == Kind::Timeout(TimeoutPhase::Connect) { "--connect-timeout" } else { "--timeout" }
}

fn of_error(error: &TransportError, done: Done) -> Option<String> {
    match error.kind() {
        kind @ Kind::Timeout(_) => Some(format!("raise {}", limit_of_kind(kind))),
        Kind::Dns => Some("is the host's name right, and is there a network?".to_owned()),
        Kind::Connect => Some("is the server running, and is this its port?".to_owned()),
        Kind::Tls => Some(of_tls(error, done)),
        Kind::Proxy => Some(
            "the proxy is that of --proxy, the connection or the environment (`http_proxy`); --proxy none goes without"
                .to_owned(),
        ),
        _ => None,
    }
}

/// Says what is wrong with the server's certificate, as far as the client tells: libcurl has one code for all of it.
fn of_tls(error: &TransportError, done: Done) -> String {
    let first = std::error::Error::source(error);
    let causes = std::iter::successors(first, |cause| cause.source()).map(ToString::to_string);
    let causes = causes.collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| causes.contains(word));
    if says(&["expired"]) {
        "the server's certificate has expired; -k goes on without verifying it".to_owned()
    } else if says(&["curl 60", "curl 51", "certificate", "unknownissuer", "self-signed"]) {
        "the server's certificate does not pass: self-signed, expired, for another host, or of an \
         authority that is not known; --cacert FILE names those to trust, -k verifies nothing"
            .to_owned()
    } else {
        let more = if done.causes { "" } else { " -v tells the cause" };
        format!("does the server speak TLS at this port?{more}")
    }
}

fn of_status(response: &Response<Bytes>, done: Done) -> Option<String> {
    match response.status().as_u16() {
        401 if asks_for_digest(response) && !done.challenged => {
            Some("the server asks for Digest: --digest, with --user".to_owned())
        }
        401 => Some("login, password or token of the connection, or --user".to_owned()),
        407 => Some("the proxy wants a login: --proxy http://LOGIN:PASSWORD@HOST".to_owned()),
        _ => None,
    }
}

fn asks_for_digest(response: &Response<Bytes>) -> bool {
    let challenges = response.headers().get_all(WWW_AUTHENTICATE).iter();
    let mut schemes = challenges.filter_map(|value| value.to_str().ok());
    schemes.any(|value| value.get(..6).is_some_and(|begin| begin.eq_ignore_ascii_case("digest")))
}

fn code(failure: &Failure) -> &'static str {
    match (failure.reason(), failure.cause()) {
        (StopReason::Deadline, _) => "deadline_exceeded",
        (StopReason::Redirect | StopReason::Auth, _) => failure.reason().name(),
        (StopReason::Check, _) => "check_failed",
        (StopReason::Stopped, Cause::Request(_)) => "pages_stopped",
        (_, Cause::Request(error)) if error.kind() == ErrorKind::Auth => StopReason::Auth.name(),
        (_, Cause::Request(_)) | (StopReason::Invalid, Cause::Refused { .. }) => "invalid_request",
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
