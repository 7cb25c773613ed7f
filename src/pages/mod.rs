//! All pages of an answer that comes in pieces: a machine over calls, which asks for the same [`Act`]s as one call.
//!
//! ```text
//! woke ──▶ Act::Send ──sent──▶ Act::Read ──read──▶ … ──▶ Act::Done(Ok(page))   woke begins the next page, until
//!          Act::Sleep ──woke──▶ …                        Act::Done(Err(_))     is_over says that there is none
//! ```
//!
//! Each page is a call of its own: retried, redirected and waited for as any other. Between two acts everything can be
//! [stored](Pages::store). A link to another origin never takes along what is the connection's.

mod iter;
mod link;
mod paging;
mod places;
mod stored;

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use http::Response;

pub use iter::{ItemIter, PageIter};
pub use link::link;
pub use paging::Paging;

use crate::base::chance::nth;
use crate::base::{Error, ErrorKind, Quiet, Timestamp, TransportError};
use crate::call::Call;
use crate::call::follow::Place;
use crate::drive::{Act, Run};
use crate::hook::Hook;
use crate::observe::Observer;
use crate::request::RequestPlan;
use crate::response::{Cause, Failure, StopReason};
use paging::Read;

/// How many of the last pages are known by what they were asked with. A longer circle is found by another mark.
const KNOWN: usize = 1000;

/// The pages of an answer being read; `B` is a body on its way through the client.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http_hook::pages::{Pages, Paging};
/// use http_hook::{Act, Hook, RequestPlan, Timestamp};
///
/// let hook = Hook::to("https://api.example.com")?;
/// let plan = RequestPlan::get("v1/orders");
/// # let mut answers = vec![r#"{"ids": [3], "next": null}"#, r#"{"ids": [1, 2], "next": "c1"}"#];
/// # let now = Timestamp::default;
///
/// let mut pages = Pages::<Bytes>::new(&hook, plan, Paging::cursor("/next", "cursor"), 7, now());
/// let mut read = Vec::new();
/// while !pages.is_over() {
///     let mut act = pages.woke(now());
///     let page = loop {
///         act = match act {
///             Act::Send(_request, _options) => {
///                 let answer = Bytes::from(answers.pop().unwrap_or_default());
///                 pages.sent(Ok(http::Response::new(answer)), now)
///             }
///             Act::Read(body, _limit) => pages.read(Ok(body), now()),
///             Act::Sleep(_wait) => pages.woke(now()),
///             Act::Done(page) => break page?,
///         };
///     };
///     read.push(page.into_body());
/// }
/// assert_eq!(read, [r#"{"ids": [1, 2], "next": "c1"}"#, r#"{"ids": [3], "next": null}"#]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "pages are not read until they are woken"]
pub struct Pages<'a, B> {
    hook: Hook,
    paging: Paging,
    /// The plan of the first page, which that of any other is made of.
    base: RequestPlan,
    seed: u64,
    observer: Option<&'a dyn Observer>,
    next: Next<'a, B>,
    /// Where the call under way went.
    place: Option<Place>,
    /// Where the page came from that was taken last.
    last: Option<Place>,
    read: Read,
    known: Known,
    /// The items of the page before that were stored with it, until [`PageIter::items`] has them.
    rest: Vec<Bytes>,
}

enum Next<'a, B> {
    /// The page that is under way, or to come.
    Page(Box<Run<'a, B>>),
    /// There is a further page, which must not be read.
    Refused(Error),
    Over,
}

/// What the pages before were asked with.
#[derive(Default)]
struct Known {
    last: VecDeque<String>,
    /// Of the page whose number is the last power of two: in any circle it comes again.
    mark: String,
}

impl Known {
    /// Whether a call asks for what was asked before.
    fn has(&mut self, asks: String, number: u64) -> bool {
        // What cannot be sent asks for nothing.
        if asks.is_empty() {
            return false;
        }
        if self.mark == asks || self.last.contains(&asks) {
            return true;
        }
        if number.is_power_of_two() {
            self.mark.clone_from(&asks);
        }
        if self.last.len() >= KNOWN {
            self.last.pop_front();
        }
        self.last.push_back(asks);
        false
    }
}

impl<'a, B: From<Bytes>> Pages<'a, B> {
    /// Begins with the page that `plan` asks for. `seed` decides every random choice.
    pub fn new(hook: &Hook, plan: RequestPlan, paging: Paging, seed: u64, now: Timestamp) -> Self {
        let mut first = paging.first(plan.clone());
        if let Err(error) = paging.validate() {
            first.refuse(error);
        }
        let mut pages = Self {
            hook: hook.clone(),
            paging,
            base: plan,
            seed,
            observer: None,
            next: Next::Over,
            place: None,
            last: None,
            read: Read::default(),
            known: Known::default(),
            rest: Vec::new(),
        };
        pages.begin(first, now);
        pages
    }

    /// Tells `observer` what happens in each call.
    pub fn observer(mut self, observer: &'a dyn Observer) -> Self {
        self.observer = Some(observer);
        if let Next::Page(run) = self.next {
            self.next = Next::Page(Box::new(run.observer(observer)));
        }
        self
    }

