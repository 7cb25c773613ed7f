//! Why something is sent, and what is waited for.

use serde::{Deserialize, Serialize};

use crate::base::names::named;

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
