//! The state machine. Everything that changes state is in this file.
//!
//! ```text
//! new ─▶ Call ──step──▶ Attempt ──finish──▶ Done(Ok | Err)
//!         ▲ (JSON)         │
//!         └───── Wait ◀────┘ finish
//! ```

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, response};

use crate::error::{Error, ErrorKind, Sent, TimeoutPhase, TransportError, TransportErrorKind};
use crate::failure::{Cause, Failure, StopReason};
use crate::hook::Hook;
use crate::request::auth::flow::{Ahead, AuthFlow};
use crate::request::build::{self, Ready};
use crate::request::hop::Hop;
use crate::request::plan::{RequestPlan, Resend};
use crate::request::{Payload, SendOptions};
use crate::response::{History, check_failed, whole};
use crate::retry::{
    self, Admission, Answer, Decision, FailureClass, HttpOutcome, Lease, Progress, Random,
};
use crate::time::Timestamp;
use crate::transport::body::size;

/// The most requests that any call sends, whatever its policy.
pub const MAX_SENDS: u32 = 1_000;

/// The longest part of a failed answer's body that is kept, in bytes.
pub const MAX_FAILURE_BODY: usize = 64 << 10;

/// What to do now.
#[must_use]
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a step is taken apart at once, and a box would be one allocation a send"
)]
pub enum Step {
    /// Send `request` under `options`, then [finish](Attempt::finish) the attempt with what came back.
    Send {
        /// What to send.
        request: Request<Payload>,
        /// How to send it.
        options: SendOptions,
        /// What to answer.
        attempt: Attempt,
    },
    /// Wait, then [step](Call::step) the call again.
    Wait {
        /// What remains to be done.
        call: Call,
        /// How long.
        wait: Duration,
        /// Why.
        reason: WaitReason,
    },
    /// The call is over.
    Done(Result<Response<Bytes>, Failure>),
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WaitReason {
    /// The policy's own wait before the next attempt.
    Backoff,
    /// The wait that the server asked for.
    Hint,
    /// The circuit breaker is open.
    Breaker,
    /// The rate limit.
    RateLimit,
    /// Another call is fetching the token.
    Token,
}

impl WaitReason {
    /// Names the reason in lower case, as it is printed and stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Backoff => "backoff",
            Self::Hint => "hint",
            Self::Breaker => "breaker",
            Self::RateLimit => "rate_limit",
            Self::Token => "token",
        }
    }
}

/// Why a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendCause {
    /// It is the first.
    First,
    /// The one before failed.
    Retry,
    /// A redirect is followed.
    Redirect,
    /// A challenge is answered, or the request is sent again with another token.
    Challenge,
    /// A token is fetched.
    Token,
}

/// What remains to be done: the call before a send. [`store`](Call::store) keeps it for another machine.
#[must_use = "a call does nothing until it is stepped"]
pub struct Call(pub(crate) Box<State>);

/// A request under way: to be answered by [`finish`](Attempt::finish), or by [`head`](Attempt::head) where the body
/// is to be streamed.
#[must_use = "an attempt has to be finished"]
pub struct Attempt(Box<State>);

/// An attempt whose body the machine needs.
#[must_use = "a reading has to be finished"]
pub struct Reading {
    attempt: Attempt,
    limit: u64,
}

/// What becomes of an answer whose head has come.
#[must_use]
#[derive(Debug)]
pub enum Head {
    /// The call is over: the body is the caller's to stream.
    Accept,
    /// Read the body up to `limit` bytes, cut the rest off, and finish `reading` with it.
    Read {
        /// How many bytes are wanted at most.
        limit: u64,
        /// What to answer.
        reading: Reading,
    },
}

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
    /// What the budget was paid for this attempt.
    pub(crate) paid: u32,
    /// The permit of the attempt under way; never stored, for it expires by itself.
    pub(crate) lease: Option<Lease>,
}

/// What an answer means for the call.
enum Verdict {
    Accept,
    Redirect(Box<Hop>),
    Retry { wait: Duration, hint: Option<Duration> },
    Reject { reason: StopReason, hint: Option<Duration> },
    Refuse(Error),
}

/// A verdict, and what it says of the server.
struct Judged {
    verdict: Verdict,
    /// Whether the server did its work: anything that is not worth a retry.
    healthy: bool,
    class: FailureClass,
}

impl Call {
    /// Begins a call. A plan that cannot be sent shows at the first step.
    ///
    /// `seed` decides every random choice of the call; two calls with the same seed wait alike.
    pub fn new(hook: &Hook, plan: RequestPlan, seed: u64, now: Timestamp) -> Self {
        let deadline = plan.deadline.map(|deadline| now.after(deadline));
        let (ready, fault) = match Ready::new(hook, plan, seed) {
            Ok(ready) => (Some(ready), None),
            Err(error) => (None, Some(error)),
        };
        Self(Box::new(State {
            ready,
            fault,
            seed,
            started: now,
            latest: now,
            due: now,
            deadline,
            waits_for: WaitReason::Backoff,
            sends: 0,
            attempt_number: 0,
            previous_wait: Duration::ZERO,
            idle_for: Duration::ZERO,
            interrupted: false,
            next: SendCause::First,
            begun: false,
            auth: AuthFlow::default(),
            hop: None,
            paid: 0,
            lease: None,
        }))
    }

