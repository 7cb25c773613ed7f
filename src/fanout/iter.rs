//! The results of many calls, one after the other through a hook. What waits for them is with the hook.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use http::Response;

use super::Fanout;
use super::under_way::{GivenUp, UnderWay, locked};
use crate::base::{Quiet, Timestamp};
use crate::request::RequestPlan;
use crate::response::Failure;

type Ended = Result<Response<Bytes>, Failure>;

/// A call under way.
type Work<'a> = Pin<Box<dyn Future<Output = Ended> + Send + 'a>>;

/// The results of many calls, read through a hook: [`HttpHook::fan_out`](crate::HttpHook::fan_out) makes it.
///
/// Each result comes with the slot of its plan. Calls go on only while `next` is awaited. [`cancel`](Self::cancel) tells what became
/// of those under way; dropping this drops them, of which an observer is told that they may have been seen.
#[must_use = "nothing is sent until the first result is asked for"]
pub struct FanoutIter<'a, H, I, B> {
    pub(crate) on: &'a H,
    calls: Fanout<'a, I, B>,
    work: BTreeMap<u64, (Work<'a>, Arc<Bell>)>,
    bells: Arc<Bells>,
    given_up: Arc<GivenUp>,
}

/// Which futures want to be polled, and whom to wake.
#[derive(Default)]
struct Bells {
    /// The slots of those that were rung, each once. What they hold is never looked through for them.
    rung: Mutex<Vec<u64>>,
    /// None once it was woken, until the next poll. Wakers are other people's code, which may poll or wake at once: none is cloned,
    /// woken or dropped under a lock.
    outer: Mutex<Option<Waker>>,
}

impl Bells {
    /// Wakes this one from now on.
    fn wakes(&self, waker: &Waker) {
        if locked(&self.outer).as_ref().is_some_and(|own| own.will_wake(waker)) {
            return;
        }
        let waker = waker.clone();
        let replaced = locked(&self.outer).replace(waker);
        drop(replaced);
    }

    /// Takes the slots that were rung, in their order.
    fn take(&self) -> Vec<u64> {
        let mut rung = std::mem::take(&mut *locked(&self.rung));
        rung.sort_unstable();
        rung
    }
}