    /// Whether there is no further page, and nothing more to be told.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.next, Next::Over) && self.rest.is_empty()
    }

    /// Returns the call of the page that is under way or to come: what is pending, what it sleeps for.
    #[must_use]
    pub fn run(&self) -> Option<&Run<'a, B>> {
        match &self.next {
            Next::Page(run) => Some(run),
            _ => None,
        }
    }

    /// Returns how the next page is found.
    #[must_use]
    pub const fn paging(&self) -> &Paging {
        &self.paging
    }

    /// Counts the pages, the items (where [told](Paging::items)) and the bytes that were read.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64, u64) {
        (self.read.pages, self.read.items, self.read.bytes)
    }

    /// Begins the next page, or goes on after a sleep.
    pub fn woke(&mut self, now: Timestamp) -> Act<B> {
        self.refuse_rest();
        let act = match &mut self.next {
            Next::Page(run) => run.woke(now),
            _ => return Act::Done(Err(self.refused())),
        };
        self.take(act, || now)
    }

    /// Takes what came of a send.
    pub fn sent(
        &mut self,
        answer: Result<Response<B>, TransportError>,
        now: impl Fn() -> Timestamp,
    ) -> Act<B> {
        let Next::Page(run) = &mut self.next else {
            drop(Quiet::new(answer));
            return Act::Done(Err(self.refused()));
        };
        let act = run.sent(answer, &now);
        self.take(act, now)
    }

    /// Takes the body that was read.
    pub fn read(&mut self, body: Result<Bytes, TransportError>, now: Timestamp) -> Act<B> {
        let act = match &mut self.next {
            Next::Page(run) => run.read(body, now),
            _ => return Act::Done(Err(self.refused())),
        };
        self.take(act, || now)
    }

    /// Ends the pages before the pending request is sent, because `error` kept the driver from keeping them. Nothing must have been
    /// sent of it: its permit, and what was paid for it, come back.
    #[cold]
    pub fn withdraw(&mut self, error: Error) -> Act<B> {
        match std::mem::replace(&mut self.next, Next::Over) {
            Next::Page(mut run) => run.withdraw(error),
            other => {
                self.next = other;
                Act::Done(Err(self.refused()))
            }
        }
    }

    fn take(&mut self, act: Act<B>, now: impl FnOnce() -> Timestamp) -> Act<B> {
        match act {
            Act::Done(result) => Act::Done(self.took(result, now())),
            act => act,
        }
    }

    /// Takes the run of the next page out, for a driver that has a loop for it; what came of it is to be [told](Self::took).
    /// Where that is not told, because the driver was dropped, an error is next: there may be further pages.
    pub(crate) fn take_run(&mut self) -> Result<Run<'a, B>, Failure> {
        self.refuse_rest();
        let given_up =
            Error::new(ErrorKind::Check, "pages: the page before was given up on its way");
        match std::mem::replace(&mut self.next, Next::Refused(given_up)) {
            Next::Page(run) => Ok(*run),
            other => {
                self.next = other;
                Err(self.refused())
            }
        }
    }

    /// Ends the pages, whatever is pending, because the last one is not what is expected.
    #[cold]
    pub(crate) fn end(&mut self, error: Error) -> Failure {
        self.next = Next::Over;
        let asked = self.last.as_ref().map(|place| place.asked(&self.hook, None));
        Failure::new(StopReason::Check, Cause::Request(error)).with_asked(asked)
    }

    /// Takes a page, and makes the call of the next one.
    pub(crate) fn took(
        &mut self,
        result: Result<Response<Bytes>, Failure>,
        now: Timestamp,
    ) -> Result<Response<Bytes>, Failure> {
        self.next = Next::Over;
        let page = result?;
        self.last = self.place.take();
        match self.paging.next(&self.base, self.last.as_ref(), &page, &mut self.read) {
            Ok(None) => {}
            Ok(Some(plan)) => self.begin(plan, now),
            Err(error) => self.next = Next::Refused(error),
        }
        Ok(page)
    }

    /// Makes the call of the next page, unless it was read before. Code that finds it has its own reasons.
    fn begin(&mut self, mut plan: RequestPlan, now: Timestamp) {
        if self.paging.is_code() {
            plan.rare().more.get_or_insert_default().read = true;
        }
        let seed = nth(self.seed, self.read.pages);
        let call = Call::new(&self.hook, plan, seed, now);
        if self.paging.is_storable()
            && self.known.has(call.asks(&self.hook), self.read.pages.saturating_add(1))
        {
            let message = "pages: what leads on leads to a page that was read before";
            self.next = Next::Refused(Error::new(ErrorKind::Limit, message));
            return;
        }
        self.place = call.place(&self.hook);
        self.next = Next::Page(Box::new(self.watched(Run::new(&self.hook, call))));
    }

    fn watched(&self, run: Run<'a, B>) -> Run<'a, B> {
        match self.observer {
            Some(observer) => run.observer(observer),
            None => run,
        }
    }

    /// Whoever reads pages would leave out the items that were stored with them.
    fn refuse_rest(&mut self) {
        if !std::mem::take(&mut self.rest).is_empty() {
            let message =
                "pages: they were stored with items of the page before, which `items` gives";
            self.next = Next::Refused(Error::new(ErrorKind::Check, message));
        }
    }

    /// Tells why there is no further page.
    #[cold]
    fn refused(&mut self) -> Failure {
        match std::mem::replace(&mut self.next, Next::Over) {
            Next::Refused(error) => Failure::new(StopReason::Stopped, Cause::Request(error)),
            other => {
                self.next = other;
                let error = Error::new(ErrorKind::Limit, "pages: there is no further one");
                Failure::new(StopReason::Invalid, Cause::Request(error))
            }
        }
    }
}

/// Tells the counts; what was asked for may be secret.
impl<B> fmt::Debug for Pages<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("hook", &self.hook)
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}