    /// Goes on. A step that comes too early only says how long to wait.
    pub fn step(mut self, hook: &Hook, now: Timestamp) -> Step {
        let now = self.0.clamp(now);
        let mut state = self.0;
        if state.interrupted {
            state.interrupted = false;
            let error = TransportError::new(TransportErrorKind::Interrupted, Sent::Maybe);
            return state.conclude(hook, Err(error), now);
        }
        let wait = state.due.since(now);
        if !wait.is_zero() {
            let reason = state.waits_for;
            return Step::Wait { call: Self(state), wait, reason };
        }
        state.send(hook, now)
    }

    /// Tells when the call wants to go on.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        self.0.due
    }

    /// Counts the attempts that have ended.
    #[must_use]
    pub fn attempt_number(&self) -> u32 {
        self.0.attempt_number
    }

    /// Counts the requests that were sent.
    #[must_use]
    pub fn sends(&self) -> u32 {
        self.0.sends
    }

    /// Gives the time spent waiting so far, the wait under way included.
    #[must_use]
    pub fn idle_for(&self) -> Duration {
        self.0.idle_for
    }

    /// Gives the call up.
    #[must_use]
    pub fn cancel(self) -> Failure {
        let error = TransportError::new(TransportErrorKind::Cancelled, Sent::No);
        self.0.failure(StopReason::Cancelled, Cause::Transport(error), None)
    }
}

impl Attempt {
    /// Answers the attempt with what came back.
    pub fn finish(
        mut self,
        hook: &Hook,
        answer: Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Step {
        let now = self.0.clamp(now);
        let answer = answer.and_then(|response| match &self.0.ready {
            Some(ready) => whole(&ready.method, response),
            None => Ok(response),
        });
        self.0.conclude(hook, answer, now)
    }

    /// Answers the attempt with the head of what came back, for a caller who streams bodies.
    pub fn head(mut self, hook: &Hook, head: &response::Parts, now: Timestamp) -> Head {
        let now = self.0.clamp(now);
        let seen = Answer { status: head.status, headers: &head.headers, body: None };
        let accepted = !head.status.is_informational()
            && !self.0.auth.is_fetching()
            && !self.0.may_answer(hook, head.status)
            && !self.0.policy(hook).reads_body()
            && matches!(self.0.judge(hook, Ok(seen), now).verdict, Verdict::Accept);
        if accepted {
            // Only an answer that is worth no retry, or may have none, is accepted.
            self.0.settle(true, now);
            return Head::Accept;
        }
        let limit = match &self.0.ready {
            Some(ready) if !self.0.check_failed(head.status) => ready.in_force.max_response_bytes,
            _ => size(MAX_FAILURE_BODY),
        };
        Head::Read { limit, reading: Reading { attempt: self, limit } }
    }

    /// Gives the number of the attempt, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.0.attempt_number
    }

    /// Gives the ordinal of the send within the call, from 1.
    #[must_use]
    pub fn sends(&self) -> u32 {
        self.0.sends
    }

    /// Tells which redirects led to this request; an answer that is read gets it as an extension.
    #[must_use]
    pub fn history(&self) -> Option<History> {
        self.0.hop.as_deref().and_then(Hop::history)
    }

    /// Tells why the request is sent.
    #[must_use]
    pub fn cause(&self) -> SendCause {
        self.0.next
    }

    /// Gives the call up because the request cannot be sent as it is. Nothing must have been sent.
    #[must_use]
    pub fn refuse(mut self, error: Error) -> Failure {
        self.0.sends = self.0.sends.saturating_sub(1);
        self.0.attempt_number = self.0.attempt_number.saturating_sub(1);
        self.0.failure(StopReason::Invalid, Cause::Request(error), None)
    }

    /// Gives the call up while the request is under way: the server may have seen it.
    #[must_use]
    pub fn cancel(self) -> Failure {
        let error = TransportError::new(TransportErrorKind::Cancelled, Sent::Maybe);
        self.0.failure(StopReason::Cancelled, Cause::Transport(error), None)
    }

    pub(crate) fn state(&self) -> &State {
        &self.0
    }
}

impl Reading {
    /// Answers the attempt with the whole response.
    pub fn finish(
        mut self,
        hook: &Hook,
        answer: Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Step {
        let cut = |response: &Response<Bytes>| size(response.body().len()) >= self.limit;
        if answer.as_ref().is_ok_and(cut) {
            let now = self.attempt.0.clamp(now);
            return self.attempt.0.conclude(hook, answer, now);
        }
        self.attempt.finish(hook, answer, now)
    }
}

impl State {
    /// Time never runs backwards within a call.
    fn clamp(&mut self, now: Timestamp) -> Timestamp {
        self.latest = self.latest.max(now);
        self.latest
    }

