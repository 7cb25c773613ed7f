//! The request for a token within a call: how it is sent, and what comes of it.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use super::cause::Told;
use super::conclude::seen;
use super::state::{Fetching, Phase, State};
use super::{Attempt, Step, WaitReason, build};
use crate::auth::ready::Auth;
use crate::auth::token::MAX_ANSWER;
use crate::auth::tokens::Flight;
use crate::base::{Error, ErrorKind, Origin, Timestamp, TransportError, headers};
use crate::body::Payload;
use crate::gates::{Denied, Unsent};
use crate::hook::Hook;
use crate::response::{Cause, StopReason};
use crate::retry::{Decision, HttpOutcome, ResponseView};

impl State {
    /// Sends a request for a token: to the origin of the connection through its gates, to another one past them.
    #[cold]
    pub(super) fn fetch(
        mut self: Box<Self>,
        hook: &Hook,
        request: Request<Payload>,
        flight: Flight,
        longest: Duration,
        now: Timestamp,
    ) -> Step {
        let remaining = self.remaining(now);
        let target = request.uri().to_string().parse::<Origin>();
        if self.owes {
            match hook.gates().pay(self.paid.class(), now) {
                Ok(paid) => (self.paid, self.owes) = (paid, false),
                Err(reason) => return self.refused(hook, reason, None),
            }
        }
        let mut own = None;
        if target.as_ref().is_ok_and(|target| target == hook.origin()) {
            match hook.gates().ask(self.turn.take(), 0, longest, now) {
                Ok(permit) => own = Some(permit),
                Err(Denied::Wait(wait, turn, reason)) => {
                    self.turn = Some(turn);
                    return self.hold(hook, wait, WaitReason::RateLimit, reason, now);
                }
                Err(Denied::Refuse(reason)) => return self.refused(hook, reason, None),
            }
        }
        let options = target.and_then(|target| {
            headers::check_room(request.headers())?;
            // The token is for all calls of the hook, so its endpoint is verified as the scheme or the hook says: what one call says
            // of its own request is not the others'.
            let (own, all) = (&self.ready.in_force, hook.in_force(None)?);
            let verify = self.auth(hook).and_then(Auth::verify).or_else(|| {
                Some(all.verify_at(&target)).filter(|verify| *verify != own.verify_at(&target))
            });
            let mut options = own.token_options(&target, remaining, verify)?;
            options.max_response_bytes = self.most().max(MAX_ANSWER);
            Ok(options)
        });
        let options = options.and_then(|options| self.check(hook, &options).map(|()| options));
        match options {
            Ok(options) => {
                let (then, lease) = (self.cause(), self.take_lease());
                let own = own.and_then(Unsent::sent);
                self.paid.spend();
                self.count(Phase::Fetching(Box::new(Fetching { flight, then, lease, own })));
                Step::Send { request, options, attempt: Attempt(self) }
            }
            Err(error) => self.unsendable(hook, StopReason::Invalid, error),
        }
    }

    /// Takes the response of a token endpoint. One that fails is retried as the policy says: nothing was asked of the
    /// API yet.
    #[cold]
    pub(super) fn conclude_fetch(
        mut self: Box<Self>,
        hook: &Hook,
        answer: Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Step {
        let Phase::Fetching(fetching) = std::mem::replace(&mut self.phase, Phase::Due) else {
            return self.send(hook, now);
        };
        let Fetching { flight, then, lease, own } = *fetching;
        self.phase = Phase::Sent { cause: then, lease };
        let this = &mut *self;
        let origin = this.hop.as_ref().map_or(hook.origin(), |hop| &hop.origin);
        let got = match (&answer, build::auth_at(hook, &this.ready, origin)) {
            (Ok(response), Some(auth)) => {
                this.auth.fetched(auth, &flight, response.status(), response.body(), now)
            }
            _ => Err(Error::new(ErrorKind::Auth, "auth: the token endpoint did not answer")),
        };
        let Err(error) = got else {
            if let Some(own) = own {
                own.report(false, now);
            }
            return self.send(hook, now);
        };
        drop(flight);
        // The policy sees status and headers. What the endpoint said is for nobody: it may hold a token, or repeat a secret.
        let seen = seen(&answer).map(|head| ResponseView { body: None, ..head });
        let outcome = HttpOutcome {
            response: seen,
            check_failed: seen.is_ok(),
            again: false,
            before: self.before,
        };
        let before = self.before.with(&outcome);
        let (decision, class) = (self.decide(hook, &outcome, now), outcome.class());
        let trouble = self.is_trouble(hook, &outcome);
        if let Some(own) = own {
            own.report(!matches!(decision, Ok(Decision::Stand)) || trouble, now);
        }
        let (reason, told) = match decision {
            Err(error) => {
                let cause = self.unmade(error);
                return self.end(hook, StopReason::Stopped, cause, Told::default());
            }
            Ok(Decision::Retry { wait, hint }) => match self.may_fetch_again() {
                Err(reason) => (reason, Told { hint, limit: None }),
                Ok(again) => match hook.gates().pay(class, now) {
                    Err(reason) => (reason, Told { hint, limit: None }),
                    Ok(paid) => {
                        (self.paid, self.before) = (paid, before);
                        return self.wait(hook, wait, hint, again, now);
                    }
                },
            },
            Ok(Decision::Stand) => (StopReason::Auth, Told::default()),
            Ok(Decision::GiveUp { reason, hint, limit }) => (reason, Told { hint, limit }),
        };
        let cause = match answer {
            Ok(_) => self.unmade(error),
            Err(lost) => {
                let origin = self.hop.as_ref().map_or(hook.origin(), |hop| &hop.origin);
                Cause::Transport(match build::auth_at(hook, &self.ready, origin) {
                    Some(auth) => auth.unreached(lost),
                    None => lost,
                })
            }
        };
        self.end(hook, reason, cause, told)
    }
}
