//! Tells the observer, if there is one; also that a call was dropped, if it never ended.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, StatusCode};

use crate::base::{Sent, Timestamp, TransportError, caught, within};
use crate::body::Payload;
use crate::call::{Attempt, Call, WaitReason};
use crate::hook::Hook;
use crate::observe::{Event, Observer};
use crate::response::Failure;

pub(super) struct Watch<'a> {
    told: Told<'a>,
    /// Whether the server can have seen any request; `None` once the call has ended.
    sent: Option<Sent>,
    sends: u32,
}

enum Told<'a> {
    Nobody,
    Lent(&'a dyn Observer),
    Shared(Arc<dyn Observer>),
    /// The observer of this call alone.
    Own(Box<dyn Observer>),
    /// First one of the crate's own, which does not panic, and has nothing around the client's work.
    Counted(Box<(Box<dyn Observer>, Told<'a>)>),
}

impl Told<'_> {
    /// Tells whom there is; `false`: the caller's observer panicked.
    fn tell(&mut self, event: &Event<'_>) -> bool {
        match self {
            Told::Nobody => true,
            Told::Lent(observer) => caught(|| observer.event(event)).is_some(),
            Told::Shared(observer) => caught(|| observer.event(event)).is_some(),
            Told::Own(observer) => caught(|| observer.event(event)).is_some(),
            Told::Counted(counted) => {
                counted.0.event(event);
                counted.1.tell(event)
            }
        }
    }

    /// The caller's observer.
    fn callers(&mut self) -> &mut Self {
        match self {
            Told::Counted(counted) => &mut counted.1,
            own => own,
        }
    }
}

impl<'a> Watch<'a> {
    pub(super) fn new(call: &Call) -> Self {
        Self { told: Told::Nobody, sent: Some(call.seen()), sends: call.sends() }
    }

    pub(super) fn lend(
        &mut self,
        observer: &'a dyn Observer,
        hook: &Hook,
        method: Option<&Method>,
    ) {
        let own = caught(|| observer.for_call(hook, method));
        self.told = own.map_or(Told::Nobody, |own| own.map_or(Told::Lent(observer), Told::Own));
    }

    pub(super) fn share(
        &mut self,
        observer: Arc<dyn Observer>,
        hook: &Hook,
        method: Option<&Method>,
    ) {
        let own = caught(|| observer.for_call(hook, method));
        self.told = own.map_or(Told::Nobody, |own| own.map_or(Told::Shared(observer), Told::Own));
    }

    /// Tells the observer. One that panics is told nothing more of this call, which goes on.
    fn tell(&mut self, event: &Event<'_>) {
        if !matches!(self.told, Told::Nobody) && !self.told.tell(event) {
            self.leave();
        }
    }

    /// Tells `observer` before whoever is told.
    pub(super) fn count(&mut self, observer: Box<dyn Observer>) {
        let told = std::mem::replace(&mut self.told, Told::Nobody);
        self.told = Told::Counted(Box::new((observer, told)));
    }

    /// Lets the caller's observer go, whose own end may panic, too.
    #[cold]
    fn leave(&mut self) {
        let told = std::mem::replace(self.told.callers(), Told::Nobody);
        let _ = caught(|| drop(told));
    }

    pub(super) fn is_told(&self) -> bool {
        !matches!(self.told, Told::Nobody)
    }

    /// Does a piece of work in the client within what the observer has around it.
    #[cold]
    pub(super) fn within<R>(&mut self, work: impl FnMut() -> R) -> R {
        let observer: &dyn Observer = match self.told.callers() {
            Told::Nobody | Told::Counted(_) => &nobody,
            Told::Lent(observer) => *observer,
            Told::Shared(observer) => &**observer,
            Told::Own(observer) => &**observer,
        };
        let (value, held) = within(|inner| observer.within(inner), work);
        if !held {
            self.leave();
        }
        value
    }

    /// Waits for the client, each time within what the observer has around it.
    pub(super) async fn awaiting<F: Future>(&mut self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|context| {
            if self.is_told() {
                return self.within(|| work.as_mut().poll(context));
            }
            work.as_mut().poll(context)
        })
        .await
    }

    pub(super) fn sending(&mut self, hook: &Hook, request: &Request<Payload>, attempt: &Attempt) {
        self.sent = Some(attempt.seen().max(Sent::Maybe));
        self.sends = attempt.sends();
        if self.is_told() {
            self.tell(&Event::Send {
                method: request.method(),
                url: attempt.shown_url(hook, request.uri()),
                attempt_number: attempt.number(),
                send: attempt.sends(),
                cause: attempt.cause(),
                own_origin: attempt.to_own_origin(hook),
            });
        }
    }

    /// What was about to be sent was not; `before` tells of the requests before it.
    pub(super) const fn unsent(&mut self, before: Sent) {
        self.sent = Some(before);
    }

    /// Reads the time only if somebody is to be told.
    pub(super) fn answered(
        &mut self,
        answer: Result<StatusCode, &TransportError>,
        now: impl FnOnce() -> Timestamp,
        began: Timestamp,
    ) {
        self.sent = Some(answer.map_or_else(TransportError::sent, |_| Sent::Yes));
        if !self.is_told() {
            return;
        }
        let took = now().since(began);
        self.tell(&match answer {
            Ok(status) => Event::Answer { status, took },
            Err(error) => Event::Error { error, took },
        });
    }

    pub(super) fn body(
        &mut self,
        body: Result<(), &TransportError>,
        now: Timestamp,
        began: Timestamp,
    ) {
        if let Err(error) = body {
            self.tell(&Event::Error { error, took: now.since(began) });
        }
    }

    pub(super) fn waiting(&mut self, call: &Call, wait: Duration, reason: WaitReason) {
        self.sent = Some(call.seen());
        let (again, asked) = call.again();
        self.tell(&Event::Wait { wait, reason, again, asked });
    }

    pub(super) fn accepted(&mut self, status: StatusCode) {
        self.ended(&Event::Accepted { status, sends: self.sends });
    }

    pub(super) fn gave_up(&mut self, failure: &Failure) {
        self.ended(&Event::GaveUp { failure });
    }

    /// A call ends once, also where its driver goes on asking.
    fn ended(&mut self, event: &Event<'_>) {
        if self.sent.take().is_some() {
            self.tell(event);
        }
    }
}

fn nobody(_: &Event<'_>) {}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(sent) = self.sent {
            self.tell(&Event::Dropped { sent });
        }
        if self.is_told() {
            self.leave();
        }
    }
}
