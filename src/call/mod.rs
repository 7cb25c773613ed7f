//! The state machine: what a caller holds here, [the transitions](state) and [the judgement](verdict) beside it.
//!
//! ```text
//! new ─▶ Call ──step──▶ Attempt ──finish──▶ Done(Ok | Err)
//!         ▲ (JSON)         │
//!         └───── Wait ◀────┘ finish
//! ```

#[cfg(feature = "cookies")]
pub(crate) mod jar;
mod state;
mod verdict;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, response};

use crate::error::{Error, Sent, TransportError, TransportErrorKind};
use crate::failure::{Cause, Failure, StopReason};
use crate::hook::Hook;
use crate::request::auth::flow::AuthFlow;
use crate::request::build::Ready;
use crate::request::hop::Hop;
use crate::request::shown::ShownRequest;
use crate::request::{Payload, RequestPlan, SendOptions};
use crate::response::{History, whole};
use crate::retry::Answer;
use crate::time::Timestamp;
use crate::transport::body::size;
pub(crate) use state::State;
use verdict::Verdict;

/// The most requests that any call sends, whatever its policy.
pub const MAX_SENDS: u32 = 1_000;

/// The longest part of a failed answer's body that is kept, in bytes.
pub const MAX_FAILURE_BODY: usize = 64 << 10;

/// What to do now.
#[must_use]
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

/// Without query, header values and body of the request; an answer as its status.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { request, options, attempt } => f
                .debug_struct("Send")
                .field("request", &ShownRequest(request))
                .field("options", options)
                .field("attempt", attempt)
                .finish(),
            Self::Wait { call, wait, reason } => f
                .debug_struct("Wait")
                .field("call", call)
                .field("wait", wait)
                .field("reason", reason)
                .finish(),
            Self::Done(result) => {
                f.debug_tuple("Done").field(&result.as_ref().map(Response::status)).finish()
            }
        }
    }
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

impl Call {
    /// Begins a call. A plan that cannot be sent shows at the first step.
    ///
    /// `seed` decides every random choice of the call; two calls with the same seed wait alike.
    pub fn new(hook: &Hook, plan: RequestPlan, seed: u64, now: Timestamp) -> Self {
        let deadline = plan.deadline.map(|deadline| now.after(deadline));
        #[cfg(feature = "cookies")]
        let cookies =
            plan.cookies.as_ref().map_or_else(|| hook.cookies(), |own| hook.cookies_with(own));
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
            #[cfg(feature = "cookies")]
            cookies,
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
            Some(ready) => {
                let response = whole(&ready.method, response)?;
                #[cfg(feature = "decode")]
                let response = hook.decode(response, ready.in_force.max_response_bytes)?;
                Ok(response)
            }
            None => Ok(response),
        });
        self.0.conclude(hook, answer, now)
    }

    /// Answers the attempt with the head of what came back, for a caller who streams bodies.
    pub fn head(mut self, hook: &Hook, head: &response::Parts, now: Timestamp) -> Head {
        let now = self.0.clamp(now);
        let seen = Answer { status: head.status, headers: &head.headers, body: None };
        let undecided = head.status.is_informational()
            || self.0.auth.is_fetching()
            || self.0.may_answer(hook, head.status)
            || self.0.policy(hook).reads_body();
        if !undecided {
            let judged = self.0.judge(hook, Ok(seen), now);
            if matches!(judged.verdict, Verdict::Accept) {
                #[cfg(feature = "cookies")]
                self.0.take_cookies(hook, &head.headers, now);
                self.0.settle(judged.healthy, now);
                return Head::Accept;
            }
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
