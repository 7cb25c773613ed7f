//! How a call ends without a response that passes: because nothing may be sent any more, a gate is closed, or somebody gives
//! it up.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::build::{self, shown};
use super::cause::{Counts, Told};
use super::state::{Last, Phase, State};
use super::{Attempt, Call, Reading, SendCause, Step};
use crate::base::redact::Whose;
use crate::base::{
    Error, ErrorKind, Sent, TimeoutPhase, Timestamp, TransportError, TransportErrorKind,
};
use crate::hook::Hook;
use crate::response::limit::{Ends, Limit};
use crate::response::{Asked, Cause, Failure, StopReason};
use crate::retry::{HttpOutcome, ResponseView, RetryPolicy};

impl Call {
    /// What is asked for, as it may be shown.
    pub(crate) fn asked(&self, hook: &Hook) -> Option<Asked> {
        self.0.as_ref().ok().and_then(|state| state.asked(hook, false))
    }

    /// Gives the call up.
    #[must_use]
    pub fn cancel(self, hook: &Hook) -> Failure {
        let seen = self.0.as_ref().map_or(Sent::No, |state| state.seen);
        let error = TransportError::new(TransportErrorKind::Cancelled, seen);
        let cause = Cause::Transport(error);
        match self.0 {
            Ok(state) => state.failure(hook, StopReason::Cancelled, cause, Told::default()),
            Err(_) => Failure::new(StopReason::Cancelled, cause),
        }
    }

    /// Gives the call up because it could not be kept while it waited.
    pub(crate) fn abandon(self, hook: &Hook, error: Error) -> Failure {
        let cause = Cause::Request(error);
        match self.0 {
            Ok(state) => state.failure(hook, StopReason::NotStored, cause, Told::default()),
            Err(_) => Failure::new(StopReason::NotStored, cause),
        }
    }
}

impl Attempt {
    /// Gives the call up while the request is under way: the server may have seen it.
    #[must_use]
    pub fn cancel(self, hook: &Hook) -> Failure {
        let error = TransportError::new(TransportErrorKind::Cancelled, Sent::Maybe);
        self.0.failure(hook, StopReason::Cancelled, Cause::Transport(error), Told::default())
    }

    /// Gives the call up before the request is sent, because the attempt could not be kept: nothing must have been sent
    /// of it, and it is not counted.
    #[must_use]
    pub fn withdraw(mut self, hook: &Hook, error: Error) -> Failure {
        self.0.sends = self.0.sends.saturating_sub(1);
        if let Phase::Fetching(fetching) = &mut self.0.phase {
            if let Some(own) = fetching.own.take() {
                own.take_back();
            }
        }
        let cause = match &self.0.phase {
            Phase::Sent { cause, .. } => *cause,
            Phase::Fetching(fetching) => fetching.then,
            Phase::Due | Phase::Interrupted => SendCause::Redirect,
        };
        if matches!(cause, SendCause::First | SendCause::Retry) {
            self.0.attempt_number = self.0.attempt_number.saturating_sub(1);
            if let Some(lease) = self.0.take_lease() {
                lease.take_back();
            }
            self.0.paid.unspend();
        }
        self.0.failure(hook, StopReason::NotStored, Cause::Request(error), Told::default())
    }
}

impl Reading {
    /// Gives the call up while the body is being read.
    #[must_use]
    pub fn cancel(self, hook: &Hook) -> Failure {
        self.attempt.cancel(hook)
    }
}

impl Attempt {
    /// Gives the call up because the attempt could not be kept, though it was answered.
    pub(crate) fn abandon(mut self, hook: &Hook, error: Error) -> Failure {
        if !self.0.is_fetching() {
            self.0.seen = Sent::Yes;
        }
        self.0.failure(hook, StopReason::NotStored, Cause::Request(error), Told::default())
    }

    /// Has a time-out say which limit passed, and how long it is.
    #[cold]
    pub(crate) fn timed(&self, error: TransportError, now: Timestamp) -> TransportError {
        self.0.timed(error, now.max(self.0.latest))
    }

    /// Whether the time of the call is used up. The time is read only if there is a deadline.
    pub(crate) fn is_late(&self, now: impl FnOnce() -> Timestamp) -> bool {
        self.0.deadline.is_some_and(|deadline| deadline.since(now()).is_zero())
    }
}

