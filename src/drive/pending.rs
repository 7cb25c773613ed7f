//! What is pending in a [`Run`]: to be looked at, and to be kept before it goes on.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::run::{Phase, Run};
use crate::base::{Error, ErrorKind, Sent, Timestamp, TransportError, TransportErrorKind};
use crate::call::{Attempt, Call, WaitReason};
use crate::options::{Capabilities, Capability};
use crate::response::{Cause, Failure, StopReason};

impl<B: From<Bytes>, R> Run<'_, B, R> {
    /// Returns the attempt whose request is to be sent, or was sent and is not answered whole.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        match &self.phase {
            Phase::Sending(attempt, _) | Phase::Whole(attempt, _) => Some(attempt),
            Phase::Part(reading) => Some(reading.attempt()),
            Phase::Decoding(under_way) => Some(&under_way.0),
            Phase::Waking(..) | Phase::Over => None,
        }
    }

    /// Returns the call that sleeps or has not begun.
    #[must_use]
    pub fn call(&self) -> Option<&Call> {
        match &self.phase {
            Phase::Waking(call, _) => Some(call),
            _ => None,
        }
    }

    /// Tells what the run sleeps for; `None` also while a sleep of no time lets others run.
    #[must_use]
    pub fn wait_reason(&self) -> Option<WaitReason> {
        match &self.phase {
            Phase::Waking(_, reason) => *reason,
            _ => None,
        }
    }

    /// Whether the pending request goes to the connection's own origin.
    #[must_use]
    pub fn to_own_origin(&self) -> bool {
        self.attempt().is_some_and(|attempt| attempt.to_own_origin(&self.hook))
    }

    /// Whether the pending request may be [sent again](Attempt::repeatable) although nobody knows what became of it.
    #[must_use]
    pub fn repeatable(&self) -> bool {
        self.attempt().is_none_or(Attempt::repeatable)
    }

    /// Gives the call up. What was being sent may have been seen.
    #[must_use]
    pub fn cancel(mut self) -> Failure {
        self.cancelled()
    }

    /// Does so where it is not the caller's own.
    pub(crate) fn cancelled(&mut self) -> Failure {
        let hook = self.hook.clone();
        let failure = match self.take() {
            Phase::Sending(attempt, _) | Phase::Whole(attempt, _) => attempt.cancel(&hook),
            Phase::Part(reading) => reading.cancel(&hook),
            Phase::Decoding(under_way) => under_way.0.cancel(&hook),
            Phase::Waking(call, _) => call.cancel(&hook),
            Phase::Over => {
                let error = TransportError::new(TransportErrorKind::Cancelled, Sent::No);
                Failure::new(StopReason::Cancelled, Cause::Transport(error))
            }
        };
        self.watch.gave_up(&failure);
        failure
    }

    /// Takes back what was not sent: whoever drives it has gone.
    #[cold]
    pub(super) fn unsent(&mut self, error: Error) {
        if let Phase::Sending(attempt, _) = self.take() {
            self.watch.unsent(attempt.seen());
            drop(attempt.withdraw(&self.hook, error));
        }
    }

    /// Writes what is pending as JSON: an attempt as under way, a call as waiting.
    ///
    /// # Errors
    ///
    /// As [`Call::store`]; kind [`NotStorable`](ErrorKind::NotStorable) if nothing is pending.
    pub fn store(&self) -> Result<String, Error> {
        match (self.attempt(), self.call()) {
            (Some(attempt), _) => attempt.store(&self.hook),
            (None, Some(call)) => call.store(&self.hook),
            (None, None) => Err(nothing_pending()),
        }
    }

    /// Writes the progress of what is pending alone, without URL, headers and body.
    ///
    /// # Errors
    ///
    /// As [`store`](Self::store).
    pub fn store_progress(&self) -> Result<String, Error> {
        match (self.attempt(), self.call()) {
            (Some(attempt), _) => attempt.store_progress(&self.hook),
            (None, Some(call)) => call.store_progress(&self.hook),
            (None, None) => Err(nothing_pending()),
        }
    }
}

/// What the loops ask.
impl<B: From<Bytes>, R> Run<'_, B, R> {
    /// Does a piece of work in the client within what the observer has around it.
    pub(crate) fn within<W>(&mut self, work: impl FnMut() -> W) -> W {
        self.watch.within(work)
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watch.is_told()
    }

    /// Returns what is left of the deadline while a body is read, where the client knows no such limit.
    pub(crate) fn left_to_read(&self, now: impl FnOnce() -> Timestamp) -> Option<Duration> {
        if self.holds_deadlines() {
            return None;
        }
        match &self.phase {
            Phase::Whole(attempt, _) => attempt.remaining(now()),
            Phase::Part(reading) => reading.remaining(now()),
            _ => None,
        }
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.hook.capabilities()
    }

    /// Whether the client gives a send up itself when the time of the call is used up.
    pub(super) fn holds_deadlines(&self) -> bool {
        self.capabilities().has(Capability::TotalTimeout)
    }
}

impl<B, R> fmt::Debug for Run<'_, B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match &self.phase {
            Phase::Waking(..) => "Waking",
            Phase::Sending(..) => "Sending",
            Phase::Whole(..) | Phase::Part(..) => "Reading",
            Phase::Decoding(..) => "Decoding",
            Phase::Over => "Over",
        };
        f.debug_struct("Run")
            .field("hook", &self.hook)
            .field("phase", &phase)
            .finish_non_exhaustive()
    }
}

#[cold]
fn nothing_pending() -> Error {
    Error::new(ErrorKind::NotStorable, "not storable: nothing is pending")
}
