//! What a response means for a call: the judgement, which changes nothing.

use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::RetryReason;
use super::cause::Told;
use super::end::is_out_of_time;
use super::state::State;
use crate::base::chance::Random;
use crate::base::{Error, ErrorKind, Timestamp, TransportError, caught};
use crate::hook::Hook;
use crate::redirect::hop::{Hop, Planned, Rules};
use crate::request::checks::More;
use crate::response::StopReason;
use crate::retry::{Decision, FailureClass, HttpOutcome, Progress, ResponseView, RetryPolicy};

/// The original's text.
const CHECK_FAILED: &str = "Response check returned False.";

/// What a response means for the call.
pub(super) enum Verdict {
    Accept,
    Redirect(Box<Hop>),
    Retry {
        wait: Duration,
        hint: Option<Duration>,
        again: RetryReason,
        /// Whether the call may end with what came, should there be no retry after all.
        passes: bool,
    },
    Reject {
        reason: StopReason,
        told: Told,
    },
    Refuse {
        reason: StopReason,
        error: Error,
    },
}

/// A verdict, and what it says of the server.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    /// Whether the server did its work: anything that is not worth a retry.
    pub(super) healthy: bool,
    pub(super) class: FailureClass,
}

impl State {
    /// Whether somebody may decide by bodies: cheap to ask, and on the safe side.
    #[inline]
    pub(super) fn may_decide_by_body(&self, hook: &Hook) -> bool {
        let of_hook = || hook.looks_at_bodies();
        self.is_fetching()
            || self.ready.more.is_some()
            || self.ready.policy.as_ref().map_or_else(of_hook, |own| own.looks_at_bodies())
    }

    /// Whether the body that comes decides what happens next.
    pub(super) fn decides_by_body(&self, hook: &Hook) -> bool {
        self.may_decide_by_body(hook)
            && (self.is_fetching()
                || self.policy(hook).reads_body()
                || self.ready.more.as_ref().is_some_and(|more| more.reads_response()))
    }

    /// Whether somebody decides by the body of this response: also the wait or the stop of a policy whose condition holds.
    #[cold]
    pub(super) fn needs_body(&self, hook: &Hook, head: &Response<Bytes>) -> bool {
        if self.decides_by_body(hook) {
            return true;
        }
        let policy = self.policy(hook);
        let seen = ResponseView { status: head.status(), headers: head.headers(), body: None };
        let check_failed = self.check_failed(head.status());
        let outcome =
            HttpOutcome { response: Ok(seen), check_failed, again: false, before: self.before };
        policy.waits_by_body() && policy.is_worth(&outcome, self.attempt_number.into())
    }

    /// Judges a response, and changes nothing: first whether it leads on, then what the policy says.
    pub(super) fn judge(
        &self,
        hook: &Hook,
        seen: Result<ResponseView<'_>, &TransportError>,
        now: Timestamp,
    ) -> Judged {
        if seen.as_ref().is_ok_and(|head| self.stands(hook, head)) {
            let (verdict, class) = (Verdict::Accept, FailureClass::Error);
            return Judged { verdict, healthy: true, class };
        }
        self.weighed(hook, seen, now)
    }

    /// Whether there is nothing to ask: nobody can find fault with this response.
    #[inline]
    fn stands(&self, hook: &Hook, head: &ResponseView<'_>) -> bool {
        head.status.is_success()
            && self.ready.policy.is_none()
            && self.ready.more.is_none()
            && hook.lets_success_stand()
    }

    /// Judges what somebody may find fault with.
    fn weighed(
        &self,
        hook: &Hook,
        seen: Result<ResponseView<'_>, &TransportError>,
        now: Timestamp,
    ) -> Judged {
        let mut refused = None;
        if let Ok(head) = &seen {
            match self.redirect(hook, head) {
                Ok(None) => {}
                Ok(Some(hop)) => {
                    let (verdict, class) = (Verdict::Redirect(hop), FailureClass::Error);
                    return Judged { verdict, healthy: true, class };
                }
                Err(error) => refused = Some(error),
            }
        }
        let check_failed = seen.as_ref().map_or(true, |head| self.check_failed(head.status));
        let mut failed = check_failed || refused.is_some();
        let mut outcome = HttpOutcome {
            response: seen,
            check_failed: failed && seen.is_ok(),
            again: false,
            before: self.before,
        };
        let class = outcome.class();
        let mut decision = match self.decide(hook, &outcome, now) {
            Ok(decision) => decision,
            Err(error) => {
                let verdict = Verdict::Refuse { reason: StopReason::Stopped, error };
                return Judged { verdict, healthy: false, class };
            }
        };
        let stands = decision == Decision::Stand;
        let healthy = stands && !self.is_trouble(hook, &outcome);
        if let (false, true, Some(checks)) = (failed, stands, &self.ready.more) {
            match self.checked_by(hook, checks, &mut outcome, now) {
                Ok(None) => {}
                Ok(Some(other)) => {
                    (decision, failed) = (other, true);
                    refused = Some(Error::new(ErrorKind::Check, CHECK_FAILED));
                }
                Err(error) => {
                    let verdict = Verdict::Refuse { reason: StopReason::Check, error };
                    return Judged { verdict, healthy, class };
                }
            }
        }
        // Where the condition still holds the call has failed, whatever the status.
        let passes = !failed && (stands || self.policy(hook).return_when_exhausted);
        let (reason, told) = match decision {
            Decision::Stand => (StopReason::Rejected, Told::default()),
            Decision::GiveUp { reason, hint, limit } => (reason, Told { hint, limit }),
            Decision::Retry { wait, hint } => match self.may_retry(outcome.sent()) {
                Err(reason) => (reason, Told { hint, limit: None }),
                Ok(again) => {
                    let verdict = Verdict::Retry { wait, hint, again, passes };
                    return Judged { verdict, healthy, class };
                }
            },
        };
        let verdict = match refused {
            Some(error) if error.kind() == ErrorKind::Check => Verdict::Refuse { reason, error },
            Some(error) => Verdict::Refuse { reason: StopReason::Redirect, error },
            None if passes => Verdict::Accept,
            None => {
                let late = class == FailureClass::Timeout && is_out_of_time(self.deadline, now);
                let late = late && outcome.response.is_err();
                Verdict::Reject { reason: if late { StopReason::Deadline } else { reason }, told }
            }
        };
        Judged { verdict, healthy, class }
    }

