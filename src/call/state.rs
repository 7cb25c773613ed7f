//! The record of a call, and what can be asked of it. What changes it is in [`step`](super::step).

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode};

use super::build::{self, Ready};
use super::cause::{RetryReason, SendCause, WaitReason};
use crate::auth::flow::AuthFlow;
use crate::auth::ready::Auth;
use crate::auth::token::MAX_ANSWER;
use crate::auth::tokens::Flight;
use crate::base::redact::Whose;
use crate::base::{Origin, Sent, Timestamp, TransportError};
#[cfg(feature = "cookies")]
use crate::cookies::kept::Cookies;
use crate::gates::{Lease, Paid, Turn};
use crate::hook::Hook;
use crate::redirect::hop::Hop;
use crate::request::resend::Resend;
use crate::response::{StopReason, check_failed};
use crate::retry::{self, ByClass, RetryPolicy};

/// What remains to be done of a call whose plan can be sent.
pub(crate) struct State {
    pub(crate) ready: Ready,
    pub(crate) seed: u64,
    pub(crate) started: Timestamp,
    pub(crate) latest: Timestamp,
    pub(crate) due: Timestamp,
    pub(crate) deadline: Option<Timestamp>,
    /// What `due` is waited for.
    pub(crate) waits_for: WaitReason,
    pub(crate) sends: u16,
    /// Whether the server can have seen any request of the call but those for tokens.
    pub(crate) seen: Sent,
    pub(crate) attempt_number: u16,
    pub(crate) previous_wait: Duration,
    pub(crate) idle_for: Duration,
    /// What the attempts before came to.
    pub(crate) before: ByClass,
    pub(crate) phase: Phase,
    pub(crate) auth: AuthFlow,
    /// Where a redirect has led; never stored.
    pub(crate) hop: Option<Box<Hop>>,
    #[cfg(feature = "cookies")]
    pub(crate) cookies: Cookies,
    /// What the budget was paid for the attempt that is to come or under way; never stored.
    pub(crate) paid: Paid,
    /// Whether the attempt to come is still to be paid for: it was taken up from a store, and who stored it got the price back.
    pub(crate) owes: bool,
    /// The turn at the rate limit that is waited for; never stored.
    pub(crate) turn: Option<Box<Turn>>,
    /// What came of the attempt before, once it was judged worth another one; never stored.
    pub(crate) last: Option<Box<Last>>,
    /// Why the request may be sent again after the wait under way; never stored.
    pub(crate) again: Option<RetryReason>,
    /// How long the server asked to wait before it; never stored.
    pub(crate) hint: Option<Duration>,
}

/// What came of an attempt that is to be made again.
pub(crate) struct Last {
    pub(super) answer: Result<Response<Bytes>, TransportError>,
    /// Whether it is what the call ends with, should nothing better come: it passes the check, and the policy says so.
    pub(super) passes: bool,
}

/// How far the attempt has come.
pub(crate) enum Phase {
    /// Nothing of it was sent yet.
    Due,
    /// Its last request was sent for this cause, or the next one will be.
    Sent {
        cause: SendCause,
        /// The permit of the gates; `None` once they were told how it went.
        lease: Option<Lease>,
    },
    /// A request for a token is under way.
    Fetching(Box<Fetching>),
    /// It was stored with a request under way.
    Interrupted,
}

/// What goes on when a token has come.
pub(crate) struct Fetching {
    pub(super) flight: Flight,
    /// Why the request that the token is for will be sent.
    pub(super) then: SendCause,
    /// The permit of the attempt, if it has one already.
    pub(super) lease: Option<Lease>,
    /// That of the request for the token, where it goes to the origin of the connection.
    pub(super) own: Option<Lease>,
}

impl State {
    /// Begins a call.
    #[inline]
    pub(super) fn new(
        ready: Ready,
        seed: u64,
        deadline: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        Self {
            hop: ready.first_hop(),
            ready,
            seed,
            started: now,
            latest: now,
            due: now,
            deadline,
            waits_for: WaitReason::Backoff,
            sends: 0,
            seen: Sent::No,
            attempt_number: 0,
            previous_wait: Duration::ZERO,
            idle_for: Duration::ZERO,
            before: ByClass::NONE,
            phase: Phase::Due,
            auth: AuthFlow::default(),
            #[cfg(feature = "cookies")]
            cookies: Cookies::default(),
            paid: Paid::default(),
            owes: false,
            turn: None,
            last: None,
            again: None,
            hint: None,
        }
    }

    /// Time never runs backwards within a call.
    pub(super) fn clamp(&mut self, now: Timestamp) -> Timestamp {
        self.latest = self.latest.max(now);
        self.latest
    }