/// The waker of one call.
struct Bell {
    slot: u64,
    is_rung: AtomicBool,
    all: Arc<Bells>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_rung.swap(true, Ordering::AcqRel) {
            locked(&self.all.rung).push(self.slot);
        }
        let waker = locked(&self.all.outer).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<'a, H, I: Iterator<Item: Into<RequestPlan>>, B: From<Bytes>> FanoutIter<'a, H, I, B> {
    pub(crate) fn new(on: &'a H, calls: Fanout<'a, I, B>) -> Self {
        let (work, bells, given_up) = (BTreeMap::new(), Arc::default(), Arc::default());
        Self { on, calls, work, bells, given_up }
    }

    /// Gives the results in the order of the plans: see [`Fanout::in_order`].
    pub fn in_order(mut self) -> Self {
        self.calls = self.calls.in_order();
        self
    }

    /// Finds out how many calls the server can serve at once: see [`Fanout::adaptive`].
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Hook, HttpHook};
    /// # use http_hook::options::Capabilities;
    /// # use std::time::Duration;
    /// # struct NoTime;
    /// # #[async_trait::async_trait]
    /// # impl http_hook::transport::Clock for NoTime {
    /// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
    /// #     async fn sleep(&self, _: Duration) {}
    /// # }
    /// # let server = http_hook::transport::from_fn(Capabilities::none("server"), |request, _| async move {
    /// #     Ok(http::Response::new(request.into_body()))
    /// # });
    /// # let api = HttpHook::new(Hook::to("https://api.example.com")?, server, NoTime);
    ///
    /// let calls = (0..1000).map(|id| api.get(format!("v1/orders/{id}")));
    /// let mut results = api.fan_out(calls, 200).adaptive(); // never more than 200
    /// pollster::block_on(async {
    ///     while let Some((_slot, result)) = results.next().await {
    ///         result?;
    ///     }
    ///     println!("{} at once", results.calls().allowed());
    ///     Ok::<(), http_hook::Failure>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn adaptive(mut self) -> Self {
        self.calls = self.calls.adaptive();
        self
    }

    /// Returns the machine: how many calls were begun, how many are under way.
    pub const fn calls(&self) -> &Fanout<'a, I, B> {
        &self.calls
    }

    /// Gives every call up that has not ended, and returns them with the results that were not taken yet, by slot: see
    /// [`Fanout::cancel`]. Slots from [`calls().begun()`](Fanout::begun) on have not been begun.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Hook, HttpHook, Sent, StopReason};
    /// # use http_hook::options::Capabilities;
    /// # use std::time::Duration;
    /// # struct NoTime;
    /// # #[async_trait::async_trait]
    /// # impl http_hook::transport::Clock for NoTime {
    /// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
    /// #     async fn sleep(&self, _: Duration) {}
    /// # }
    /// # let server = http_hook::transport::from_fn(Capabilities::none("server"), |request: http::Request<http_hook::body::Body>, _| async move {
    /// #     if request.uri().path() != "/v1/orders/0" { std::future::pending::<()>().await }
    /// #     Ok(http::Response::new(request.into_body()))
    /// # });
    /// # let api = HttpHook::new(Hook::to("https://api.example.com")?, server, NoTime);
    ///
    /// let calls = (0..1000).map(|id| api.post(format!("v1/orders/{id}")));
    /// let mut results = api.fan_out(calls, 3);
    /// pollster::block_on(results.next()); // the first has ended, and three are under way
    ///
    /// let mut may_have_acted = Vec::new();
    /// for (slot, result) in results.cancel() {
    ///     match result {
    ///         Err(failure) if failure.sent() != Sent::No => may_have_acted.push(slot),
    ///         _ => {}
    ///     }
    /// }
    /// assert_eq!(may_have_acted, [1, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cancel(mut self) -> Vec<(u64, Result<Response<Bytes>, Failure>)> {
        *locked(&self.given_up) = Some(Vec::new());
        for (work, _bell) in std::mem::take(&mut self.work).into_values() {
            drop(Quiet::new(work));
        }
        let given_up = locked(&self.given_up).take().unwrap_or_default();
        for (slot, failure) in given_up {
            self.calls.took(slot, Err(failure));
        }
        self.calls.cancel()
    }

    /// Goes on with every call that wants to, and returns the next result; `run` makes the future of a call.
    pub(crate) fn poll(
        &mut self,
        context: &Context<'_>,
        now: impl Fn() -> Timestamp,
        run: impl Fn(UnderWay<'a, B>) -> Work<'a>,
    ) -> Poll<Option<(u64, Ended)>> {
        self.bells.wakes(context.waker());
        loop {
            while let Some((slot, call)) = self.calls.begin(now()) {
                let (is_rung, all) = (AtomicBool::new(true), Arc::clone(&self.bells));
                let call = UnderWay { slot, run: call, given_up: Arc::clone(&self.given_up) };
                self.work.insert(slot, (run(call), Arc::new(Bell { slot, is_rung, all })));
                locked(&self.bells.rung).push(slot);
            }
            let mut ended = Vec::new();
            for slot in self.bells.take() {
                let Some((work, bell)) = self.work.get_mut(&slot) else { continue };
                bell.is_rung.store(false, Ordering::Release);
                let waker = Waker::from(Arc::clone(bell));
                if let Poll::Ready(result) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                    ended.push((slot, result));
                    self.work.remove(&slot);
                }
            }
            let moved = !ended.is_empty();
            for (slot, result) in ended {
                self.calls.took(slot, result);
            }
            if let Some(result) = self.calls.result() {
                return Poll::Ready(Some(result));
            }
            if self.work.is_empty() && self.calls.is_over() {
                return Poll::Ready(None);
            }
            if !moved && !self.calls.may_begin() {
                return Poll::Pending;
            }
        }
    }
}

impl<H, I, B> fmt::Debug for FanoutIter<'_, H, I, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanoutIter").field("calls", &self.calls).finish_non_exhaustive()
    }
}
