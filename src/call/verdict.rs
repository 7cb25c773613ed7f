//! What an answer means for a call: the judgement, which changes nothing.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};

use super::state::State;
use crate::error::{Error, Sent, TransportError};
use crate::failure::StopReason;
use crate::hook::Hook;
use crate::request::hop::Hop;
use crate::request::plan::Resend;
use crate::response::check_failed;
use crate::retry::{self, Answer, Decision, FailureClass, HttpOutcome, Progress, Random};
use crate::time::Timestamp;

/// What an answer means for the call.
pub(super) enum Verdict {
    Accept,
    Redirect(Box<Hop>),
    Retry { wait: Duration, hint: Option<Duration> },
    Reject { reason: StopReason, hint: Option<Duration> },
    Refuse(Error),
}

/// A verdict, and what it says of the server.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    /// Whether the server did its work: anything that is not worth a retry.
    pub(super) healthy: bool,
    pub(super) class: FailureClass,
}

impl State {
    /// Judges an answer, and changes nothing: first whether it leads on, then what the policy says.
    pub(super) fn judge(
        &self,
        hook: &Hook,
        seen: Result<Answer<'_>, &TransportError>,
        now: Timestamp,
    ) -> Judged {
        let class = FailureClass::Error;
        let Some(ready) = &self.ready else {
            let verdict = Verdict::Reject { reason: StopReason::Invalid, hint: None };
            return Judged { verdict, healthy: true, class };
        };
        let mut refused = None;
        if let Ok(head) = &seen {
            match Hop::next(hook, ready, self.hop.as_deref(), head.status, head.headers) {
                Ok(None) => {}
                Ok(Some(hop)) => {
                    return Judged { verdict: Verdict::Redirect(hop), healthy: true, class };
                }
                Err(error) => refused = Some(error),
            }
        }
        let check_failed = seen.as_ref().map_or(true, |head| self.check_failed(head.status));
        let failed = check_failed || refused.is_some();
        let outcome = HttpOutcome { method: &ready.method, answer: seen, check_failed: failed };
        let class = outcome.class();
        let decision = self.decide(hook, &outcome, now);
        let healthy = decision == Decision::Stand;
        let (reason, hint) = match decision {
            Decision::Stand => (StopReason::Rejected, None),
            Decision::GiveUp { reason, hint } => (reason, hint),
            Decision::Retry { wait, hint } => match self.bars_retry(hook, outcome.sent()) {
                Some(reason) => (reason, hint),
                None => return Judged { verdict: Verdict::Retry { wait, hint }, healthy, class },
            },
        };
        let verdict = match refused {
            Some(error) => Verdict::Refuse(error),
            None if failed => Verdict::Reject { reason, hint },
            None => Verdict::Accept,
        };
        Judged { verdict, healthy, class }
    }

    /// What keeps the planned request from being sent once more, `sent` telling what became of the last one.
    fn bars_retry(&self, hook: &Hook, sent: Sent) -> Option<StopReason> {
        let ready = self.ready.as_ref()?;
        if !ready.payload.is_replayable() {
            return Some(StopReason::BodyNotReplayable);
        }
        // A redirect is an answer to the planned request, whatever became of the one behind it.
        let sent = if self.hop.is_some() { Sent::Yes } else { sent };
        let keyed = ready.resend == Resend::Keyed;
        let allowed = hook.resend_any() || ready.resend == Resend::Allowed;
        let may = retry::may_resend(&ready.method, sent, keyed, allowed);
        (!may).then_some(StopReason::NotIdempotent)
    }

    /// The same for a token request that failed: without a redirect the planned request is still to come.
    pub(super) fn bars_new_token(&self, hook: &Hook) -> Option<StopReason> {
        self.hop.as_ref().and_then(|_| self.bars_retry(hook, Sent::Yes))
    }

    /// Asks the policy.
    pub(super) fn decide(
        &self,
        hook: &Hook,
        outcome: &HttpOutcome<'_>,
        now: Timestamp,
    ) -> Decision {
        let progress = Progress {
            attempt_number: self.attempt_number,
            elapsed: now.since(self.started),
            idle_for: self.idle_for,
            previous_wait: self.previous_wait,
            remaining: self.deadline.map(|deadline| deadline.since(now)),
        };
        let mut draws = Random::new(self.seed, self.attempt_number);
        self.policy(hook).decide(outcome, &progress, now, &mut || draws.draw())
    }

    /// What becomes of an answer that would have been retried, had a gate not been closed.
    pub(super) fn without_retry(
        &self,
        answer: &Result<Response<Bytes>, TransportError>,
        reason: StopReason,
        hint: Option<Duration>,
    ) -> Verdict {
        match answer {
            Ok(response) if !self.check_failed(response.status()) => Verdict::Accept,
            _ => Verdict::Reject { reason, hint },
        }
    }

    pub(super) fn check_failed(&self, status: StatusCode) -> bool {
        let on = self.ready.as_ref().is_none_or(|ready| ready.in_force.check_response);
        on && check_failed(status)
    }

    pub(super) fn policy<'a>(&'a self, hook: &'a Hook) -> &'a retry::RetryPolicy {
        let own = self.ready.as_ref().and_then(|ready| ready.policy.as_ref());
        own.unwrap_or_else(|| hook.policy())
    }
}
