//! Exit codes, and what ends the command before there is a call.

use http_hook::hook::HookError;
use http_hook::{Cause, Error, ErrorKind, Failure, StopReason, TransportErrorKind};

use crate::args::Format;
use crate::report;
use crate::screen;

pub(crate) const LOCAL: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const REDIRECT: u8 = 6;
pub(crate) const NO_CONNECTION: u8 = 7;
pub(crate) const TIMEOUT: u8 = 8;
pub(crate) const MISMATCH: u8 = 9;
pub(crate) const NOT_FOUND: u8 = 10;
pub(crate) const AUTH: u8 = 11;
pub(crate) const FAILED: u8 = 13;

/// Gives the exit code of a final status.
pub(crate) fn of_status(status: http::StatusCode) -> u8 {
    match status.as_u16() {
        200..=299 => 0,
        300..=399 => 3,
        400..=499 => 4,
        // What no class of HTTP knows is as a 5xx (RFC 9110, section 15).
        _ => 5,
    }
}

/// Gives the exit code of a call that was given up.
pub(crate) fn of_failure(failure: &Failure) -> u8 {
    match (failure.reason(), failure.cause()) {
        (StopReason::Deadline, _) => TIMEOUT,
        (StopReason::Redirect, _) => REDIRECT,
        (StopReason::Auth, _) => AUTH,
        (StopReason::Check, _) => MISMATCH,
        // Pages that end before the last one.
        (StopReason::Stopped, Cause::Request(error)) => match error.kind() {
            ErrorKind::Url | ErrorKind::UnsupportedScheme => REDIRECT,
            _ => MISMATCH,
        },
        (_, Cause::Request(error)) => of_error(error),
        (_, Cause::Transport(error)) => of_kind(error.kind()),
        (_, Cause::Response(response)) => of_status(response.status()),
        _ => LOCAL,
    }
}

pub(crate) fn of_kind(kind: TransportErrorKind) -> u8 {
    use TransportErrorKind as Kind;
    match kind {
        Kind::Timeout(_) => TIMEOUT,
        Kind::Dns
        | Kind::Connect
        | Kind::Tls
        | Kind::Proxy
        | Kind::Interrupted
        | Kind::Protocol
        | Kind::Limit
        | Kind::Body => NO_CONNECTION,
        Kind::InvalidRequest => USAGE,
        _ => LOCAL,
    }
}

fn of_error(error: &Error) -> u8 {
    if error.kind() == ErrorKind::Auth { AUTH } else { USAGE }
}

/// What ends the command before there is a call, or after it.
pub(crate) struct Problem {
    code: u8,
    name: &'static str,
    message: String,
    hint: Option<String>,
}

impl Problem {
    fn new(code: u8, name: &'static str, message: impl Into<String>) -> Self {
        Self { code, name, message: message.into(), hint: None }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(USAGE, "usage", message)
    }

    pub(crate) fn local(message: impl Into<String>) -> Self {
        Self::new(LOCAL, "local", message)
    }

    pub(crate) fn connection(message: impl Into<String>) -> Self {
        Self::new(USAGE, "invalid_connection", message)
    }

    pub(crate) fn not_found(message: impl Into<String>, hint: impl Into<String>) -> Self {
        let hint = Some(hint.into());
        Self { hint, ..Self::new(NOT_FOUND, "connection_not_found", message) }
    }

    /// A secret that is not where it was said to be.
    pub(crate) fn no_secret(message: impl Into<String>) -> Self {
        Self::new(NOT_FOUND, "secret_not_found", message)
    }

    /// A recording that does not fit.
    pub(crate) fn mismatch(message: impl Into<String>) -> Self {
        Self::new(MISMATCH, "replay_mismatch", message)
    }

    /// A body that broke off.
    pub(crate) fn broken(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self::new(of_kind(kind), kind.name(), message)
    }

    /// The time for everything is used up.
    pub(crate) fn late() -> Self {
        Self::new(TIMEOUT, "deadline_exceeded", "the time for everything is used up")
            .with_hint("raise --deadline")
    }

    /// An answer that breaks the rules.
    pub(crate) fn protocol(message: impl Into<String>) -> Self {
        Self::new(NO_CONNECTION, "protocol", message)
    }

    /// A check that said no.
    pub(crate) fn check(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(MISMATCH, name, message)
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn of_error(error: &Error) -> Self {
        Self::new(of_error(error), "invalid_request", report::own_words(&error.to_string()))
    }

    pub(crate) fn of_hook(error: &HookError) -> Self {
        let problems = error.problems();
        if problems.iter().all(|problem| problem.place() == "environment") {
            let says: Vec<_> = problems.iter().map(ToString::to_string).collect();
            return Self::usage(says.join("; "));
        }
        Self::connection(error.to_string())
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn code(&self) -> u8 {
        self.code
    }

    pub(crate) fn report(&self, format: Format) -> String {
        match format {
            Format::Json => {
                report::error_json(self.name, &self.message, self.hint.as_deref(), self.code)
            }
            _ => screen::error_text(&self.message, self.hint.as_deref()),
        }
    }
}
