//! What a response means for a call: the judgement, which changes nothing.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::state::State;
use crate::base::chance::Random;
use crate::base::{Error, Timestamp, TransportError};
use crate::hook::Hook;
use crate::redirect::hop::{Hop, Planned, Rules};
use crate::response::StopReason;
use crate::retry::{Decision, FailureClass, HttpOutcome, Progress, ResponseView};

/// What a response means for the call.
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
    /// Judges a response, and changes nothing: first whether it leads on, then what the policy says.
    pub(super) fn judge(
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
        let failed = check_failed || refused.is_some();
        let outcome =
            HttpOutcome { method: &self.ready.method, response: seen, check_failed: failed };
        let class = outcome.class();
        let decision = self.decide(hook, &outcome, now);
        let healthy = decision == Decision::Stand;
        let (reason, hint) = match decision {
            Decision::Stand => (StopReason::Rejected, None),
            Decision::GiveUp { reason, hint } => (reason, hint),
            Decision::Retry { wait, hint } => match self.bars_retry(outcome.sent()) {
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
            remaining: self.remaining(now),
        };
        let mut draws = Random::new(self.seed, self.attempt_number);
        self.policy(hook).decide(outcome, &progress, now, &mut || draws.draw())
    }

    /// What becomes of a response that would have been retried, had a gate not been closed.
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
}
