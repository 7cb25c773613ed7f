//! How far many calls are.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Method;
use serde::{Deserialize, Serialize};

use crate::hook::Hook;
use crate::observe::{Event, Observer};

/// Counts the calls that it is told of, those of a [fan-out](crate::fanout), say: how many passed, failed, are under way, wait. Clones
/// count together, so that one can be looked at, from any thread, while another one observes. As JSON it can be stored with a fan-out: what
/// has ended, that is, for what was under way begins again.
///
/// # Examples
///
/// Through an async hook:
///
/// ```
/// use http_hook::observe::Progress;
/// # use http_hook::{Hook, HttpHook};
/// # use http_hook::options::Capabilities;
/// # struct NoTime;
/// # #[async_trait::async_trait]
/// # impl http_hook::transport::Clock for NoTime {
/// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
/// #     async fn sleep(&self, _: std::time::Duration) {}
/// # }
/// # let server = http_hook::transport::from_fn(Capabilities::none("server"), |request, _| async move {
/// #     let status = if request.uri().path().ends_with('7') { 404 } else { 200 };
/// #     Ok(http::Response::builder().status(status).body(request.into_body()).expect("a response"))
/// # });
/// # let api = HttpHook::new(Hook::to("https://api.example.com")?, server, NoTime);
/// # pollster::block_on(async {
///
/// let progress = Progress::default();
/// let api = api.with_observer(progress.clone());
/// let mut results = api.fan_out((0..20).map(|id| api.get(format!("v1/orders/{id}"))), 4);
/// while let Some((_slot, _result)) = results.next().await {
///     println!("{progress}"); // 1 passed, 0 failed, 3 under way, 0 of them waiting
/// }
/// assert_eq!((progress.passed(), progress.failed()), (18, 2));
/// # });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// By hand, or over threads; here it goes on in another process:
///
/// ```
/// use http_hook::Act;
/// use http_hook::fanout::Fanout;
/// use http_hook::observe::Progress;
/// # use bytes::Bytes;
/// # use http_hook::{Hook, RequestPlan, Timestamp};
/// # let (hook, now) = (Hook::to("https://api.example.com")?, Timestamp::default());
/// # let plans = || (0..100).map(|id| RequestPlan::get(format!("v1/orders/{id}")).retries(2));
///
/// let progress = Progress::default();
/// let mut calls = Fanout::<_, Bytes>::new(&hook, plans(), 8, 7).observer(&progress);
/// while let Some((_slot, Act::Send(_request, _options))) = calls.next(now) {}
/// calls.sent(3, Ok(http::Response::new(Bytes::new())), || now);
/// # let Some((3, Act::Read(body, _))) = calls.next(now) else { unreachable!() };
/// calls.read(3, Ok(body), now);
/// assert_eq!(progress.to_string(), "1 passed, 0 failed, 7 under way, 0 of them waiting");
///
/// let stored = (calls.store()?, serde_json::to_string(&progress)?);
///
/// let progress: Progress = serde_json::from_str(&stored.1)?;
/// let rest = plans().skip(calls.begun() as usize);
/// let calls = Fanout::<_, Bytes>::resume(&hook, &stored.0, rest, now)?.observer(&progress);
/// assert_eq!(progress.to_string(), "1 passed, 0 failed, 0 under way, 0 of them waiting");
/// # drop(calls);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Counts", into = "Counts")]
pub struct Progress(Arc<Mutex<Counts>>);

impl Progress {
    /// Counts the calls that ended with a response that passes.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.lock().passed
    }

    /// Counts the calls that were given up.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.lock().failed
    }

    /// Counts the calls that have begun and not ended. One that was dropped or stored is no longer among them.
    #[must_use]
    pub fn under_way(&self) -> u64 {
        self.lock().under_way
    }

    /// Counts those of them that wait: for a retry, a permit, a turn.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.lock().waiting
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All four, of one moment.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { passed, failed, under_way, waiting } = *self.lock();
        write!(
            f,
            "{passed} passed, {failed} failed, {under_way} under way, {waiting} of them waiting"
        )
    }
}

impl Observer for Progress {
    fn event(&self, event: &Event<'_>) {
        self.lock().end(event);
    }

    fn for_call(&self, _: &Hook, _: Option<&Method>) -> Option<Box<dyn Observer>> {
        let mut counts = self.lock();
        counts.under_way = counts.under_way.saturating_add(1);
        drop(counts);
        Some(Box::new(OfCall { all: self.clone(), is: Mutex::new(Is::Busy) }))
    }
}

/// As JSON, what has ended: what was under way is so again once it has begun again.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Counts {
    passed: u64,
    failed: u64,
    #[serde(skip)]
    under_way: u64,
    #[serde(skip)]
    waiting: u64,
}

impl Counts {
    /// Counts a call that ends; whether it does.
    fn end(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Accepted { .. } => self.passed = self.passed.saturating_add(1),
            Event::GaveUp { .. } => self.failed = self.failed.saturating_add(1),
            _ => return false,
        }
        true
    }
}

impl From<Counts> for Progress {
    fn from(counts: Counts) -> Self {
        Self(Arc::new(Mutex::new(counts)))
    }
}

impl From<Progress> for Counts {
    fn from(progress: Progress) -> Self {
        *progress.lock()
    }
}

/// The observer of one call.
struct OfCall {
    all: Progress,
    is: Mutex<Is>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Busy,
    Waiting,
    Over,
}

impl OfCall {
    /// Takes it from where it was counted to where it is now.
    fn becomes(&self, next: Is, counts: &mut Counts) {
        let before =
            std::mem::replace(&mut *self.is.lock().unwrap_or_else(PoisonError::into_inner), next);
        let waiting = counts.waiting.saturating_add(u64::from(next == Is::Waiting));
        counts.waiting = waiting.saturating_sub(u64::from(before == Is::Waiting));
        let ends = next == Is::Over && before != Is::Over;
        counts.under_way = counts.under_way.saturating_sub(u64::from(ends));
    }
}

impl Observer for OfCall {
    fn event(&self, event: &Event<'_>) {
        let mut counts = self.all.lock();
        let next = match event {
            _ if counts.end(event) => Is::Over,
            Event::Wait { .. } => Is::Waiting,
            _ => Is::Busy,
        };
        self.becomes(next, &mut counts);
    }
}

/// Whether it was dropped or stored, it is no longer under way.
impl Drop for OfCall {
    fn drop(&mut self) {
        let all = self.all.clone();
        self.becomes(Is::Over, &mut all.lock());
    }
}
