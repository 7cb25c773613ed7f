//! The moves of a call once something came back: going on, waiting, ending. Those before are in [`step`](super::step).

use std::time::Duration;

use bytes::Bytes;
#[cfg(feature = "cookies")]
use http::HeaderMap;
use http::{Method, Response};

use super::build;
use super::state::{Fetching, Phase, State};
use super::verdict::{Judged, Verdict};
use super::{SendCause, Step, WaitReason};
use crate::base::{Error, ErrorKind, Timestamp, TransportError};
use crate::hook::Hook;
use crate::redirect::hop::Hop;
use crate::response::{Cause, Failure, StopReason};
use crate::retry::{Decision, HttpOutcome, ResponseView};

impl State {
    /// Sends another request of the same attempt.
    fn send_on(mut self: Box<Self>, hook: &Hook, cause: SendCause, now: Timestamp) -> Step {
        let lease = self.take_lease();
        self.phase = Phase::Sent { cause, lease };
        self.send(hook, now)
    }

    /// Every response comes by here.
    pub(super) fn conclude(
        mut self: Box<Self>,
        hook: &Hook,
        mut answer: Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Step {
        if self.is_fetching() {
            return self.conclude_fetch(hook, answer, now);
        }
        if let (Some(history), Ok(response)) =
            (self.hop.as_deref().and_then(Hop::history), &mut answer)
        {
            response.extensions_mut().insert(history);
        }
        #[cfg(feature = "cookies")]
        if let Ok(response) = &answer {
            self.take_cookies(hook, response.headers(), now);
        }
        match self.answer_challenge(hook, &answer, now) {
            Ok(false) => {}
            Ok(true) => return self.send_on(hook, SendCause::Challenge, now),
            Err(error) => return self.end(StopReason::Auth, refusal(error, answer), None),
        }
        let Judged { mut verdict, healthy, class } = self.judge(hook, seen(&answer), now);
        #[cfg(feature = "digest")]
        if let Ok(response) = &answer {
            self.auth.learn(response.headers());
        }
        if let Verdict::Redirect(hop) = verdict {
            self.hop = Some(hop);
            return self.send_on(hook, SendCause::Redirect, now);
        }
        self.settle(healthy, now);
        if let Verdict::Retry { hint, .. } = verdict {
            match hook.gates().pay(class, now) {
                Ok(paid) => self.paid = paid,
                Err(reason) => verdict = self.without_retry(&answer, reason, hint),
            }
        }
        match (verdict, answer) {
            // A redirect was followed above.
            (Verdict::Accept | Verdict::Redirect(_), Ok(response)) => Step::Done(Ok(response)),
            (Verdict::Retry { wait, hint }, _) => self.wait(wait, hint, now),
            (Verdict::Reject { reason, hint }, Ok(response)) => {
                self.end(reason, Cause::Response(short(response)), hint)
            }
            (Verdict::Refuse(error), Ok(response)) => {
                let response = Box::new(short(response));
                self.end(StopReason::Redirect, Cause::Refused { error, response }, None)
            }
            (Verdict::Reject { reason, hint }, Err(error)) => {
                self.end(reason, Cause::Transport(error), hint)
            }
            // No error is accepted, refused or redirected.
            (_, Err(error)) => self.end(StopReason::Rejected, Cause::Transport(error), None),
        }
    }

    #[cfg(feature = "cookies")]
    pub(super) fn take_cookies(&mut self, hook: &Hook, headers: &HeaderMap, now: Timestamp) {
        let (origin, target) = match &self.hop {
            Some(hop) => (&hop.origin, &hop.target),
            None => (hook.origin(), &self.ready.target),
        };
        self.cookies.take_from(origin, target.path(), headers, now);
    }

    /// Takes the response of a token endpoint. One that fails is retried as the policy says: nothing was asked of the
    /// API yet.
    #[cold]
    fn conclude_fetch(
        mut self: Box<Self>,
        hook: &Hook,
        answer: Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Step {
        let Phase::Fetching(fetching) = std::mem::replace(&mut self.phase, Phase::Due) else {
            return self.send(hook, now);
        };
        let Fetching { flight, then, lease } = *fetching;
        self.phase = Phase::Sent { cause: then, lease };
        let this = &mut *self;
        let origin = this.hop.as_ref().map_or(hook.origin(), |hop| &hop.origin);
        let got = match (&answer, build::auth_at(hook, &this.ready, origin)) {
            (Ok(response), Some(auth)) => {
                this.auth.fetched(auth, &flight, response.status(), response.body(), now)
            }
            _ => Err(Error::new(ErrorKind::Auth, "auth: the token endpoint did not answer")),
        };
        let Err(error) = got else { return self.send(hook, now) };
        drop(flight);
        // The policy sees status and headers. What the endpoint said is for nobody: it may hold a token, or repeat a secret.
        let seen = seen(&answer).map(|head| ResponseView { body: None, ..head });
        let outcome = HttpOutcome { method: &Method::POST, response: seen, check_failed: true };
        let decision = self.decide(hook, &outcome, now);
        let cause = match answer {
            Ok(_) => Cause::Request(error),
            Err(lost) => Cause::Transport(lost),
        };
        match decision {
            Decision::Retry { wait, hint } => match self.bars_new_token() {
                Some(reason) => self.end(reason, cause, hint),
                None => self.wait(wait, hint, now),
            },
            Decision::Stand => self.end(StopReason::Auth, cause, None),
            Decision::GiveUp { reason, hint } => self.end(reason, cause, hint),
        }
    }

    /// Whether a 401 of the connection's origin is answered by sending the request again.
    fn answer_challenge(
        &mut self,
        hook: &Hook,
        answer: &Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Ok(response) = answer else { return Ok(false) };
        if !self.may_answer(hook, response.status()) {
            return Ok(false);
        }
        let Self { ready, hop, seed, auth: flow, .. } = self;
        let origin = hop.as_ref().map_or(hook.origin(), |hop| &hop.origin);
        let Some(auth) = build::auth_at(hook, ready, origin) else { return Ok(false) };
        let sent = || build::request(hook, ready, hop.as_deref(), *seed);
        flow.answer(auth, sent, response.headers(), *seed, now)
    }

    /// Tells the gates how the attempt went.
    pub(super) fn settle(&mut self, healthy: bool, now: Timestamp) {
        if let Some(lease) = self.take_lease() {
            if healthy { lease.success(now) } else { lease.failure(now) }
        }
    }

    /// Waits before the next attempt, which begins again with the planned request.
    fn wait(mut self: Box<Self>, wait: Duration, hint: Option<Duration>, now: Timestamp) -> Step {
        let reason = if hint.is_some() { WaitReason::Hint } else { WaitReason::Backoff };
        self.hop = None;
        self.phase = Phase::Due;
        self.auth.begin();
        self.previous_wait = wait;
        self.sleep(wait, reason, now)
    }
}

/// A response as the policy sees it.
fn seen(
    answer: &Result<Response<Bytes>, TransportError>,
) -> Result<ResponseView<'_>, &TransportError> {
    answer.as_ref().map(|response| ResponseView {
        status: response.status(),
        headers: response.headers(),
        body: Some(response.body()),
    })
}

/// What came last, where it could not be acted upon.
fn refusal(error: Error, answer: Result<Response<Bytes>, TransportError>) -> Cause {
    match answer {
        Ok(response) => Cause::Refused { error, response: Box::new(short(response)) },
        Err(error) => Cause::Transport(error),
    }
}

/// Cuts the body of a failed response at its limit.
fn short(response: Response<Bytes>) -> Response<Bytes> {
    response.map(|body| body.slice(..body.len().min(Failure::MAX_BODY)))
}
