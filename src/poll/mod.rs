//! Asking until what is waited for has come: a machine over calls, which asks for the same [`Act`]s as one call.
//!
//! ```text
//! woke ──▶ (one call) ──▶ Act::Sleep ──woke──▶ (the next call) ──▶ … ──▶ Act::Done
//! ```
//!
//! Each poll is a call of its own, retried and redirected as any other; one that failed is followed by another only where its
//! request may be sent again. Between two acts everything can be
//! [stored](Poll::store). A poll that ends unsatisfied has failed.

mod judge;
mod polling;
mod stored;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

pub use polling::Polling;

use crate::base::chance::nth;
use crate::base::{Error, ErrorKind, Quiet, Sent, Timestamp, TransportError};
use crate::call::follow::{Counts, Place};
use crate::call::{Call, stranger};
use crate::drive::{Act, Run};
use crate::hook::Hook;
use crate::observe::Observer;
use crate::options::Options;
use crate::request::RequestPlan;
use crate::request::resend::Resend;
use crate::response::{Cause, Failure, StopReason};

/// A poll; `B` is a body on its way through the client.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use bytes::Bytes;
/// use http_hook::poll::{Poll, Polling};
/// use http_hook::retry::Condition;
/// use http_hook::{Act, Hook, RequestPlan, Timestamp};
///
/// let hook = Hook::to("https://api.example.com")?;
/// let polling = Polling::until(Condition::json("/state", "done"), Duration::from_secs(600));
/// # let mut answers = vec![r#"{"state": "done"}"#, r#"{"state": "running"}"#];
/// # let (clock, answers) = (std::cell::Cell::new(Timestamp::default()), &mut answers);
/// # let now = || clock.get();
/// # let sleep = |wait| clock.set(clock.get().after(wait));
///
/// let mut poll = Poll::<Bytes>::new(&hook, RequestPlan::get("v1/jobs/7"), polling, 7, now());
/// let mut act = poll.woke(now());
/// let result = loop {
///     act = match act {
///         Act::Send(_request, _options) => {
///             let answer = Bytes::from(answers.pop().unwrap_or_default());
///             poll.sent(Ok(http::Response::new(answer)), now)
///         }
///         Act::Read(body, _limit) => poll.read(Ok(body), now()),
///         Act::Sleep(wait) => {
///             sleep(wait);
///             poll.woke(now())
///         }
///         Act::Done(result) => break result,
///     };
/// };
/// assert_eq!(result?.body(), r#"{"state": "done"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a poll does nothing until it is woken"]
pub struct Poll<'a, B> {
    hook: Hook,
    polling: Polling,
    /// The plan of the next poll.
    plan: RequestPlan,
    seed: u64,
    observer: Option<&'a dyn Observer>,
    phase: Phase<'a, B>,
    /// Where the call under way went.
    place: Option<Place>,
    latest: Timestamp,
    ends: Timestamp,
    polls: u32,
    /// How many calls in a row have failed.
    failed: u32,
    /// How many had begun when the last one was answered by a response that passes.
    answered: u32,
    /// Whether the server can have seen any request of the calls that have ended.
    seen: Sent,
    /// What the calls that have ended came to, and the waits between them.
    counts: Counts,
}

enum Phase<'a, B> {
    /// Until the next poll begins.
    Sleeping(Timestamp),
    Polling(Box<Run<'a, B>>),
    Over,
}

/// What a driver with a loop for calls does next.
pub(crate) enum Turn<'a, B> {
    Run(Run<'a, B>),
    Sleep(Duration),
    Done(Result<Response<Bytes>, Failure>),
}

impl<'a, B: From<Bytes>> Poll<'a, B> {
    /// Begins. `seed` decides every random choice.
    pub fn new(
        hook: &Hook,
        plan: RequestPlan,
        polling: Polling,
        seed: u64,
        now: Timestamp,
    ) -> Self {
        let mut plan = plan;
        if let Err(error) = polling.validate() {
            plan.refuse(error);
        }
        if plan.resend == Resend::ByMethod && hook.defaults().resend_any {
            plan.resend = Resend::Allowed;
        }
        let ends = now.after(polling.deadline.min(Options::MAX_TIMEOUT));
        Self {
            hook: hook.clone(),
            polling,
            plan,
            seed,
            observer: None,
            phase: Phase::Sleeping(now),
            place: None,
            latest: now,
            ends,
            polls: 0,
            failed: 0,
            answered: 0,
            seen: Sent::No,
            counts: Counts::default(),
        }
    }

    /// Tells `observer` what happens in each call.
    pub fn observer(mut self, observer: &'a dyn Observer) -> Self {
        self.observer = Some(observer);
        if let Phase::Polling(run) = self.phase {
            self.phase = Phase::Polling(Box::new(run.observer(observer)));
        }
        self
    }

