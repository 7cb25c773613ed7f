//! The driver as a machine: it owns a hook, a call, an observer and the source of a body, and asks for what it cannot do.
//!
//! ```text
//! woke ──▶ Act::Send  ──sent──▶ Act::Read ──read──▶ …
//!          Act::Sleep ──woke──▶ …
//!          Act::Done
//! ```
//!
//! The [async](super::drive) and the [blocking](crate::blocking::drive) loop are a match over these four; a loop over anything else
//! is another one.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, response};

use super::act::Act;
use super::source::Source;
use super::watch::Watch;
use crate::base::{
    Error, Quiet, Sent, TimeoutPhase, Timestamp, TransportError, TransportErrorKind, size,
};
use crate::body::{OF_A_CALL, too_long};
use crate::call::coded::Coded;
use crate::call::{Attempt, Call, Reading, Step, WaitReason};
use crate::hook::Hook;
use crate::observe::Observer;
use crate::options::{Capabilities, Capability};
use crate::response::{Cause, Failure, StopReason};

/// A call being driven: `B` is a body on its way through the client, `R` what is made of the body of an accepted response.
///
/// Every driver is a loop over the [`Act`]s of this machine, so all of them decide the same. While a send or a sleep is
/// pending, the call can be looked at and [stored](Run::store); a driver that cannot keep it [withdraws](Run::withdraw) it, and
/// nothing is sent. One that is dropped with a send pending counts as sent: the run cannot know better.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// use bytes::Bytes;
/// use http_hook::{Act, Call, Hook, RequestPlan, Run, Timestamp};
///
/// let hook = Hook::to("https://api.example.com")?;
/// let call = Call::new(&hook, RequestPlan::post("v1/orders").data("box"), 7, Timestamp::default());
/// let now = || Timestamp::default();
/// # let (mut kept, sleep) = (Vec::new(), |_: Duration| ());
///
/// let mut run = Run::<Bytes>::new(&hook, call);
/// let mut act = run.woke(now());
/// let result = loop {
///     act = match act {
///         Act::Send(request, _options) => {
///             if !run.repeatable() {
///                 kept.push(run.store()?); // before it is sent
///             }
///             run.sent(Ok(http::Response::new(request.into_body())), now)
///         }
///         Act::Read(body, limit) => {
///             let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(body.len());
///             run.read(Ok(body.slice(..limit)), now())
///         }
///         Act::Sleep(wait) => {
///             sleep(wait);
///             run.woke(now())
///         }
///         Act::Done(result) => break result,
///     };
/// };
/// assert_eq!(result?.body(), "box");
/// assert_eq!(kept.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a run does nothing until it is woken"]
pub struct Run<'a, B, R = Bytes> {
    pub(super) hook: Hook,
    pub(super) watch: Watch<'a>,
    source: Source<'a, B>,
    wanted: Wanted<B, R>,
    /// When the send under way began.
    began: Timestamp,
    pub(super) phase: Phase,
    /// The head of the response whose body is being read.
    head: Option<response::Parts>,
}

/// What becomes of the body of an accepted response.
struct Wanted<B, R> {
    /// Of one that was read.
    whole: fn(Bytes) -> R,
    /// Of one that is left to the caller; `None`: every body is read.
    open: Option<fn(B) -> R>,
}

pub(super) enum Phase {
    /// Before the first step, or asleep, for a reason.
    Waking(Call, Option<WaitReason>),
    Sending(Attempt, u64),
    /// Reading a body of which the whole is wanted.
    Whole(Attempt, u64),
    Part(Reading),
    /// Undoing the codings of a body that takes longer.
    Decoding(Box<(Attempt, Coded)>),
    Over,
}

impl Phase {
    /// The method of the call, as far as it is known.
    fn method(&self) -> Option<&Method> {
        match self {
            Self::Waking(call, _) => call.method(),
            Self::Sending(attempt, _) | Self::Whole(attempt, _) => Some(attempt.method()),
            Self::Part(_) | Self::Decoding(_) | Self::Over => None,
        }
    }
}

impl<B: From<Bytes>> Run<'_, B> {
    /// Drives `call` and reads the body of its response. The hook tells [what the client can do](Hook::for_client).
    pub fn new(hook: &Hook, call: Call) -> Self {
        Self::wanting(hook, call, Wanted { whole: |bytes| bytes, open: None })
    }
}

impl<T: From<Bytes>> Run<'_, T, T> {
    /// Drives `call` and leaves the body of an accepted response to the caller.
    pub fn stream(hook: &Hook, call: Call) -> Self {
        let needed = Capabilities::none("").with(Capability::StreamResponse);
        let call = match hook.capabilities().check(needed) {
            Ok(()) => call,
            Err(error) => Call::refused(error),
        };
        Self::wanting(hook, call, Wanted { whole: T::from, open: Some(|body| body) })
    }
}

