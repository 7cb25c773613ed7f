//! The moves of a call once something came back: going on, waiting, ending. Those before are in [`step`](super::step).

use std::time::Duration;

use bytes::Bytes;
#[cfg(feature = "cookies")]
use http::HeaderMap;
use http::Response;

use super::build;
use super::cause::Told;
use super::end::{refusal, short};
use super::state::{Phase, State};
use super::verdict::{Judged, Verdict};
use super::{RetryReason, SendCause, Step, WaitReason};
use crate::base::{Error, Sent, Timestamp, TransportError};
use crate::hook::Hook;
use crate::redirect::hop::Hop;
use crate::response::{Cause, StopReason};
use crate::retry::{HttpOutcome, ResponseView};

impl State {
    /// Sends another request of the same attempt, in answer to a response.
    #[cold]
    fn send_on(
        mut self: Box<Self>,
        hook: &Hook,
        cause: SendCause,
        answer: Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Step {
        // What passes is what the call ends with, should nothing better come.
        if self.last.as_ref().is_none_or(|last| !last.passes) {
            self.keep(answer, false);
        }
        if let Some(reason) = self.is_over(self.remaining(now)) {
            return self.over(hook, reason);
        }
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
        let sent = answer.as_ref().map_or_else(TransportError::sent, |_| Sent::Yes);
        self.seen = self.seen.max(sent);
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
            Ok(true) => return self.send_on(hook, SendCause::Challenge, answer, now),
            Err(error) => {
                return self.end(hook, StopReason::Auth, refusal(error, answer), Told::default());
            }
        }
        let Judged { mut verdict, healthy, class } = self.judge(hook, seen(&answer), now);
        #[cfg(feature = "digest")]
        if self.auth.learns() {
            if let (Ok(response), Some(_)) = (&answer, self.auth(hook)) {
                self.auth.learn(response.headers());
            }
        }
        if let Verdict::Redirect(hop) = verdict {
            self.hop = Some(hop);
            return self.send_on(hook, SendCause::Redirect, answer, now);
        }
        self.settle(hook, healthy, now);
        if let Verdict::Retry { hint, passes, .. } = verdict {
            match hook.gates().pay(class, now) {
                Ok(paid) => self.paid = paid,
                Err(_) if passes => verdict = Verdict::Accept,
                Err(reason) => {
                    verdict = Verdict::Reject { reason, told: Told { hint, limit: None } };
                }
            }
        }
        match answer {
            // Before anything else is done with it: it is large.
            Ok(response) if matches!(verdict, Verdict::Accept) => match self.ready.more {
                None => Step::Done(Ok(response)),
                Some(_) => self.filtered(hook, response),
            },
            answer => match verdict {
                Verdict::Retry { wait, hint, again, passes } => {
                    self.count_outcome(&answer);
                    self.keep(answer, passes);
                    self.wait(hook, wait, hint, again, now)
                }
                verdict => self.give_up(hook, verdict, answer),
            },
        }
    }

    /// Counts what an attempt came to, after which there is another one.
    #[cold]
    fn count_outcome(&mut self, answer: &Result<Response<Bytes>, TransportError>) {
        let (response, before) = (seen(answer), self.before);
        let outcome = HttpOutcome { response, check_failed: false, again: false, before };
        self.before = before.with(&outcome);
    }

    /// Ends with what came last.
    #[cold]
    #[inline(never)]
    fn give_up(
        self: Box<Self>,
        hook: &Hook,
        verdict: Verdict,
        answer: Result<Response<Bytes>, TransportError>,
    ) -> Step {
        match (verdict, answer) {
            (Verdict::Reject { reason, told }, Ok(response)) => {
                self.end(hook, reason, Cause::Response(short(response)), told)
            }
            (Verdict::Refuse { reason, error }, answer) => {
                self.end(hook, reason, refusal(error, answer), Told::default())
            }
            (Verdict::Reject { reason, told }, Err(error)) => {
                self.end(hook, reason, Cause::Transport(error), told)
            }
            // No error is accepted or redirected.
            (_, Err(error)) => {
                let cause = Cause::Transport(error);
                self.end(hook, StopReason::Rejected, cause, Told::default())
            }
            // A redirect was followed, and a retry waited for.
            (_, Ok(response)) => Step::Done(Ok(response)),
        }
    }

    #[cfg(feature = "cookies")]
    #[inline]
    pub(super) fn take_cookies(&mut self, hook: &Hook, headers: &HeaderMap, now: Timestamp) {
        if self.cookies.are_kept() {
            self.keep_cookies(hook, headers, now);
        }
    }

    #[cfg(feature = "cookies")]
    fn keep_cookies(&mut self, hook: &Hook, headers: &HeaderMap, now: Timestamp) {
        let (origin, target) = match &self.hop {
            Some(hop) => (&hop.origin, &hop.target),
            None => (hook.origin(), &self.ready.target),
        };
        self.cookies.take_from(origin, target.path(), headers, now);
    }

    /// Whether a 401 of the connection's origin is answered by sending the request again.
    fn answer_challenge(
        &mut self,
        hook: &Hook,
        answer: &Result<Response<Bytes>, TransportError>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Ok(response) = answer else { return Ok(false) };
        if !self.is_challenged(hook, response.status()) {
            return Ok(false);
        }
        let again = self.is_sent_on();
        let Self { ready, hop, seed, auth: flow, .. } = self;
        let origin = hop.as_ref().map_or(hook.origin(), |hop| &hop.origin);
        let Some(auth) = build::auth_at(hook, ready, origin) else { return Ok(false) };
        if !again {
            flow.refused(auth);
            return Ok(false);
        }
        let sent = || build::request(hook, ready, hop.as_deref(), *seed);
        flow.answer(auth, sent, response.headers(), *seed, now)
    }

    /// Tells the gates how the attempt went. Of another origin's failure after a redirect they are not told: it is not theirs.
    pub(super) fn settle(&mut self, hook: &Hook, healthy: bool, now: Timestamp) {
        if let Some(lease) = self.take_lease() {
            if healthy {
                lease.success(now);
            } else if self.is_home(hook) {
                lease.failure(now);
            }
        }
    }

    /// Waits before the next attempt, which begins again with the planned request.
    #[cold]
    pub(super) fn wait(
        mut self: Box<Self>,
        hook: &Hook,
        wait: Duration,
        hint: Option<Duration>,
        again: RetryReason,
        now: Timestamp,
    ) -> Step {
        // A hint that asks for less than the policy waits anyway is not what is waited for.
        let asked = hint.is_some_and(|hint| self.policy(hook).hints.cover(hint, wait));
        let reason = if asked { WaitReason::Hint } else { WaitReason::Backoff };
        self.hop = self.ready.first_hop();
        self.phase = Phase::Due;
        self.auth.begin();
        self.previous_wait = wait;
        (self.again, self.hint) = (Some(again), hint);
        self.sleep(wait, reason, now)
    }
}

/// A response as the policy sees it.
pub(super) fn seen(
    answer: &Result<Response<Bytes>, TransportError>,
) -> Result<ResponseView<'_>, &TransportError> {
    answer.as_ref().map(|response| ResponseView {
        status: response.status(),
        headers: response.headers(),
        body: Some(response.body()),
    })
}