    /// Sends the next request, unless nothing may be sent any more.
    fn send(mut self: Box<Self>, hook: &Hook, now: Timestamp) -> Step {
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
        if self.hop.is_none() {
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
                    let options = ready.in_force.send_options(false, remaining);
                    self.next = SendCause::Token;
                    return self.emit(request, options);
                }
                Err(error) => return self.end(StopReason::Auth, Cause::Request(error), None),
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
        }
        let mut request = match build::request(hook, ready, self.hop.as_deref(), self.seed) {
            Ok(request) => request,
            Err(error) => return self.end(StopReason::Invalid, Cause::Request(error), None),
        };
        let home = self.is_home(hook);
        if home {
            let auth = build::auth_of(hook, ready);
            if let Err(error) = self.auth.prove(auth, &mut request, self.seed, now) {
                return self.end(StopReason::Auth, Cause::Request(error), None);
            }
        }
        let options = ready.in_force.send_options(home, remaining);
        self.emit(request, options)
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
    fn conclude(
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
        match self.answer_challenge(hook, &answer, now) {
            Ok(false) => {}
            Ok(true) => {
                self.next = SendCause::Challenge;
                return self.send(hook, now);
            }
            Err(error) => return self.end(StopReason::Auth, refusal(error, answer), None),
        }
        let Judged { mut verdict, healthy, class } = self.judge(hook, seen(&answer), now);
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
        let error = match &answer {
            Ok(response) => {
                match self.auth.fetched(auth, response.status(), response.body(), now) {
                    Ok(()) => {
                        let again = self.attempt_number > 1;
                        self.next = if again { SendCause::Retry } else { SendCause::First };
                        return self.send(hook, now);
                    }
                    Err(error) => error,
                }
            }
            Err(_) => {
                self.auth.release(auth);
                Error::new(ErrorKind::Auth, "auth: the token endpoint did not answer")
            }
        };
        let outcome =
            HttpOutcome { method: &Method::POST, answer: seen(&answer), check_failed: true };
        match self.decide(hook, &outcome, now) {
            Decision::Retry { wait, hint } => self.wait(wait, hint, now),
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

    fn may_answer(&self, hook: &Hook, status: StatusCode) -> bool {
        let Some(ready) = &self.ready else { return false };
        status == StatusCode::UNAUTHORIZED
            && self.is_home(hook)
            && ready.payload.is_replayable()
            && self.auth.may_answer(build::auth_of(hook, ready))
    }

    /// Judges an answer, and changes nothing: first whether it leads on, then what the policy says.
    fn judge(
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
            Decision::Retry { hint, .. } if !ready.payload.is_replayable() => {
                (StopReason::BodyNotReplayable, hint)
            }
            Decision::Retry { hint, .. } if !may_resend(hook, ready, outcome.sent()) => {
                (StopReason::NotIdempotent, hint)
            }
            Decision::Retry { wait, hint } => {
                return Judged { verdict: Verdict::Retry { wait, hint }, healthy, class };
            }
        };
        let verdict = match refused {
            Some(error) => Verdict::Refuse(error),
            None if failed => Verdict::Reject { reason, hint },
            None => Verdict::Accept,
        };
        Judged { verdict, healthy, class }
    }

    /// Asks the policy.
    fn decide(&self, hook: &Hook, outcome: &HttpOutcome<'_>, now: Timestamp) -> Decision {
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
    fn without_retry(
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

    /// Tells the gates how the attempt went.
    fn settle(&mut self, healthy: bool, now: Timestamp) {
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

    fn check_failed(&self, status: StatusCode) -> bool {
        let on = self.ready.as_ref().is_none_or(|ready| ready.in_force.check_response);
        on && check_failed(status)
    }

    fn policy<'a>(&'a self, hook: &'a Hook) -> &'a retry::RetryPolicy {
        let own = self.ready.as_ref().and_then(|ready| ready.policy.as_ref());
        own.unwrap_or_else(|| hook.policy())
    }

    fn end(self: Box<Self>, reason: StopReason, cause: Cause, hint: Option<Duration>) -> Step {
        Step::Done(Err(self.failure(reason, cause, hint)))
    }

    fn failure(&self, reason: StopReason, cause: Cause, hint: Option<Duration>) -> Failure {
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

fn may_resend(hook: &Hook, ready: &Ready, sent: Sent) -> bool {
    let keyed = ready.resend == Resend::Keyed;
    let allowed = hook.resend_any() || ready.resend == Resend::Allowed;
    retry::may_resend(&ready.method, sent, keyed, allowed)
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(&self.0, f.debug_struct("Call"))
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(&self.0, f.debug_struct("Attempt"))
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reading = f.debug_struct("Reading");
        reading.field("limit", &self.limit);
        debug(&self.attempt.0, reading)
    }
}

/// Without URL, headers and body: each may hold secrets.
fn debug(state: &State, mut f: fmt::DebugStruct<'_, '_>) -> fmt::Result {
    f.field("sends", &state.sends)
        .field("attempt_number", &state.attempt_number)
        .field("due", &state.due)
        .field("idle_for", &state.idle_for)
        .finish_non_exhaustive()
}