impl State {
    /// Why nothing may be sent any more, if so.
    #[inline]
    pub(super) fn is_over(&self, remaining: Option<Duration>) -> Option<StopReason> {
        if remaining == Some(Duration::ZERO) {
            Some(StopReason::Deadline)
        } else if u32::from(self.sends) >= Call::MAX_SENDS {
            Some(StopReason::MaxSends)
        } else {
            None
        }
    }

    /// Keeps what came of an attempt that is to be made again: its body whole if the call may end with it.
    #[cold]
    pub(super) fn keep(&mut self, answer: Result<Response<Bytes>, TransportError>, passes: bool) {
        let answer = if passes { answer } else { answer.map(short) };
        let answer = answer.map_err(|error| self.timed(error, self.latest));
        self.last = Some(Box::new(Last { answer, passes }));
    }

    /// Ends because it is stepped by another hook: what it would send is meant for the origin that it was made for.
    #[cold]
    pub(super) fn strange(self: Box<Self>) -> Step {
        let failure = Failure::new(StopReason::Invalid, Cause::Request(stranger("call")));
        let failure =
            failure.with_counts(self.sends.into(), self.attempt_number.into(), self.idle_for);
        Step::Done(Err(failure.with_seen(self.seen)))
    }

    /// Ends because nothing may be sent any more.
    #[cold]
    pub(super) fn over(self: Box<Self>, hook: &Hook, reason: StopReason) -> Step {
        let otherwise = if reason == StopReason::MaxSends {
            Cause::Request(Error::new(ErrorKind::Limit, crate::response::MAX_SENDS_TEXT))
        } else {
            let kind = TransportErrorKind::Timeout(TimeoutPhase::Total);
            Cause::Transport(TransportError::new(kind, self.seen))
        };
        self.end_with_last(hook, reason, otherwise, None)
    }

    /// Ends because a gate is closed.
    #[cold]
    pub(super) fn refused(
        self: Box<Self>,
        hook: &Hook,
        reason: StopReason,
        wait: Option<Duration>,
    ) -> Step {
        let why = match reason {
            StopReason::Breaker => "the circuit breaker is open",
            StopReason::Budget => "the retry budget is empty",
            StopReason::Deadline => "no token came before the deadline",
            _ => "the rate limit leaves no room before the deadline",
        };
        let sent = if self.seen == Sent::No { "nothing was sent" } else { "nothing more was sent" };
        let otherwise = Cause::Request(Error::new(ErrorKind::Gate, format!("{why}: {sent}")));
        self.end_with_last(hook, reason, otherwise, wait.map(Limit::Deadline))
    }

    /// Ends with what came last, if anything did.
    #[cold]
    fn end_with_last(
        mut self: Box<Self>,
        hook: &Hook,
        reason: StopReason,
        otherwise: Cause,
        limit: Option<Limit>,
    ) -> Step {
        let cause = match self.last.take().map(|last| *last) {
            Some(Last { answer: Ok(response), passes: true }) => {
                return self.filtered(hook, response);
            }
            Some(Last { answer: Ok(response), .. }) => Cause::Response(short(response)),
            Some(Last { answer: Err(error), .. }) => Cause::Transport(error),
            None => otherwise,
        };
        self.end(hook, reason, cause, Told { hint: None, limit })
    }

    /// What the call ends with because its next request cannot be made: with the response that led to it, if there is one.
    #[cold]
    pub(super) fn unmade(&mut self, error: Error) -> Cause {
        match self.last.take().map(|last| last.answer) {
            Some(Ok(response)) => refusal(error, Ok(response)),
            Some(Err(_)) | None => Cause::Request(error),
        }
    }

    /// Ends with what the filter of the call makes of its response, and with its counts, where they are asked for.
    #[cold]
    pub(super) fn filtered(self: Box<Self>, hook: &Hook, mut response: Response<Bytes>) -> Step {
        if self.ready.more.as_ref().is_some_and(|more| more.counted) {
            let (sends, attempts) = (self.sends.into(), self.attempt_number.into());
            let idle_for = self.idle_for;
            response.extensions_mut().insert(Counts { sends, attempts, idle_for });
        }
        let filter = self.ready.more.as_ref().and_then(|more| more.filter.as_ref());
        match filter.map(|filter| filter.body(&response)) {
            None => Step::Done(Ok(response)),
            Some(Ok(body)) => Step::Done(Ok(response.map(|_| body))),
            Some(Err(error)) => {
                self.end(hook, StopReason::Check, refusal(error, Ok(response)), Told::default())
            }
        }
    }

