//! How a call ends without a response that passes: why, and what came last.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};

use crate::base::names::named;
use crate::base::{Error, TransportError};
use crate::response::Reason;

/// A call that ended without a response that passes.
///
/// `Display` is Airflow's text: `404:Not Found` for a status, else what went wrong. The last response is kept,
/// its body as far as the limit of the call lets it.
pub struct Failure(Box<Inner>);

struct Inner {
    reason: StopReason,
    cause: Cause,
    sends: u32,
    attempts: u32,
    idle_for: Duration,
    hint: Option<Duration>,
}

/// What came last.
#[non_exhaustive]
pub enum Cause {
    /// No request could be built, or no token could be had for it.
    Request(Error),
    /// No response came.
    Transport(TransportError),
    /// A response that does not pass.
    Response(Response<Bytes>),
    /// A response that leads on, but must not be followed.
    Refused {
        /// Why not.
        error: Error,
        /// The response.
        response: Box<Response<Bytes>>,
    },
}

/// A response as its status: its headers and its body may hold secrets.
impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => f.debug_tuple("Request").field(error).finish(),
            Self::Transport(error) => f.debug_tuple("Transport").field(error).finish(),
            Self::Response(response) => {
                f.debug_tuple("Response").field(&response.status()).finish()
            }
            Self::Refused { error, response } => f
                .debug_struct("Refused")
                .field("error", error)
                .field("response", &response.status())
                .finish(),
        }
    }
}

/// Why a call was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// No request could be built: nothing was sent.
    Invalid,
    /// The policy does not retry what came.
    Rejected,
    /// The attempts are used up.
    Attempts,
    /// The time is used up, or the next wait would outlive it.
    Deadline,
    /// The server asks for a longer wait than the call allows.
    HintTooLong,
    /// The retry budget is empty.
    Budget,
    /// The circuit breaker is open.
    Breaker,
    /// The rate limit leaves no room before the deadline.
    RateLimit,
    /// The server may have acted, and doing it twice may do harm.
    NotIdempotent,
    /// The body was used up by the first send.
    BodyNotReplayable,
    /// The policy's own stop said so.
    Stopped,
    /// A redirect that must not be followed, or one too many.
    Redirect,
    /// Authentication failed.
    Auth,
    /// More sends than any call may make.
    MaxSends,
    /// The caller gave it up.
    Cancelled,
    /// The caller could not keep the attempt before sending it: nothing was sent.
    NotStored,
}

named!(
    StopReason,
    "the reason",
    [
        Invalid => "invalid",
        Rejected => "rejected",
        Attempts => "attempts",
        Deadline => "deadline",
        HintTooLong => "hint_too_long",
        Budget => "budget",
        Breaker => "breaker",
        RateLimit => "rate_limit",
        NotIdempotent => "not_idempotent",
        BodyNotReplayable => "body_not_replayable",
        Stopped => "stopped",
        Redirect => "redirect",
        Auth => "auth",
        MaxSends => "max_sends",
        Cancelled => "cancelled",
        NotStored => "not_stored",
    ]
);

impl Failure {
    /// The longest part of a failed response's body that is kept, in bytes.
    pub const MAX_BODY: usize = 64 << 10;

    pub(crate) fn new(reason: StopReason, cause: Cause) -> Self {
        let (sends, attempts, idle_for, hint) = (0, 0, Duration::ZERO, None);
        Self(Box::new(Inner { reason, cause, sends, attempts, idle_for, hint }))
    }

    pub(crate) fn with_counts(mut self, sends: u32, attempts: u32, idle_for: Duration) -> Self {
        self.0.sends = sends;
        self.0.attempts = attempts;
        self.0.idle_for = idle_for;
        self
    }

    pub(crate) fn with_hint(mut self, hint: Option<Duration>) -> Self {
        self.0.hint = hint;
        self
    }

    /// Tells why the call was given up.
    #[must_use]
    pub fn reason(&self) -> StopReason {
        self.0.reason
    }

    /// Returns what came last.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// Takes out what came last.
    #[must_use]
    pub fn into_cause(self) -> Cause {
        self.0.cause
    }

    /// Returns the last response.
    #[must_use]
    pub fn response(&self) -> Option<&Response<Bytes>> {
        match &self.0.cause {
            Cause::Response(response) => Some(response),
            Cause::Refused { response, .. } => Some(response),
            _ => None,
        }
    }

    /// Returns the status of the last response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.response().map(Response::status)
    }

    /// Returns the headers of the last response.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.response().map(Response::headers)
    }

    /// Returns the body of the last response, cut at the limit of the call.
    #[must_use]
    pub fn body(&self) -> Option<&Bytes> {
        self.response().map(Response::body)
    }

    /// Reads the last response as a problem in the sense of RFC 9457, if it says that it is one.
    #[must_use]
    pub fn problem(&self) -> Option<super::problem::ProblemDetails> {
        self.response()
            .and_then(|last| super::problem::ProblemDetails::read(last.headers(), last.body()))
    }

    /// Counts the requests that were sent: retries, redirects, challenges and tokens included.
    #[must_use]
    pub fn sends(&self) -> u32 {
        self.0.sends
    }

    /// Counts the attempts, from 1.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the time spent waiting between sends.
    #[must_use]
    pub fn idle_for(&self) -> Duration {
        self.0.idle_for
    }

    /// Returns the wait that the server asked for last.
    #[must_use]
    pub fn hint(&self) -> Option<Duration> {
        self.0.hint
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.cause {
            Cause::Request(error) | Cause::Refused { error, .. } => error.fmt(f),
            Cause::Transport(error) => error.fmt(f),
            Cause::Response(response) => {
                write!(f, "{}:{}", response.status().as_u16(), Reason::of(response))
            }
        }
    }
}

/// Without bodies and header values: both may hold secrets.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("reason", &self.0.reason)
            .field("cause", &format_args!("{self}"))
            .field("sends", &self.0.sends)
            .field("attempts", &self.0.attempts)
            .field("idle_for", &self.0.idle_for)
            .field("hint", &self.0.hint)
            .finish()
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Cause::Request(error) | Cause::Refused { error, .. } => Some(error),
            Cause::Transport(error) => Some(error),
            Cause::Response(_) => None,
        }
    }
}