    /// What is left until the deadline.
    pub(super) fn remaining(&self, now: Timestamp) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.since(now))
    }

    /// Why the request under way was sent, or else why the next one will be.
    pub(super) fn cause(&self) -> SendCause {
        match &self.phase {
            Phase::Due | Phase::Interrupted if self.attempt_number == 0 => SendCause::First,
            Phase::Due | Phase::Interrupted => SendCause::Retry,
            Phase::Sent { cause, .. } => *cause,
            Phase::Fetching(_) => SendCause::Token,
        }
    }

    /// Whether the request under way is for a token.
    pub(super) fn is_fetching(&self) -> bool {
        matches!(self.phase, Phase::Fetching(_))
    }

    /// The method of the request under way.
    pub(super) fn method(&self) -> &Method {
        match (&self.phase, &self.hop) {
            (Phase::Fetching(_), _) => &Method::POST,
            (_, Some(hop)) => &hop.method,
            (_, None) => &self.ready.method,
        }
    }

    /// The origin of the planned request, or of what a redirect made of it.
    pub(super) fn origin<'a>(&'a self, hook: &'a Hook) -> &'a Origin {
        self.hop.as_ref().map_or(hook.origin(), |hop| &hop.origin)
    }

    /// Whether a redirect was followed within the attempt.
    pub(super) fn is_redirected(&self) -> bool {
        self.hop.as_ref().is_some_and(|hop| hop.is_redirected())
    }

    /// Whether the planned request, or what a redirect made of it, is for the origin of the connection.
    pub(super) fn is_home(&self, hook: &Hook) -> bool {
        self.hop.as_ref().is_none_or(|hop| hop.origin == *hook.origin())
    }

    /// How this call proves who is calling, where it may.
    pub(super) fn auth<'a>(&'a self, hook: &'a Hook) -> Option<&'a Auth> {
        build::auth_at(hook, &self.ready, self.origin(hook))
    }

    /// Which part of the URL under way is whose.
    pub(super) fn whose(&self, hook: &Hook) -> Whose {
        if self.is_fetching() || self.hop.is_some() || !hook.made(&self.ready.in_force) {
            return Whose::Hidden;
        }
        build::whose(hook, &self.ready.target)
    }

    /// Whether the request under way may be sent again although nobody knows what became of it.
    pub(super) fn is_repeatable(&self) -> bool {
        if self.is_fetching() && !self.is_redirected() {
            // Nothing was asked of the API yet.
            return true;
        }
        self.may_retry(Sent::Maybe).is_ok()
    }

    /// Why the planned request may be sent once more, `sent` telling what became of the last one.
    ///
    /// # Errors
    ///
    /// What keeps it from that.
    pub(super) fn may_retry(&self, sent: Sent) -> Result<RetryReason, StopReason> {
        let ready = &self.ready;
        if !ready.payload.is_replayable() {
            return Err(StopReason::BodyNotReplayable);
        }
        // A redirect is a response to the planned request, whatever became of the one behind it.
        let sent = if self.is_redirected() { Sent::Yes } else { sent };
        let keyed = ready.resend == Resend::Keyed;
        let allowed = ready.resend == Resend::Allowed;
        if !retry::may_resend(&ready.method, sent, keyed, allowed) {
            return Err(StopReason::NotIdempotent);
        }
        Ok(match ready.resend {
            _ if retry::is_idempotent(&ready.method) => RetryReason::Idempotent,
            _ if sent == Sent::No => RetryReason::NotSent,
            Resend::Keyed => RetryReason::Keyed,
            _ => RetryReason::Allowed,
        })
    }

    /// The same for a token request that failed: without a redirect the planned request is still to come.
    pub(super) fn may_fetch_again(&self) -> Result<RetryReason, StopReason> {
        if self.is_redirected() { self.may_retry(Sent::Yes) } else { Ok(RetryReason::Token) }
    }

    /// Whether the scheme has anything to say to what came: to a 401 of the connection's origin.
    pub(super) fn is_challenged(&self, hook: &Hook, status: StatusCode) -> bool {
        status == StatusCode::UNAUTHORIZED
            && self.auth(hook).is_some_and(|auth| self.auth.may_answer(auth))
    }

    /// Whether the request under way can be sent again as it is.
    pub(super) fn is_sent_on(&self) -> bool {
        self.ready.payload.is_replayable() || self.hop.as_ref().is_some_and(|hop| !hop.keep_body)
    }

    /// The longest body that is read, in bytes: a token may be longer than what a call takes for its response.
    #[inline]
    pub(super) fn most(&self) -> u64 {
        let own = self.ready.in_force.max_response_bytes;
        if own < MAX_ANSWER && self.is_fetching() { MAX_ANSWER } else { own }
    }

    pub(super) fn check_failed(&self, status: StatusCode) -> bool {
        self.ready.in_force.check_response && check_failed(status)
    }

    /// Whether the policy, or whoever gets the answer in the end, needs all of a body whose head does not pass.
    pub(super) fn needs_whole(&self, hook: &Hook, status: StatusCode) -> bool {
        let policy = self.policy(hook);
        policy.waits_by_body() || policy.return_when_exhausted && !self.check_failed(status)
    }

    pub(super) fn policy<'a>(&'a self, hook: &'a Hook) -> &'a RetryPolicy {
        self.ready.policy.as_deref().unwrap_or_else(|| hook.policy())
    }
}
