//! The state of a call and its transitions: sending, concluding, waiting, ending.
//!
//! ```text
//! send ──▶ emit ──▶ (answer) ──▶ conclude ──▶ wait | end | Done
//!  ▲ token, challenge, redirect     │
//!  └────────────────────────────────┘
//! ```

use std::time::Duration;

use bytes::Bytes;
#[cfg(feature = "cookies")]
use http::HeaderMap;
use http::{Method, Request, Response, StatusCode};

#[cfg(feature = "cookies")]
use super::jar::Cookies;
use super::verdict::{Judged, Verdict};
use super::{Attempt, Call, MAX_FAILURE_BODY, MAX_SENDS, SendCause, Step, WaitReason};
use crate::error::{Error, ErrorKind, Sent, TimeoutPhase, TransportError, TransportErrorKind};
use crate::failure::{Cause, Failure, StopReason};
use crate::hook::Hook;
use crate::request::auth::flow::{Ahead, AuthFlow};
use crate::request::build::{self, Ready};
use crate::request::hop::Hop;
use crate::request::{Origin, Payload, SendOptions};
use crate::retry::{Admission, Answer, Decision, HttpOutcome, Lease};
use crate::time::Timestamp;

pub(crate) struct State {
    pub(crate) ready: Option<Ready>,
    pub(crate) fault: Option<Box<Error>>,
    pub(crate) seed: u64,
    pub(crate) started: Timestamp,
    pub(crate) latest: Timestamp,
    pub(crate) due: Timestamp,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) waits_for: WaitReason,
    pub(crate) sends: u32,
    pub(crate) attempt_number: u32,
    pub(crate) previous_wait: Duration,
    pub(crate) idle_for: Duration,
    pub(crate) interrupted: bool,
    /// Why the next request is sent, or the one under way was.
    pub(crate) next: SendCause,
    /// Whether the attempt has sent anything yet.
    pub(crate) begun: bool,
    pub(crate) auth: AuthFlow,
    /// Where a redirect has led; never stored.
    pub(crate) hop: Option<Box<Hop>>,
    #[cfg(feature = "cookies")]
    pub(crate) cookies: Cookies,
    /// What the budget was paid for this attempt.
    pub(crate) paid: u32,
    /// The permit of the attempt under way; never stored, for it expires by itself.
    pub(crate) lease: Option<Lease>,
}

impl State {
    /// Time never runs backwards within a call.
    pub(super) fn clamp(&mut self, now: Timestamp) -> Timestamp {
        self.latest = self.latest.max(now);
        self.latest
    }

    /// Sends the next request, unless nothing may be sent any more.
    pub(super) fn send(mut self: Box<Self>, hook: &Hook, now: Timestamp) -> Step {
        let ready = match (&self.ready, self.fault.take()) {
            (Some(ready), None) => ready,
            (_, fault) => {
                let fault = fault.map_or_else(Error::bug, |fault| *fault);
                return self.end(StopReason::Invalid, Cause::Request(fault), None);
            }
        };
        let remaining = self.deadline.map(|deadline| deadline.since(now));
        if remaining == Some(Duration::ZERO) {
            let kind = TransportErrorKind::Timeout(TimeoutPhase::Total);
            let cause = Cause::Transport(TransportError::new(kind, Sent::No));
            return self.end(StopReason::Deadline, cause, None);
        }
        if self.sends >= MAX_SENDS {
            let error = TransportError::new(TransportErrorKind::Limit, Sent::No);
            return self.end(StopReason::MaxSends, Cause::Transport(error), None);
        }
        let lease = lease_time(ready, remaining);
        let home = self.is_home(hook);
        if home {
            match self.auth.ahead(build::auth_of(hook, ready), lease, now) {
                Ok(Ahead::Go) => {}
                Ok(Ahead::Wait(wait)) => {
                    return self.hold(
                        wait,
                        WaitReason::Token,
                        StopReason::Deadline,
                        remaining,
                        now,
                    );
                }
                Ok(Ahead::Fetch(request)) => {
                    let away = token_origin(&request);
                    return match ready.in_force.send_options(away.as_ref(), remaining) {
                        Ok(options) => {
                            self.next = SendCause::Token;
                            self.emit(*request, options)
                        }
                        Err(error) => self.end(StopReason::Invalid, Cause::Request(error), None),
                    };
                }
                Err(error) => return self.end(StopReason::Auth, Cause::Request(error), None),
            }
        }
        if self.lease.is_none() {
            match hook.gates().admit(self.paid, lease, now) {
                Admission::Go(lease) => self.lease = Some(lease),
                Admission::Wait(wait, reason) => {
                    return self.hold(wait, WaitReason::RateLimit, reason, remaining, now);
                }
                Admission::Refuse(reason) => return self.refused(reason),
            }
        }
        let mut request = match build::request(hook, ready, self.hop.as_deref(), self.seed) {
            Ok(request) => request,
            Err(error) => return self.end(StopReason::Invalid, Cause::Request(error), None),
        };
        if home {
            let auth = build::auth_of(hook, ready);
            if let Err(error) = self.auth.prove(auth, &mut request, self.seed, now) {
                return self.end(StopReason::Auth, Cause::Request(error), None);
            }
            let policy = self.policy(hook);
            let number = self.attempt_number.saturating_add(u32::from(!self.begun));
            if let Some((name, value)) = policy.attempt_header(number, remaining) {
                request.headers_mut().insert(name, value);
            }
        }
        let origin = self.hop.as_ref().map_or(hook.origin(), |hop| &hop.origin);
        #[cfg(feature = "cookies")]
        if let Err(error) = self.cookies.put_on(origin, &mut request, now) {
            return self.end(StopReason::Invalid, Cause::Request(error), None);
        }
        match ready.in_force.send_options((!home).then_some(origin), remaining) {
            Ok(options) => self.emit(request, options),
            Err(error) => self.end(StopReason::Invalid, Cause::Request(error), None),
        }
    }

