//! Many calls at once: a machine over calls, each in a slot of its own, which asks for the same [`Act`]s as one call.
//!
//! ```text
//! next ──▶ Some((slot, Act)) ──▶ sent | read | woke (slot, answer), in any order ──▶ next ──▶ …
//!          None: what is asked for has to be answered first, or, if is_over, nothing is left
//! ```
//!
//! At most so many slots are taken at once, and no more than one plan is taken from the source before one is free: so the memory is
//! bounded, and whoever takes results slowly slows down what is sent. Between two answers everything can be
//! [stored](Fanout::store). How far it is, is told by [`Progress`](crate::observe::Progress), an observer.
//!
//! How many a server can serve at once is found out by [`adaptive`](Fanout::adaptive) fan-outs.

mod adaptive;
mod gauge;
mod iter;
mod limiter;
mod stored;
#[cfg(test)]
mod tests;
mod under_way;
mod window;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;

pub use iter::FanoutIter;

use gauge::Gauge;

use crate::base::chance::nth;
use crate::base::{Error, ErrorKind, Quiet, Timestamp, TransportError, caught};
use crate::call::Call;
use crate::drive::{Act, Run};
use crate::hook::Hook;
use crate::observe::Observer;
use crate::request::RequestPlan;
use crate::response::Failure;

/// Many calls at once; `I` gives their plans, `B` is a body on its way through the client. A slot is the place of a plan in its
/// source, from 0.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http_hook::fanout::Fanout;
/// use http_hook::{Act, Hook, RequestPlan, Timestamp};
///
/// let hook = Hook::to("https://api.example.com")?;
/// let plans = (0..100).map(|id| RequestPlan::get(format!("v1/orders/{id}")));
/// # let now = Timestamp::default;
///
/// let mut calls = Fanout::<_, Bytes>::new(&hook, plans, 8, 7);
/// let (mut sent, mut done) = (Vec::new(), 0);
/// while !calls.is_over() {
///     match calls.next(now()) {
///         Some((slot, Act::Send(request, _options))) => sent.push((slot, request)),
///         Some((slot, Act::Read(body, _limit))) => calls.read(slot, Ok(body), now()),
///         Some((slot, Act::Sleep(_wait))) => calls.woke(slot, now()),
///         Some((_slot, Act::Done(result))) => done += u32::from(result.is_ok()),
///         None => {
///             let (slot, _request) = sent.pop().expect("something is asked for"); // in any order
///             calls.sent(slot, Ok(http::Response::new(Bytes::new())), now);
///         }
///     }
///     assert!(calls.outstanding() <= 8);
/// }
/// assert_eq!(done, 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is sent until it is asked what is next"]
pub struct Fanout<'a, I, B> {
    hook: Hook,
    plans: Quiet<I>,
    limit: usize,
    /// What finds out how many calls the server can serve at once, at most the limit.
    gauge: Option<Arc<Gauge>>,
    in_order: bool,
    seed: u64,
    observer: Option<&'a dyn Observer>,
    /// The slot of the next plan.
    next: u64,
    /// The next plan, or why none came; `None`: there is none.
    ahead: Option<Result<RequestPlan, Error>>,
    slots: BTreeMap<u64, Slot<'a, B>>,
    /// Those of the slots that were taken up from a store and have not begun again.
    due: VecDeque<u64>,
    /// Acts that nobody has taken yet.
    acts: VecDeque<(u64, Act<B>)>,
    /// Results that wait for those before them.
    held: BTreeMap<u64, Act<B>>,
    /// The slot whose result is handed out next, if they come in order.
    turn: u64,
}

