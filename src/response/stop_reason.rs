//! Why a call was given up.

use std::fmt;

use crate::base::names::named;

/// Why a call was given up, each with what would have it go on.
///
/// `Display` says it for people in a few words, as do the last words of a [`Failure`](crate::Failure).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// No request could be built: the error says what to change.
    Invalid,
    /// The policy does not retry what came, or no retries are set: see [`retries`](crate::RequestPlan::retries) and
    /// [`RetryPolicy::when`](crate::RetryPolicy::when).
    Rejected,
    /// The attempts are used up: see [`retries`](crate::RequestPlan::retries) and [`Stop`](crate::retry::Stop).
    Attempts,
    /// The time is used up, or the next wait would outlive it: see [`deadline`](crate::RequestPlan::deadline).
    Deadline,
    /// The server asks for a longer wait than the call allows: see [`Hints`](crate::retry::Hints), and [`HttpHook::leg`](crate::HttpHook::leg)
    /// for waits that outlive the process.
    HintTooLong,
    /// The retry budget is empty.
    Budget,
    /// The circuit breaker is open.
    Breaker,
    /// The rate limit leaves no room before the deadline.
    RateLimit,
    /// The server may have acted, and doing it twice may do harm: see [`idempotency_key`](crate::RequestPlan::idempotency_key) and
    /// [`allow_resend`](crate::RequestPlan::allow_resend).
    NotIdempotent,
    /// The body was used up by the first send: one that can be [opened again](crate::body::Upload) can be sent again.
    BodyNotReplayable,
    /// The policy's own stop said so.
    Stopped,
    /// A redirect that cannot or must not be followed, or one too many.
    Redirect,
    /// Authentication failed.
    Auth,
    /// More sends than any call may make.
    MaxSends,
    /// The check or the filter of the call refuses the response.
    Check,
    /// The caller gave it up.
    Cancelled,
    /// The caller could not keep the attempt before sending it: it was not sent.
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
        Check => "check",
        Cancelled => "cancelled",
        NotStored => "not_stored",
    ]
);

impl fmt::Display for StopReason {
    /// Says it for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "nothing could be sent",
            Self::Rejected => "not worth a retry",
            Self::Attempts => "attempts used up",
            Self::Deadline => "deadline",
            Self::HintTooLong => "the server asks for a longer wait",
            Self::Budget => "the retry budget is empty",
            Self::Breaker => "the circuit breaker is open",
            Self::RateLimit => "rate limit",
            Self::NotIdempotent => "the server may have acted on it",
            Self::BodyNotReplayable => "the body cannot be sent again",
            Self::Stopped => "the policy says so",
            Self::Redirect => "redirect",
            Self::Auth => "authentication",
            Self::MaxSends => "more sends than any call may make",
            Self::Check => "the response does not pass the check",
            Self::Cancelled => "cancelled",
            Self::NotStored => "the attempt could not be kept",
        })
    }
}