    /// Hands a request out.
    fn emit(mut self: Box<Self>, request: Request<Payload>, options: SendOptions) -> Step {
        self.sends = self.sends.saturating_add(1);
        if !self.begun {
            self.begun = true;
            self.attempt_number = self.attempt_number.saturating_add(1);
        }
        Step::Send { request, options, attempt: Attempt(self) }
    }

    /// Whether the request is for the origin of the connection.
    fn is_home(&self, hook: &Hook) -> bool {
        self.hop.as_ref().is_none_or(|hop| hop.origin == *hook.origin())
    }

    /// Every answer comes by here.
    pub(super) fn conclude(
        mut self: Box<Self>,
        hook: &Hook,
        mut answer: Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Step {
        if let (Some(history), Ok(response)) =
            (self.hop.as_deref().and_then(Hop::history), &mut answer)
        {
            response.extensions_mut().insert(history);
        }
        if self.auth.is_fetching() {
            return self.conclude_fetch(hook, answer, now);
        }
        #[cfg(feature = "cookies")]
        if let Ok(response) = &answer {
            self.take_cookies(hook, response.headers(), now);
        }
        match self.answer_challenge(hook, &answer, now) {
            Ok(false) => {}
            Ok(true) => {
                self.next = SendCause::Challenge;
                return self.send(hook, now);
            }
            Err(error) => return self.end(StopReason::Auth, refusal(error, answer), None),
        }
        let Judged { mut verdict, healthy, class } = self.judge(hook, seen(&answer), now);
        #[cfg(feature = "digest")]
        if let Ok(response) = &answer {
            self.auth.learn(response.headers());
        }
        if let Verdict::Redirect(hop) = verdict {
            self.hop = Some(hop);
            self.next = SendCause::Redirect;
            return self.send(hook, now);
        }
        self.settle(healthy, now);
        if let Verdict::Retry { hint, .. } = verdict {
            match hook.gates().retry(class, now) {
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
        let Some(ready) = &self.ready else { return };
        let (origin, target) = match &self.hop {
            Some(hop) => (&hop.origin, &hop.target),
            None => (hook.origin(), &ready.target),
        };
        self.cookies.take_from(origin, target.path(), headers, now);
    }

    /// Takes the answer of a token endpoint. One that fails is retried as the policy says: nothing was asked of the
    /// API yet.
    fn conclude_fetch(
        mut self: Box<Self>,
        hook: &Hook,
        answer: Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Step {
        let Some(ready) = &self.ready else { return self.send(hook, now) };
        let auth = build::auth_of(hook, ready);
        let got = if let Ok(response) = &answer {
            self.auth.fetched(auth, response.status(), response.body(), now)
        } else {
            self.auth.release(auth);
            Err(Error::new(ErrorKind::Auth, "auth: the token endpoint did not answer"))
        };
        let Err(error) = got else {
            let again = self.attempt_number > 1;
            self.next = if again { SendCause::Retry } else { SendCause::First };
            return self.send(hook, now);
        };
        let outcome =
            HttpOutcome { method: &Method::POST, answer: seen(&answer), check_failed: true };
        match self.decide(hook, &outcome, now) {
            Decision::Retry { wait, hint } => match self.bars_new_token(hook) {
                Some(reason) => self.end(reason, refusal(error, answer), hint),
                None => self.wait(wait, hint, now),
            },
            Decision::Stand => self.end(StopReason::Auth, refusal(error, answer), None),
            Decision::GiveUp { reason, hint } => self.end(reason, refusal(error, answer), hint),
        }
    }

    /// Whether a 401 of the connection's origin is answered by sending the request again.
    fn answer_challenge(
        &mut self,
        hook: &Hook,
        answer: &Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let (Some(ready), Ok(response)) = (&self.ready, answer) else { return Ok(false) };
        if !self.may_answer(hook, response.status()) {
            return Ok(false);
        }
        let sent = build::request(hook, ready, self.hop.as_deref(), self.seed)?;
        let auth = build::auth_of(hook, ready);
        self.auth.answer(auth, &sent, response.headers(), self.seed, now)
    }

    pub(super) fn may_answer(&self, hook: &Hook, status: StatusCode) -> bool {
        let Some(ready) = &self.ready else { return false };
        status == StatusCode::UNAUTHORIZED
            && self.is_home(hook)
            && ready.payload.is_replayable()
            && self.auth.may_answer(build::auth_of(hook, ready))
    }

    /// Tells the gates how the attempt went.
    pub(super) fn settle(&mut self, healthy: bool, now: Timestamp) {
        if let Some(lease) = self.lease.take() {
            if healthy { lease.success(now) } else { lease.failure(now) }
        }
    }

    /// Waits before the next attempt, which begins again with the planned request.
    fn wait(mut self: Box<Self>, wait: Duration, hint: Option<Duration>, now: Timestamp) -> Step {
        let reason = if hint.is_some() { WaitReason::Hint } else { WaitReason::Backoff };
        self.hop = None;
        self.begun = false;
        self.next = SendCause::Retry;
        self.auth.begin();
        self.due = now.after(wait);
        self.waits_for = reason;
        self.previous_wait = wait;
        self.idle_for = self.idle_for.saturating_add(wait);
        Step::Wait { call: Call(self), wait, reason }
    }

    /// Waits for a gate, if that can be before the deadline.
    fn hold(
        mut self: Box<Self>,
        wait: Duration,
        reason: WaitReason,
        otherwise: StopReason,
        remaining: Option<Duration>,
        now: Timestamp,
    ) -> Step {
        if remaining.is_some_and(|left| wait >= left) {
            return self.refused(otherwise);
        }
        self.due = now.after(wait);
        self.waits_for = reason;
        self.idle_for = self.idle_for.saturating_add(wait);
        Step::Wait { call: Call(self), wait, reason }
    }

    /// Ends because a gate is closed.
    fn refused(self: Box<Self>, reason: StopReason) -> Step {
        let message = match reason {
            StopReason::Breaker => "the circuit breaker is open: nothing was sent",
            StopReason::Deadline => "no token came before the deadline: nothing was sent",
            _ => "the rate limit leaves no room before the deadline: nothing was sent",
        };
        self.end(reason, Cause::Request(Error::new(ErrorKind::Gate, message)), None)
    }

    fn end(self: Box<Self>, reason: StopReason, cause: Cause, hint: Option<Duration>) -> Step {
        Step::Done(Err(self.failure(reason, cause, hint)))
    }

    pub(super) fn failure(
        &self,
        reason: StopReason,
        cause: Cause,
        hint: Option<Duration>,
    ) -> Failure {
        Failure::new(reason, cause)
            .with_counts(self.sends, self.attempt_number, self.idle_for)
            .with_hint(hint)
    }
}

/// The longest time that the send may take, for the permit that goes with it.
fn lease_time(ready: &Ready, remaining: Option<Duration>) -> Duration {
    let limit = ready.in_force.longest_send();
    remaining.map_or(limit, |left| left.min(limit))
}

/// Where a token is asked for.
fn token_origin(request: &Request<Payload>) -> Option<Origin> {
    request.uri().to_string().parse().ok()
}

/// An answer as the policy sees it.
fn seen(answer: &Result<Response<Bytes>, TransportError>) -> Result<Answer<'_>, &TransportError> {
    answer.as_ref().map(|response| Answer {
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

/// Cuts the body of a failed answer at its limit.
fn short(response: Response<Bytes>) -> Response<Bytes> {
    response.map(|body| body.slice(..body.len().min(MAX_FAILURE_BODY)))
}
