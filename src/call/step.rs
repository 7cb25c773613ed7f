//! Every move of a call begins here; what follows a response is in [`conclude`](super::conclude). Nothing else changes its
//! [state](super::state).
//!
//! ```text
//! step ──▶ send ──▶ emit ──▶ (response) ──▶ conclude ──▶ wait | end | Done
//!           ▲ token, challenge, redirect       │
//!           └──────────────────────────────────┘
//! ```

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, response};

use super::build;
use super::cause::Told;
use super::coded::{Coded, begin_of};
use super::needs;
use super::state::{Phase, State};
use super::verdict::Verdict;
use super::{Attempt, Call, Reading, Step, Unsendable, WaitReason, Want};
use crate::auth::flow::Ahead;
use crate::base::{Error, Sent, Timestamp, TransportError, TransportErrorKind, headers, size};
use crate::body::{OF_A_CALL, Payload, too_long};
use crate::gates::{Denied, Lease, Unsent};
use crate::hook::Hook;
use crate::options::SendOptions;
use crate::response::{Cause, Failure, StopReason, response_length, whole};
use crate::retry::ResponseView;

impl Call {
    /// Goes on. A step that comes too early only says how long to wait.
    pub fn step(self, hook: &Hook, now: Timestamp) -> Step {
        let mut state = match self.0 {
            Ok(state) => state,
            Err(unsendable) => {
                let Unsendable { fault, asked } = *unsendable;
                let failure = Failure::new(StopReason::Invalid, Cause::Request(fault));
                return Step::Done(Err(failure.with_asked(asked)));
            }
        };
        let now = state.clamp(now);
        if matches!(state.phase, Phase::Interrupted) {
            state.phase = Phase::Due;
            let error = TransportError::new(TransportErrorKind::Interrupted, Sent::Maybe);
            return state.conclude(hook, Err(error), now);
        }
        let wait = state.due.since(now);
        if !wait.is_zero() {
            let reason = state.waits_for;
            return Step::Wait { call: Self(Ok(state)), wait, reason };
        }
        state.send(hook, now)
    }
}