    /// Returns the call that is under way; `None` between two of them.
    #[must_use]
    pub fn run(&self) -> Option<&Run<'a, B>> {
        match &self.phase {
            Phase::Polling(run) => Some(run),
            _ => None,
        }
    }

    /// Counts the polls that were begun.
    #[must_use]
    pub const fn polls(&self) -> u32 {
        self.polls
    }

    /// Tells when the next poll is due; `None` while one is under way.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Sleeping(due) => Some(due),
            _ => None,
        }
    }

    /// Begins the next poll, or goes on after a sleep. One that comes too early only tells how long to wait.
    pub fn woke(&mut self, now: Timestamp) -> Act<B> {
        let now = self.clamp(now);
        match &mut self.phase {
            Phase::Sleeping(due) => {
                let wait = due.since(now);
                if !wait.is_zero() {
                    return Act::Sleep(wait);
                }
                let mut run = self.begin(now);
                let act = run.woke(now);
                self.phase = Phase::Polling(Box::new(run));
                self.take(act, || now)
            }
            Phase::Polling(run) => {
                let act = run.woke(now);
                self.take(act, || now)
            }
            Phase::Over => Act::Done(Err(out_of_turn())),
        }
    }

    /// Takes what came of a send.
    pub fn sent(
        &mut self,
        answer: Result<Response<B>, TransportError>,
        now: impl Fn() -> Timestamp,
    ) -> Act<B> {
        let Phase::Polling(run) = &mut self.phase else {
            drop(Quiet::new(answer));
            return Act::Done(Err(out_of_turn()));
        };
        let act = run.sent(answer, &now);
        self.take(act, now)
    }

    /// Takes the body that was read.
    pub fn read(&mut self, body: Result<Bytes, TransportError>, now: Timestamp) -> Act<B> {
        let Phase::Polling(run) = &mut self.phase else { return Act::Done(Err(out_of_turn())) };
        let act = run.read(body, now);
        self.take(act, || now)
    }

    fn take(&mut self, act: Act<B>, now: impl FnOnce() -> Timestamp) -> Act<B> {
        let Act::Done(result) = act else { return act };
        match self.took(result, now()) {
            None => match self.phase {
                Phase::Sleeping(due) => Act::Sleep(due.since(self.latest)),
                _ => Act::Done(Err(out_of_turn())),
            },
            Some(result) => Act::Done(result),
        }
    }

    /// Tells what is next, for a driver that has a loop for calls; what came of a run is to be [told](Self::took).
    pub(crate) fn turn(&mut self, now: Timestamp) -> Turn<'a, B> {
        let now = self.clamp(now);
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Sleeping(due) if due > now => {
                self.phase = Phase::Sleeping(due);
                Turn::Sleep(due.since(now))
            }
            Phase::Sleeping(_) => Turn::Run(self.begin(now)),
            Phase::Polling(run) => Turn::Run(*run),
            Phase::Over => Turn::Done(Err(out_of_turn())),
        }
    }

    /// Makes the call of the next poll.
    fn begin(&mut self, now: Timestamp) -> Run<'a, B> {
        // The seed makes the key and the boundaries of the body, which stay until the request was answered.
        let keyed = self.plan.resend == Resend::Keyed;
        let number = u64::from(if keyed { self.answered } else { self.polls });
        let seed = nth(self.seed, number);
        self.polls = self.polls.saturating_add(1);
        let left = self.ends.since(now);
        let mut plan = self.plan.clone();
        let rare = plan.rare();
        if self.polling.reads_body() {
            rare.more.get_or_insert_default().read = true;
        }
        let own = rare.deadline;
        let call =
            Call::new(&self.hook, plan.deadline(own.map_or(left, |own| own.min(left))), seed, now);
        self.place = call.place(&self.hook);
        let run = Run::new(&self.hook, call.counted());
        match self.observer {
            Some(observer) => run.observer(observer),
            None => run,
        }
    }

    /// Checks that it goes on by the hook of its connection.
    pub(crate) fn check(&self, hook: &Hook) -> Result<(), Failure> {
        if self.hook.is_like(hook) {
            return Ok(());
        }
        Err(Failure::new(StopReason::Invalid, Cause::Request(stranger("poll"))))
    }

    fn clamp(&mut self, now: Timestamp) -> Timestamp {
        self.latest = self.latest.max(now);
        self.latest
    }
}

#[cold]
fn out_of_turn() -> Failure {
    let error = Error::new(ErrorKind::Check, "poll: the driver answered what was not asked");
    Failure::new(StopReason::Invalid, Cause::Request(error))
}

/// Tells the counts; what was asked for may be secret.
impl<B> fmt::Debug for Poll<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poll")
            .field("hook", &self.hook)
            .field("polls", &self.polls)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