    #[cold]
    pub(super) fn end(
        self: Box<Self>,
        hook: &Hook,
        reason: StopReason,
        cause: Cause,
        told: Told,
    ) -> Step {
        Step::Done(Err(self.failure(hook, reason, cause, told)))
    }

    #[cold]
    fn failure(&self, hook: &Hook, reason: StopReason, cause: Cause, told: Told) -> Failure {
        let (reason, cause) = match cause {
            Cause::Transport(error) => (reason, Cause::Transport(self.timed(error, self.latest))),
            // Another hook does not know what of an answer nobody is to read.
            Cause::Response(_) | Cause::Refused { .. } if !hook.made(&self.ready.in_force) => {
                (StopReason::Invalid, Cause::Request(stranger("call")))
            }
            other => (reason, other),
        };
        let cause = hook.with_reason_shown(cause);
        let ends = self.deadline.map(|deadline| Ends {
            after: deadline.since(self.started),
            left: deadline.since(self.latest),
        });
        let no_retries = reason == StopReason::Rejected && self.lacks_retries(hook, &cause);
        Failure::new(reason, cause)
            .with_counts(self.sends.into(), self.attempt_number.into(), self.idle_for)
            .with_hint(told.hint)
            .with_limit(told.limit, ends)
            .with_seen(self.seen)
            .with_asked(self.asked(hook, no_retries))
    }

    /// Has a time-out say which limit passed, and how long it is.
    #[cold]
    pub(super) fn timed(&self, error: TransportError, now: Timestamp) -> TransportError {
        let TransportErrorKind::Timeout(phase) = error.kind() else { return error };
        let deadline = self.deadline.filter(|_| is_out_of_time(self.deadline, now));
        let deadline = deadline.map(|deadline| deadline.since(self.started));
        error.of_limit(self.ready.in_force.timeouts().says(phase, deadline))
    }

    /// Whether what came is worth a retry by the usual policy, and no policy was set.
    fn lacks_retries(&self, hook: &Hook, cause: &Cause) -> bool {
        let response = match cause {
            Cause::Response(response) => Ok(ResponseView {
                status: response.status(),
                headers: response.headers(),
                body: Some(response.body()),
            }),
            Cause::Transport(error) => Err(error),
            Cause::Request(_) | Cause::Refused { .. } => return false,
        };
        let outcome =
            HttpOutcome { response, check_failed: true, again: false, before: self.before };
        *self.policy(hook) == RetryPolicy::never() && RetryPolicy::default().is_worth(&outcome, 1)
    }

    /// What was asked for, as it may be shown.
    fn asked(&self, hook: &Hook, no_retries: bool) -> Option<Asked> {
        // Another hook does not know what of it is whose.
        hook.made(&self.ready.in_force).then(|| self.asked_of(hook, no_retries))
    }

    fn asked_of(&self, hook: &Hook, no_retries: bool) -> Asked {
        let whose = build::whose(hook, &self.ready.target);
        Asked {
            no_retries,
            whole_url: build::is_whole_url(&self.ready),
            method: self.ready.method.clone(),
            url: shown(hook.origin(), &self.ready.target, whose),
            led_to: self.hop.as_ref().map(|hop| shown(&hop.origin, &hop.target, Whose::Hidden)),
        }
    }
}

/// Why something does not go on by the hook at hand.
#[cold]
pub(crate) fn stranger(what: &str) -> Error {
    let says = format!("the {what} was made by a hook of another connection, origin or base");
    Error::new(ErrorKind::Stored, says)
}

/// What came last, where it could not be acted upon.
pub(super) fn refusal(error: Error, answer: Result<Response<Bytes>, TransportError>) -> Cause {
    match answer {
        Ok(response) => Cause::Refused { error, response: Box::new(short(response)) },
        Err(error) => Cause::Transport(error),
    }
}

/// Cuts the body of a failed response at its limit. What is cut off is given back.
pub(crate) fn short(response: Response<Bytes>) -> Response<Bytes> {
    response.map(|body| match body.get(..Failure::MAX_BODY) {
        Some(begin) if body.len() > Failure::MAX_BODY => Bytes::copy_from_slice(begin),
        _ => body,
    })
}

/// Whether the time of the call is used up, as clients count it: in milliseconds.
pub(super) fn is_out_of_time(deadline: Option<Timestamp>, now: Timestamp) -> bool {
    deadline.is_some_and(|deadline| deadline.since(now) < Duration::from_millis(1))
}