impl<'a, B: From<Bytes>, R> Run<'a, B, R> {
    fn wanting(hook: &Hook, call: Call, wanted: Wanted<B, R>) -> Self {
        Self {
            hook: hook.clone(),
            watch: Watch::new(&call),
            source: Source::None,
            wanted,
            began: Timestamp::default(),
            phase: Phase::Waking(call, None),
            head: None,
        }
    }

    /// Tells `observer` what happens.
    pub fn observer(mut self, observer: &'a dyn Observer) -> Self {
        self.watch.lend(observer, &self.hook, self.phase.method());
        self
    }

    /// Tells `observer` what happens, and owns a share of it.
    pub fn shared_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.watch.share(observer, &self.hook, self.phase.method());
        self
    }

    /// Tells `observer`, which is one of the crate's own and does not panic, before whoever is told.
    pub(crate) fn counted(mut self, observer: Box<dyn Observer>) -> Self {
        self.watch.count(observer);
        self
    }

    /// Takes the body of an [external](crate::body::Payload::External) payload from `source`, which opens it at its beginning, once
    /// for each send, or tells by an error of kind [`RequestBody`](crate::TransportErrorKind::RequestBody) that it cannot.
    pub fn source(
        mut self,
        source: &'a mut (dyn FnMut() -> Result<B, TransportError> + Send),
    ) -> Self {
        self.source = Source::Lent(source);
        self
    }

    /// The same with a source that the run owns.
    pub fn own_source(
        mut self,
        source: impl FnMut() -> Result<B, TransportError> + Send + 'a,
    ) -> Self {
        self.source = Source::own(source);
        self
    }

    /// Begins, or goes on after a sleep.
    #[inline]
    pub fn woke(&mut self, now: Timestamp) -> Act<B, R> {
        match self.take() {
            Phase::Waking(call, _) => {
                let step = call.step(&self.hook, now);
                self.act(step, now)
            }
            Phase::Decoding(under_way) => {
                let (attempt, coded) = *under_way;
                if attempt.is_late(|| now) {
                    let error = late();
                    self.watch.body(Err(&error), now, self.began);
                    return self.failed(attempt, error, now);
                }
                self.decode(attempt, coded, now)
            }
            _ => self.out_of_turn(),
        }
    }

    /// Takes what came of a send. What comes after the deadline from a client that knows none is late: the call has ended by then.
    #[inline]
    pub fn sent(
        &mut self,
        mut answer: Result<Response<B>, TransportError>,
        now: impl Fn() -> Timestamp,
    ) -> Act<B, R> {
        let Phase::Sending(attempt, limit) = self.take() else {
            drop(Quiet::new(answer));
            return self.out_of_turn();
        };
        if answer.is_ok() && !self.holds_deadlines() && attempt.is_late(&now) {
            drop(Quiet::new(std::mem::replace(&mut answer, Err(late()))));
        }
        let response = match answer {
            Ok(response) => response,
            Err(error) => return self.unanswered(attempt, error, now()),
        };
        self.watch.answered(Ok(response.status()), &now, self.began);
        let (mut head, body) = response.into_parts();
        let Some(open) = self.wanted.open else {
            self.phase = Phase::Whole(attempt, limit);
            self.head = Some(head);
            // One more shows that there are more.
            return Act::Read(body, limit.saturating_add(1));
        };
        let history = attempt.history();
        match attempt.head(&self.hook, &head, now()) {
            None => {
                history.map(|history| head.extensions.insert(history));
                self.watch.accepted(head.status);
                Act::Done(Ok(Response::from_parts(head, open(body))))
            }
            Some(reading) => {
                let limit = reading.limit();
                self.phase = Phase::Part(reading);
                self.head = Some(head);
                Act::Read(body, limit)
            }
        }
    }

    /// Takes the body that was read, which is late as an [answer](Self::sent) is.
    #[inline]
    pub fn read(&mut self, body: Result<Bytes, TransportError>, now: Timestamp) -> Act<B, R> {
        let left = self.left_to_read(|| now);
        let (phase, head) = (self.take(), self.head.take());
        let body = match (body, &phase) {
            (Ok(_), _) if left == Some(Duration::ZERO) => Err(late()),
            (Ok(body), Phase::Whole(_, limit)) if size(body.len()) > *limit => {
                Err(too_long(*limit, OF_A_CALL))
            }
            (Err(error), Phase::Whole(attempt, _)) => Err(attempt.timed(error, now)),
            (Err(error), Phase::Part(reading)) => Err(reading.attempt().timed(error, now)),
            (body, _) => body,
        };
        self.watch.body(body.as_ref().map(|_| ()), now, self.began);
        let answer = body.and_then(|body| match head {
            Some(head) => Ok(Response::from_parts(head, body)),
            None => Err(TransportError::new(TransportErrorKind::Bug, Sent::Yes)),
        });
        let attempt = match phase {
            Phase::Whole(attempt, _) => attempt,
            Phase::Part(reading) => match reading.wants_whole() {
                Ok(attempt) => attempt,
                Err(reading) => {
                    let step = reading.finish(&self.hook, answer, now);
                    return self.act(step, now);
                }
            },
            _ => return self.out_of_turn(),
        };
        match answer.and_then(|response| attempt.begin(&self.hook, response)) {
            Ok(coded) => self.decode(attempt, coded, now),
            Err(error) => self.failed(attempt, error, now),
        }
    }

    /// Undoes a part of the codings of a body. While there is more to do, it asks for a sleep of no time: so others run, and a
    /// deadline holds.
    #[inline]
    fn decode(&mut self, attempt: Attempt, coded: Coded, now: Timestamp) -> Act<B, R> {
        match coded.step() {
            ControlFlow::Break(answer) => {
                let step = attempt.finish_whole(&self.hook, answer, now);
                self.act(step, now)
            }
            ControlFlow::Continue(more) => {
                self.phase = Phase::Decoding(Box::new((attempt, more)));
                Act::Sleep(Duration::ZERO)
            }
        }
    }

    /// Ends the run before the pending request is sent, because `error` kept the driver from keeping the call. Nothing must
    /// have been sent of it. A run that sleeps ends, too.
    pub fn withdraw(&mut self, error: Error) -> Act<B, R> {
        match self.take() {
            Phase::Sending(attempt, _) => {
                let failure = attempt.withdraw(&self.hook, error);
                self.give_up(failure)
            }
            Phase::Decoding(under_way) => {
                let failure = under_way.0.abandon(&self.hook, error);
                self.give_up(failure)
            }
            Phase::Waking(call, _) => {
                let failure = call.abandon(&self.hook, error);
                self.give_up(failure)
            }
            _ => self.out_of_turn(),
        }
    }

    pub(super) fn take(&mut self) -> Phase {
        std::mem::replace(&mut self.phase, Phase::Over)
    }

    #[cold]
    fn unanswered(&mut self, attempt: Attempt, error: TransportError, now: Timestamp) -> Act<B, R> {
        let error = attempt.timed(error, now);
        self.watch.answered(Err(&error), || now, self.began);
        self.failed(attempt, error, now)
    }

    #[cold]
    fn failed(&mut self, attempt: Attempt, error: TransportError, now: Timestamp) -> Act<B, R> {
        let step = attempt.finish(&self.hook, Err(error), now);
        self.act(step, now)
    }

    /// Makes an act of a step.
    fn act(&mut self, step: Step, now: Timestamp) -> Act<B, R> {
        match step {
            Step::Send { request, options, attempt } => {
                self.began = now;
                self.watch.sending(&self.hook, &request, &attempt);
                match self.source.open(request) {
                    Ok(request) => {
                        self.phase = Phase::Sending(attempt, options.max_response_bytes);
                        Act::Send(request, options)
                    }
                    Err(error) => {
                        self.watch.answered(Err(&error), || now, now);
                        self.failed(attempt, error, now)
                    }
                }
            }
            Step::Wait { call, wait, reason } => {
                self.watch.waiting(&call, wait, reason);
                self.phase = Phase::Waking(call, Some(reason));
                Act::Sleep(wait)
            }
            Step::Done(Ok(response)) => {
                self.watch.accepted(response.status());
                Act::Done(Ok(response.map(self.wanted.whole)))
            }
            Step::Done(Err(failure)) => self.give_up(failure),
        }
    }

    #[cold]
    fn give_up(&mut self, failure: Failure) -> Act<B, R> {
        self.watch.gave_up(&failure);
        Act::Done(Err(failure))
    }

    /// Whoever drives answered what was not asked.
    #[cold]
    fn out_of_turn(&mut self) -> Act<B, R> {
        let error = TransportError::new(TransportErrorKind::Bug, Sent::Maybe)
            .with_source("the driver answered what the run did not ask");
        self.give_up(Failure::new(StopReason::Invalid, Cause::Transport(error)))
    }
}

/// What came was answered, but after the deadline.
#[cold]
fn late() -> TransportError {
    TransportError::new(TransportErrorKind::Timeout(TimeoutPhase::Total), Sent::Yes)
}