impl Attempt {
    /// Answers the attempt with what came back, its body read whole.
    ///
    /// A body that is longer than the call allows is an error of kind [`Limit`](TransportErrorKind::Limit): it is enough to read
    /// one byte more than [`max_response_bytes`](SendOptions::max_response_bytes).
    pub fn finish(
        mut self,
        hook: &Hook,
        mut answer: Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Step {
        let now = self.0.clamp(now);
        // Looked at in its place: it is large, and moving it costs.
        if let Err(error) = answer.as_ref().map_or(Ok(()), |response| self.check(response)) {
            answer = Err(error);
        }
        if hook.decodes() || self.0.may_decide_by_body(hook) {
            answer = answer.and_then(|response| self.coded(hook, response)?.whole());
        }
        self.0.conclude(hook, answer, now)
    }

    /// Checks a response whose body was read.
    #[inline]
    fn check(&self, response: &Response<Bytes>) -> Result<(), TransportError> {
        let limit = self.0.most();
        if size(response.body().len()) > limit {
            return Err(too_long(limit, OF_A_CALL));
        }
        whole(self.0.method(), response)
    }

    /// Checks a response whose body was read, and begins to undo its codings.
    ///
    /// # Errors
    ///
    /// A body that is longer than the call allows, or not whole; a response that is none.
    #[inline]
    pub(crate) fn begin(
        &self,
        hook: &Hook,
        response: Response<Bytes>,
    ) -> Result<Coded, TransportError> {
        self.check(&response)?;
        self.coded(hook, response)
    }

    /// What is left until the deadline.
    pub(crate) fn remaining(&self, now: Timestamp) -> Option<Duration> {
        self.0.remaining(now)
    }

    /// Begins to undo the codings of a response. A text that breaks off, or stays coded, is an error where somebody decides by it.
    #[inline]
    fn coded(&self, hook: &Hook, response: Response<Bytes>) -> Result<Coded, TransportError> {
        let limit = self.0.most();
        let may = self.0.may_decide_by_body(hook);
        Coded::new(hook, response, limit, may, |head| self.0.needs_body(hook, head))
    }

    /// Answers the attempt with a response whose codings are undone.
    pub(crate) fn finish_whole(
        mut self,
        hook: &Hook,
        answer: Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Step {
        let now = self.0.clamp(now);
        self.0.conclude(hook, answer, now)
    }

    /// Answers the attempt with the head of what came back, for a caller who streams bodies. `None`: the call is over, and the body is
    /// the caller's to stream. Else it is to be read up to the [limit](Reading::limit), and the reading finished with it.
    #[must_use = "a reading has to be finished"]
    pub fn head(mut self, hook: &Hook, head: &response::Parts, now: Timestamp) -> Option<Reading> {
        let now = self.0.clamp(now);
        let seen = ResponseView { status: head.status, headers: &head.headers, body: None };
        let method = self.0.method();
        // Another hook judges nothing: what comes is read, and refused.
        let undecided = !hook.made(&self.0.ready.in_force)
            || head.status.is_informational()
            || response_length(method, head.status, &head.headers).is_err()
            || self.0.is_challenged(hook, head.status)
            || self.0.decides_by_body(hook);
        if !undecided {
            let judged = self.0.judge(hook, Ok(seen), now);
            if matches!(judged.verdict, Verdict::Accept) {
                #[cfg(feature = "cookies")]
                self.0.take_cookies(hook, &head.headers, now);
                self.0.settle(hook, judged.healthy, now);
                return None;
            }
        }
        // What somebody decides by, or may get as the answer, has to be whole; the text of a failure is for people, and a
        // part of it will do.
        let max = self.0.most();
        let (want, limit) = if undecided || self.0.needs_whole(hook, head.status) {
            (Want::Whole, max.saturating_add(1))
        } else {
            (Want::Part, size(Failure::MAX_BODY).min(max))
        };
        Some(Reading { attempt: self, limit, want })
    }
}

impl Reading {
    /// Tells how many bytes of the body are wanted at most: the rest is cut off. Where the body has to be whole it is one more than the
    /// call allows.
    #[must_use]
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// Answers the attempt with the response, its body read up to the limit.
    pub fn finish(
        self,
        hook: &Hook,
        answer: Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Step {
        let Self { mut attempt, limit, want } = self;
        let is_cut = |response: &Response<Bytes>| size(response.body().len()) >= limit;
        if want == Want::Part && answer.as_ref().is_ok_and(is_cut) {
            let now = attempt.0.clamp(now);
            let answer = answer.map(|response| begin_of(hook, response));
            return attempt.0.conclude(hook, answer, now);
        }
        attempt.finish(hook, answer, now)
    }

    pub(crate) fn remaining(&self, now: Timestamp) -> Option<Duration> {
        self.attempt.remaining(now)
    }

    pub(crate) const fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// Returns the attempt if all of the body is wanted.
    pub(crate) fn wants_whole(self) -> Result<Attempt, Self> {
        if self.want == Want::Whole { Ok(self.attempt) } else { Err(self) }
    }
}

impl State {
    /// Sends the next request, unless nothing may be sent any more.
    pub(super) fn send(mut self: Box<Self>, hook: &Hook, now: Timestamp) -> Step {
        if !hook.made(&self.ready.in_force) {
            return self.strange();
        }
        let remaining = self.remaining(now);
        if let Some(reason) = self.is_over(remaining) {
            return self.over(hook, reason);
        }
        let longest = self.ready.in_force.longest_send();
        let longest = remaining.map_or(longest, |left| left.min(longest));
        let this = &mut *self;
        let origin = this.hop.as_ref().map_or(hook.origin(), |hop| &hop.origin);
        let auth = build::auth_at(hook, &this.ready, origin);
        if let Some(auth) = auth {
            match this.auth.ahead(auth, longest, now) {
                Ok(Ahead::Go) => {}
                Ok(Ahead::Wait(wait)) => {
                    return self.hold(hook, wait, WaitReason::Token, StopReason::Deadline, now);
                }
                Ok(Ahead::Fetch(request, flight)) => {
                    return self.fetch(hook, *request, flight, longest, now);
                }
                Err(error) => return self.unsendable(hook, StopReason::Auth, error),
            }
        }
        let mut lease = None;
        if !matches!(this.phase, Phase::Sent { lease: Some(_), .. }) {
            if this.owes {
                match hook.gates().pay(this.paid.class(), now) {
                    Ok(paid) => (this.paid, this.owes) = (paid, false),
                    Err(reason) => return self.refused(hook, reason, None),
                }
            }
            match hook.gates().ask(this.turn.take(), this.paid.price(), longest, now) {
                Ok(permit) => lease = Some(permit),
                Err(Denied::Wait(wait, turn, reason)) => {
                    this.turn = Some(turn);
                    return self.hold(hook, wait, WaitReason::RateLimit, reason, now);
                }
                Err(Denied::Refuse(reason)) => return self.refused(hook, reason, None),
            }
        }
        let mut request = Request::new(Payload::EMPTY);
        let built = build::fill(&mut request, hook, &this.ready, this.hop.as_deref(), this.seed);
        if let Err(error) = built {
            return self.unsendable(hook, StopReason::Invalid, error);
        }
        let mut fits = build::surely_fits(hook, &this.ready, &request);
        if let Some(auth) = auth {
            match this.auth.prove(auth, &mut request, this.seed, now) {
                Ok(added) => fits &= !added,
                Err(error) => return self.unsendable(hook, StopReason::Auth, error),
            }
            let begun = !matches!(this.phase, Phase::Due);
            let number = u32::from(this.attempt_number.saturating_add(u16::from(!begun)));
            let policy = this.ready.policy.as_deref().unwrap_or_else(|| hook.policy());
            match policy.attempt_header(number, remaining) {
                Ok(None) => {}
                Ok(Some((name, value))) => {
                    request.headers_mut().insert(name, value);
                    fits = false;
                }
                Err(error) => {
                    return self.unsendable(hook, StopReason::Invalid, error);
                }
            }
        }
        #[cfg(feature = "cookies")]
        if this.cookies.are_kept() {
            let path = this.hop.as_ref().map_or(this.ready.target.path(), |hop| hop.target.path());
            fits &= !this.cookies.put_on(origin, path, request.headers_mut(), now);
        }
        if !fits {
            if let Err(error) = headers::check_room(request.headers()) {
                return self.unsendable(hook, StopReason::Invalid, error);
            }
        }
        let options = match this.ready.in_force.send_options(origin, remaining) {
            Ok(options) => options,
            Err(error) => return self.unsendable(hook, StopReason::Invalid, error),
        };
        if let Err(error) = self.check(hook, &options) {
            return self.unsendable(hook, StopReason::Invalid, error);
        }
        let cause = self.cause();
        let lease = lease.and_then(Unsent::sent).or_else(|| self.take_lease());
        self.paid.spend();
        self.count(Phase::Sent { cause, lease });
        Step::Send { request, options, attempt: Attempt(self) }
    }

    /// Ends because of the request itself.
    #[cold]
    #[inline(never)]
    pub(super) fn unsendable(
        mut self: Box<Self>,
        hook: &Hook,
        reason: StopReason,
        error: Error,
    ) -> Step {
        let behind_redirect = reason == StopReason::Invalid && self.is_redirected();
        let reason = if behind_redirect { StopReason::Redirect } else { reason };
        let cause = self.unmade(error);
        self.end(hook, reason, cause, Told::default())
    }

    /// What every request passes before it is counted and handed out: what the client would drop is an error.
    #[inline]
    pub(super) fn check(&self, hook: &Hook, options: &SendOptions) -> Result<(), Error> {
        let needed = needs::needed(&self.ready.method, &self.ready.payload);
        hook.capabilities().check(options.needed.and(needed))
    }

    /// A request goes out: the one place where sends are counted.
    #[inline]
    pub(super) fn count(&mut self, phase: Phase) {
        self.sends = self.sends.saturating_add(1);
        if matches!(self.phase, Phase::Due) {
            self.attempt_number = self.attempt_number.saturating_add(1);
        }
        self.phase = phase;
    }

    pub(super) fn take_lease(&mut self) -> Option<Lease> {
        match &mut self.phase {
            Phase::Sent { lease, .. } => lease.take(),
            Phase::Fetching(fetching) => fetching.lease.take(),
            Phase::Due | Phase::Interrupted => None,
        }
    }

    /// Waits for a gate or a token, if that can be before the deadline.
    #[cold]
    pub(super) fn hold(
        mut self: Box<Self>,
        hook: &Hook,
        wait: Duration,
        reason: WaitReason,
        otherwise: StopReason,
        now: Timestamp,
    ) -> Step {
        if self.remaining(now).is_some_and(|left| wait >= left) {
            return self.refused(hook, otherwise, Some(wait));
        }
        (self.again, self.hint) = (None, None);
        self.sleep(wait, reason, now)
    }

    pub(super) fn sleep(
        mut self: Box<Self>,
        wait: Duration,
        reason: WaitReason,
        now: Timestamp,
    ) -> Step {
        self.due = now.after(wait);
        self.waits_for = reason;
        self.idle_for = self.idle_for.saturating_add(wait);
        Step::Wait { call: Call(Ok(self)), wait, reason }
    }
}
