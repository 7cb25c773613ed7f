//! How far a call has come, and what is decided then.

use std::time::Duration;

use crate::response::StopReason;
use crate::response::limit::Limit;
use crate::retry::outcome::RetryOutcome;

/// How far a call has come, at the end of an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The number of the attempt that has just ended, from 1.
    pub(crate) attempt_number: u32,
    /// The time since the start.
    pub(crate) elapsed: Duration,
    /// The part of it that was spent waiting.
    pub(crate) idle_for: Duration,
    /// The wait before this attempt.
    pub(crate) previous_wait: Duration,
    /// The time until the deadline, if there is one.
    pub(crate) remaining: Option<Duration>,
}

/// What a wait and a stop can see.
#[derive(Clone, Copy)]
pub struct RetryState<'a> {
    /// The number of the attempt that has just ended, from 1.
    pub attempt_number: u32,
    /// The time from the start to the end of that attempt.
    pub elapsed: Duration,
    /// The part of it that was spent waiting.
    pub idle_for: Duration,
    /// The wait before that attempt.
    pub previous_wait: Duration,
    /// The wait to come; nothing while it is being computed.
    pub upcoming: Duration,
    /// What the attempt came to.
    pub outcome: &'a dyn RetryOutcome,
}

/// What to do after an attempt.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The outcome stands: pass it on.
    Stand,
    /// Send again.
    Retry {
        /// How long to wait first.
        wait: Duration,
        /// The wait that the server asked for.
        hint: Option<Duration>,
    },
    /// The outcome is worth another attempt, but there will be none.
    GiveUp {
        /// Why.
        reason: StopReason,
        /// The wait that the server asked for.
        hint: Option<Duration>,
        /// What refuses it.
        limit: Option<Limit>,
    },
}

impl<'a> RetryState<'a> {
    /// Makes the state after a first attempt that took no time.
    #[must_use]
    pub const fn new(outcome: &'a dyn RetryOutcome) -> Self {
        let none = Duration::ZERO;
        Self {
            attempt_number: 1,
            elapsed: none,
            idle_for: none,
            previous_wait: none,
            upcoming: none,
            outcome,
        }
    }
}