enum Slot<'a, B> {
    /// Taken up from a store: to be begun.
    Due(Box<Run<'a, B>>),
    /// Asked for something.
    Asked(Box<Run<'a, B>>),
    /// With a driver that has a loop for calls, or its result has not been taken yet.
    Out,
}

impl<'a, I: Iterator<Item: Into<RequestPlan>>, B: From<Bytes>> Fanout<'a, I, B> {
    /// Makes the calls that `plans` gives, at most `limit` at once, at least one: plans, or what becomes one, as a
    /// [`CallBuilder`](crate::CallBuilder). `seed` decides every random choice.
    ///
    /// Where `plans` panics, that is the end of the call whose plan was to come, an error of kind [`Check`](ErrorKind::Check), and no
    /// further plan is asked for; the calls that have begun go on to their ends.
    pub fn new(hook: &Hook, plans: I, limit: usize, seed: u64) -> Self {
        let mut plans = Quiet::new(plans);
        let ahead = taken(&mut plans);
        Self {
            hook: hook.clone(),
            plans,
            limit: limit.max(1),
            gauge: None,
            in_order: false,
            seed,
            observer: None,
            next: 0,
            ahead,
            slots: BTreeMap::new(),
            due: VecDeque::new(),
            acts: VecDeque::new(),
            held: BTreeMap::new(),
            turn: 0,
        }
    }

    /// Gives the results in the order of the plans. One that waits for those before it keeps its slot.
    pub fn in_order(mut self) -> Self {
        self.in_order = true;
        self
    }

    /// Tells `observer` what happens in each call.
    pub fn observer(mut self, observer: &'a dyn Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Returns what is to be done next. `None`: nothing until something is answered, or nothing at all.
    pub fn next(&mut self, now: Timestamp) -> Option<(u64, Act<B>)> {
        loop {
            if let Some((slot, act)) = self.acts.pop_front() {
                if matches!(act, Act::Done(_)) {
                    self.slots.remove(&slot);
                }
                return Some((slot, act));
            }
            let (slot, mut run) = self.begin(now)?;
            let act = run.woke(now);
            self.slots.insert(slot, Slot::Asked(Box::new(run)));
            self.asked(slot, act);
        }
    }

    /// Takes what came of a send.
    pub fn sent(
        &mut self,
        slot: u64,
        answer: Result<Response<B>, TransportError>,
        now: impl Fn() -> Timestamp,
    ) {
        if let Some(Slot::Asked(run)) = self.slots.get_mut(&slot) {
            let act = run.sent(answer, now);
            self.asked(slot, act);
        } else {
            drop(Quiet::new(answer));
        }
    }

    /// Takes the body that was read.
    pub fn read(&mut self, slot: u64, body: Result<Bytes, TransportError>, now: Timestamp) {
        if let Some(Slot::Asked(run)) = self.slots.get_mut(&slot) {
            let act = run.read(body, now);
            self.asked(slot, act);
        }
    }

    /// Goes on after a sleep.
    pub fn woke(&mut self, slot: u64, now: Timestamp) {
        if let Some(Slot::Asked(run)) = self.slots.get_mut(&slot) {
            let act = run.woke(now);
            self.asked(slot, act);
        }
    }

    /// Gives every call up that has not ended. What none of its [sends](Failure::sends) was made of has not been seen by the server; any other
    /// may have acted. Results that were not taken yet are among them, as they are.
    pub fn cancel(mut self) -> Vec<(u64, Result<Response<Bytes>, Failure>)> {
        let mut ended = Vec::new();
        for (slot, act) in
            std::mem::take(&mut self.acts).into_iter().chain(std::mem::take(&mut self.held))
        {
            match act {
                Act::Done(result) => ended.push((slot, result)),
                other => drop(Quiet::new(other)),
            }
        }
        for (slot, state) in std::mem::take(&mut self.slots) {
            if let Slot::Due(run) | Slot::Asked(run) = state {
                ended.push((slot, Err(run.cancel())));
            }
        }
        ended.sort_by_key(|(slot, _)| *slot);
        ended
    }

    /// Notes what a slot asks for.
    fn asked(&mut self, slot: u64, act: Act<B>) {
        if !matches!(act, Act::Done(_)) {
            self.acts.push_back((slot, act));
            return;
        }
        self.slots.insert(slot, Slot::Out);
        if !self.in_order {
            self.acts.push_back((slot, act));
            return;
        }
        self.held.insert(slot, act);
        while let Some(act) = self.held.remove(&self.turn) {
            self.acts.push_back((self.turn, act));
            self.turn = self.turn.saturating_add(1);
        }
    }

    /// Takes up the next call, if there is one and a slot for it.
    pub(crate) fn begin(&mut self, now: Timestamp) -> Option<(u64, Run<'a, B>)> {
        if !self.may_begin() {
            return None;
        }
        while let Some(slot) = self.due.pop_front() {
            if let Some(Slot::Due(run)) = self.slots.insert(slot, Slot::Out) {
                return Some((slot, self.watched(*run)));
            }
        }
        let plan = self.ahead.take()?;
        if plan.is_ok() {
            self.ahead = taken(&mut self.plans);
        }
        let slot = self.next;
        self.next = slot.saturating_add(1);
        let seed = nth(self.seed, slot);
        let call = match plan {
            Ok(plan) => Call::new(&self.hook, plan, seed, now),
            Err(panicked) => Call::refused(panicked),
        };
        let run = Run::new(&self.hook, call);
        self.slots.insert(slot, Slot::Out);
        Some((slot, self.watched(run)))
    }

    fn watched(&self, run: Run<'a, B>) -> Run<'a, B> {
        let run = match self.observer {
            Some(observer) => run.observer(observer),
            None => run,
        };
        match &self.gauge {
            Some(gauge) => run.counted(gauge.meter()),
            None => run,
        }
    }

    /// Takes what came of a call that a driver with a loop for calls has run.
    pub(crate) fn took(&mut self, slot: u64, result: Result<Response<Bytes>, Failure>) {
        self.asked(slot, Act::Done(result));
    }

    /// Returns the next result, for such a driver.
    pub(crate) fn result(&mut self) -> Option<(u64, Result<Response<Bytes>, Failure>)> {
        while let Some((slot, act)) = self.acts.pop_front() {
            if let Act::Done(result) = act {
                self.slots.remove(&slot);
                return Some((slot, result));
            }
        }
        None
    }
}

/// Takes a plan from the caller's source.
fn taken<I: Iterator<Item: Into<RequestPlan>>>(
    plans: &mut Quiet<I>,
) -> Option<Result<RequestPlan, Error>> {
    let next = caught(|| plans.get_mut().and_then(Iterator::next).map(Into::into));
    let panicked = || {
        let says = "fan-out: code in the source of the plans panicked";
        Some(Err(Error::new(ErrorKind::Check, says)))
    };
    next.map_or_else(panicked, |plan| plan.map(Ok))
}

impl<I, B> Fanout<'_, I, B> {
    /// Whether every plan was taken, and every result.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ahead.is_none() && self.slots.is_empty() && self.acts.is_empty()
    }

    /// Counts the slots that are taken.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.slots.len()
    }

    /// Counts the plans that were taken from their source: the slot of the next one.
    #[must_use]
    pub const fn begun(&self) -> u64 {
        self.next
    }
}

/// Tells the counts; what was asked for may be secret.
impl<I, B> fmt::Debug for Fanout<'_, I, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fanout")
            .field("hook", &self.hook)
            .field("limit", &self.limit)
            .field("allowed", &self.allowed())
            .field("begun", &self.next)
            .field("outstanding", &self.slots.len())
            .finish_non_exhaustive()
    }
}