    /// Whether an attempt ended in a way that the gates count as a failure, though the policy never tries again: by the usual
    /// condition then.
    #[inline]
    pub(super) fn is_trouble(&self, hook: &Hook, outcome: &HttpOutcome<'_>) -> bool {
        let may_be = outcome.response.as_ref().map_or(true, |head| head.status.as_u16() >= 400);
        may_be && self.policy(hook).never_sends_again() && is_usually_worth(outcome)
    }

    /// Asks the call's own check of a response with which nobody else finds fault; `None` if it passes. What does not pass may be
    /// worth another attempt: then the policy is asked again, who must not refuse it by its condition.
    ///
    /// # Errors
    ///
    /// The response does not pass and that is the end, or the check has code in it, and that panicked.
    #[cold]
    fn checked_by(
        &self,
        hook: &Hook,
        checks: &More,
        outcome: &mut HttpOutcome<'_>,
        now: Timestamp,
    ) -> Result<Option<Decision>, Error> {
        let Some(passes) = &checks.passes else { return Ok(None) };
        let holds = caught(|| passes.holds(outcome));
        match holds {
            None => Err(Error::new(ErrorKind::Check, "response check: code in it panicked")),
            Some(true) => Ok(None),
            Some(false) if checks.again => {
                (outcome.again, outcome.check_failed) = (true, true);
                self.decide(hook, outcome, now).map(Some)
            }
            Some(false) => Err(Error::new(ErrorKind::Check, CHECK_FAILED)),
        }
    }

    /// Where a response leads, if it is a redirect that is to be followed.
    fn redirect(&self, hook: &Hook, head: &ResponseView<'_>) -> Result<Option<Box<Hop>>, Error> {
        let (ready, options) = (&self.ready, &self.ready.in_force);
        if !head.status.is_redirection() || !options.allow_redirects {
            return Ok(None);
        }
        let planned = Planned {
            method: &ready.method,
            origin: hook.origin(),
            target: &ready.target,
            payload: &ready.payload,
        };
        let rules = Rules {
            max_redirects: options.max_redirects,
            allow_downgrade: options.allow_downgrade,
        };
        Hop::next(&planned, self.hop.as_deref(), rules, head.status, head.headers)
    }

    /// Asks the policy.
    ///
    /// # Errors
    ///
    /// The policy has code in it, and that panicked.
    pub(super) fn decide(
        &self,
        hook: &Hook,
        outcome: &HttpOutcome<'_>,
        now: Timestamp,
    ) -> Result<Decision, Error> {
        let policy = self.policy(hook);
        match caught(|| policy.is_worth(outcome, self.attempt_number.into())) {
            Some(false) => Ok(Decision::Stand),
            Some(true) => self.weigh(hook, policy, outcome, now),
            None => Err(panicked()),
        }
    }

    /// Asks the policy about an outcome that is worth another attempt.
    #[cold]
    fn weigh(
        &self,
        hook: &Hook,
        policy: &RetryPolicy,
        outcome: &HttpOutcome<'_>,
        now: Timestamp,
    ) -> Result<Decision, Error> {
        let progress = Progress {
            attempt_number: self.attempt_number.into(),
            elapsed: now.since(self.started),
            idle_for: self.idle_for,
            previous_wait: self.previous_wait,
            remaining: self.remaining(now),
        };
        let mut draws = Random::new(self.seed, self.attempt_number.into());
        let weighed = caught(|| policy.weigh(outcome, &progress, now, &mut || draws.draw()));
        let decision = weighed.ok_or_else(panicked)?;
        Ok(if hook.is_usual() { decision } else { hurried(hook, decision) })
    }
}

#[cold]
fn is_usually_worth(outcome: &HttpOutcome<'_>) -> bool {
    static USUAL: LazyLock<RetryPolicy> = LazyLock::new(RetryPolicy::default);
    USUAL.is_worth(outcome, 1)
}

/// What becomes of a decision where waits or retries are switched off.
#[cold]
fn hurried(hook: &Hook, decision: Decision) -> Decision {
    match decision {
        Decision::Retry { hint, .. } if !hook.retries() => {
            Decision::GiveUp { reason: StopReason::Attempts, hint, limit: None }
        }
        Decision::Retry { .. } => Decision::Retry { wait: Duration::ZERO, hint: None },
        other => other,
    }
}

#[cold]
fn panicked() -> Error {
    Error::new(ErrorKind::Policy, "retry policy: code in it panicked")
}
