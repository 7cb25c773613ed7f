//! Why something is sent, and what is waited for.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::names::named;
use crate::response::limit::Limit;

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WaitReason {
    /// The policy's own wait before the next attempt.
    Backoff,
    /// The wait that the server asked for.
    Hint,
    /// The circuit breaker is open.
    Breaker,
    /// The rate limit.
    RateLimit,
    /// Another call is fetching the token.
    Token,
}

named!(
    WaitReason,
    "the reason",
    [
        Backoff => "backoff",
        Hint => "hint",
        Breaker => "breaker",
        RateLimit => "rate_limit",
        Token => "token",
    ]
);

impl fmt::Display for WaitReason {
    /// Says it for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Backoff => "by the policy",
            Self::Hint => "as the server asks",
            Self::Breaker => "the circuit breaker is open",
            Self::RateLimit => "rate limit",
            Self::Token => "another call fetches the token",
        })
    }
}

/// Why the request of a call may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryReason {
    /// Its method is idempotent: doing it twice is the same as doing it once.
    Idempotent,
    /// The server has certainly not acted on it.
    NotSent,
    /// It carries an idempotency key.
    Keyed,
    /// The call, or the defaults, allow it.
    Allowed,
    /// It was not sent yet: what failed was the request for a token.
    Token,
}

named!(
    RetryReason,
    "the reason",
    [
        Idempotent => "idempotent",
        NotSent => "not_sent",
        Keyed => "keyed",
        Allowed => "allowed",
        Token => "token",
    ]
);

impl fmt::Display for RetryReason {
    /// Says it for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idempotent => "its method is idempotent",
            Self::NotSent => "the server did not act on it",
            Self::Keyed => "it carries an idempotency key",
            Self::Allowed => "it may be sent twice",
            Self::Token => "only a token was asked for",
        })
    }
}

/// Why a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendCause {
    /// It is the first.
    First,
    /// The one before failed.
    Retry,
    /// A redirect is followed.
    Redirect,
    /// A challenge is answered, or the request is sent again with another token.
    Challenge,
    /// A token is fetched.
    Token,
}

named!(
    SendCause,
    "the cause",
    [
        First => "first",
        Retry => "retry",
        Redirect => "redirect",
        Challenge => "challenge",
        Token => "token",
    ]
);

/// What is known of the attempt that is not made.
#[derive(Clone, Copy, Default)]
pub(super) struct Told {
    /// The wait that the server asked for.
    pub(super) hint: Option<Duration>,
    /// What refuses it.
    pub(super) limit: Option<Limit>,
}

/// What a call has cost.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) sends: u32,
    pub(crate) attempts: u32,
    pub(crate) idle_for: Duration,
}
