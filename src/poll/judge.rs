//! What comes of a poll: the end, or another one.

use bytes::Bytes;
use http::{HeaderMap, Method, Response};

use super::{Phase, Poll, out_of_turn};
use crate::base::chance::Random;
use crate::base::headers::only;
use crate::base::{Error, ErrorKind, Sent, Timestamp, caught};
use crate::call::follow::Counts;
use crate::call::{Call, short};
use crate::drive::Act;
use crate::request::resend::Resend;
use crate::response::{Cause, Failure, StopReason};
use crate::retry::{ByClass, Condition, HttpOutcome, ResponseView, may_resend, until_next};

type Ended = Result<Response<Bytes>, Failure>;

impl<B: From<Bytes>> Poll<'_, B> {
    /// Judges what came of a poll. `None`: the next one is waited for.
    pub(crate) fn took(&mut self, mut result: Ended, now: Timestamp) -> Option<Ended> {
        let now = self.clamp(now);
        self.count(&mut result);
        self.phase = Phase::Over;
        let seen = result.as_ref().map_or_else(Failure::sent, |_| Sent::Yes);
        self.seen = self.seen.max(seen);
        self.judge(result, seen, now)
    }

    /// Ends the poll before the pending request is sent, because `error` kept the driver from keeping it. Nothing must have been sent
    /// of it: its permit, and what was paid for it, come back. A poll that sleeps ends, too.
    #[cold]
    pub fn withdraw(&mut self, error: Error) -> Act<B> {
        let mut result = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Polling(mut run) => match run.withdraw(error) {
                Act::Done(result) => result,
                _ => Err(out_of_turn()),
            },
            Phase::Sleeping(_) => Err(Failure::new(StopReason::NotStored, Cause::Request(error))),
            Phase::Over => return Act::Done(Err(out_of_turn())),
        };
        self.count(&mut result);
        let seen = result.as_ref().map_or_else(Failure::sent, |_| Sent::Yes);
        self.seen = self.seen.max(seen);
        Act::Done(result.map_err(|failure| self.told(failure)))
    }

    /// Tells what all calls came to.
    fn told(&self, failure: Failure) -> Failure {
        let Counts { sends, attempts, idle_for } = self.counts;
        let failure = if failure.method().is_some() {
            failure
        } else {
            let call = Call::new(&self.hook, self.plan.clone(), self.seed, self.latest);
            failure.with_asked(call.asked(&self.hook))
        };
        let failure = failure.within(self.polling.deadline, self.plan.deadline_given());
        failure.with_seen(self.seen).with_counts(sends, attempts, idle_for)
    }

    /// Counts what the call that ended came to.
    fn count(&mut self, result: &mut Ended) {
        let own = match result {
            Ok(response) => response.extensions_mut().remove::<Counts>().unwrap_or_default(),
            Err(failure) => Counts {
                sends: failure.sends(),
                attempts: failure.attempts(),
                idle_for: failure.idle_for(),
            },
        };
        let all = &mut self.counts;
        all.sends = all.sends.saturating_add(own.sends);
        all.attempts = all.attempts.saturating_add(own.attempts);
        all.idle_for = all.idle_for.saturating_add(own.idle_for);
    }

    fn judge(&mut self, result: Ended, seen: Sent, now: Timestamp) -> Option<Ended> {
        let none = HeaderMap::new();
        let headers = match &result {
            Ok(response) => {
                (self.failed, self.answered) = (0, self.polls);
                let (until, fail_if) = (&self.polling.until, &self.polling.fail_if);
                let judged = caught(|| (holds(fail_if, response), holds(until, response)));
                match judged {
                    None => return Some(Err(self.refuse("code in a condition panicked", result))),
                    Some((true, _)) => {
                        return Some(Err(self.refuse("the response says that it failed", result)));
                    }
                    Some((_, true)) => return Some(result),
                    Some(_) => response.headers(),
                }
            }
            Err(failure) => {
                if !self.polling.is_not_yet(failure) {
                    self.failed = self.failed.saturating_add(1);
                    if self.failed >= self.polling.failures.max(1) {
                        return Some(result.map_err(|last| self.told(last)));
                    }
                }
                if !self.may_ask_again(seen) {
                    let why = StopReason::NotIdempotent;
                    return Some(result.map_err(|last| self.told(last.because(why))));
                }
                failure.headers().unwrap_or(&none)
            }
        };
        let status = result.as_ref().map_or_else(Failure::status, |head| Some(head.status()));
        let hint = until_next(status, headers, now).unwrap_or_default();
        let mut draws = Random::new(self.seed, self.polls);
        let Some(own) = caught(|| self.polling.wait.after(self.polls, &mut || draws.draw())) else {
            return Some(Err(self.refuse("code in the wait panicked", result)));
        };
        let wait = own.max(hint);
        let followed = self.follow(&result);
        if let Err(error) = followed {
            return Some(Err(self.ended(StopReason::Check, error, result)));
        }
        if wait >= self.ends.since(now) {
            let error = Error::new(
                ErrorKind::Check,
                "poll: what is waited for did not come before the deadline",
            );
            return Some(Err(self.ended(StopReason::Deadline, error, result)));
        }
        self.counts.idle_for = self.counts.idle_for.saturating_add(wait);
        self.phase = Phase::Sleeping(now.after(wait));
        None
    }

    /// Whether a request of which a call failed may be sent by another one, as within one call: `seen` tells what became of it.
    fn may_ask_again(&self, seen: Sent) -> bool {
        let (keyed, allowed) =
            (self.plan.resend == Resend::Keyed, self.plan.resend == Resend::Allowed);
        may_resend(&self.plan.method, seen, keyed, allowed)
    }

    /// Takes what the response says about where to ask from now on.
    fn follow(&mut self, result: &Ended) -> Result<(), Error> {
        let (Ok(response), true) = (result, self.polling.follow) else { return Ok(()) };
        let mut named = None;
        for name in ["operation-location", "location"] {
            let told = only(response.headers(), name).map_err(|()| {
                Error::new(ErrorKind::Check, "poll: the response names several places to ask at")
            })?;
            if told.is_some() {
                named = told;
                break;
            }
        }
        match (named, self.place.take()) {
            (Some(named), Some(place)) => {
                let link = place.follow(response, named)?;
                self.plan = self.plan.clone().bodiless().linked(link);
                Ok(())
            }
            _ if matches!(self.plan.method, Method::GET | Method::HEAD) => Ok(()),
            _ => Err(Error::new(
                ErrorKind::Check,
                "poll: the response names no Operation-Location and no Location to ask at",
            )),
        }
    }

    #[cold]
    fn refuse(&self, why: &str, result: Ended) -> Failure {
        let error = Error::new(ErrorKind::Check, format!("poll: {why}"));
        self.ended(StopReason::Check, error, result)
    }

    /// Ends unsatisfied, with what came last.
    #[cold]
    fn ended(&self, reason: StopReason, error: Error, result: Ended) -> Failure {
        self.told(match result {
            Ok(response) => {
                let response = Box::new(short(response));
                let cause = Cause::Refused { error, response };
                Failure::new(reason, self.hook.with_reason_shown(cause))
            }
            Err(failure) => failure.because(reason),
        })
    }
}

fn holds(condition: &Condition, response: &Response<Bytes>) -> bool {
    let view = ResponseView {
        status: response.status(),
        headers: response.headers(),
        body: Some(response.body()),
    };
    condition.holds(&HttpOutcome {
        response: Ok(view),
        check_failed: false,
        again: false,
        before: ByClass::default(),
    })
}
