//! How long sends take, as a histogram: the metric `http.client.request.duration` of OpenTelemetry as plain data.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;

use super::target::Rules;
use crate::hook::Hook;
use crate::observe::{Event, Observer};

/// The most series that are kept apart, as in OpenTelemetry; what comes after is counted in one that has no names.
const MAX_SERIES: usize = 2_000;

/// Counts how long sends take up to the head of their answer, by method, server and outcome.
///
/// Clones share the counts. To be read now and then and handed to whatever collects metrics.
///
/// # Examples
///
/// ```
/// use http_hook::observe::{Durations, Observer};
///
/// let durations = Durations::new();
/// # let _: &dyn Observer = &durations;
/// // let hook = HttpHook::new(hook, transport, clock).with_observer(durations.clone());
/// for series in durations.snapshot() {
///     println!("{} {}: {}", series.method, series.server_address, series.count);
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Durations(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    rules: Rules,
    all: Mutex<BTreeMap<Key, Counts>>,
}

/// How long the sends took that have their names in common; the fields are named as the attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Series {
    /// `http.request.method`; `_OTHER` if it is not among the known ones.
    pub method: String,
    /// `server.address`
    pub server_address: String,
    /// `server.port`
    pub server_port: u16,
    /// `http.response.status_code`, if there was a response.
    pub status_code: Option<u16>,
    /// `error.type`: the status if it is 400 or above, else the kind of the error.
    pub error_type: Option<String>,
    /// How many fell into each of the [buckets](Durations::BUCKETS); the last count is of those that took longer.
    pub counts: [u64; Durations::BUCKETS.len() + 1],
    /// How many there were.
    pub count: u64,
    /// How long all of them took together.
    pub sum: Duration,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    method: String,
    server_address: String,
    server_port: u16,
    status_code: Option<u16>,
    error_type: Option<String>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    in_bucket: [u64; Durations::BUCKETS.len() + 1],
    count: u64,
    sum: Duration,
}

impl Durations {
    /// The upper ends of the buckets, themselves included: 5 ms to 10 s, as the conventions advise.
    pub const BUCKETS: [Duration; 14] = [
        Duration::from_millis(5),
        Duration::from_millis(10),
        Duration::from_millis(25),
        Duration::from_millis(50),
        Duration::from_millis(75),
        Duration::from_millis(100),
        Duration::from_millis(250),
        Duration::from_millis(500),
        Duration::from_millis(750),
        Duration::from_secs(1),
        Duration::from_millis(2_500),
        Duration::from_secs(5),
        Duration::from_millis(7_500),
        Duration::from_secs(10),
    ];

    /// Makes an observer that has counted nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns all counts so far.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Series> {
        let told = |(key, counts): (&Key, &Counts)| {
            let Key { method, server_address, server_port, status_code, error_type } = key.clone();
            let Counts { in_bucket, count, sum } = *counts;
            Series {
                method,
                server_address,
                server_port,
                status_code,
                error_type,
                counts: in_bucket,
                count,
                sum,
            }
        };
        self.0.all().iter().map(told).collect()
    }
}

impl Observer for Durations {
    /// Tells nothing: only the observer of one call knows which request a response belongs to.
    fn event(&self, _: &Event<'_>) {}

    fn for_call(&self, _: &Hook, _: Option<&Method>) -> Option<Box<dyn Observer>> {
        Some(Box::new(OfCall { shared: Arc::clone(&self.0), sending: Mutex::default() }))
    }
}

struct OfCall {
    shared: Arc<Shared>,
    sending: Mutex<Option<Key>>,
}

impl Observer for OfCall {
    fn event(&self, event: &Event<'_>) {
        let mut sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Send { method, url, .. } => {
                *sending = Some(Key {
                    method: self.shared.rules.method(method).unwrap_or("_OTHER").to_owned(),
                    server_address: url.host().to_owned(),
                    server_port: url.port(),
                    ..Key::default()
                });
            }
            Event::Answer { status, took } => {
                if let Some(key) = sending.take() {
                    let error_type = (status.as_u16() >= 400).then(|| status.as_str().to_owned());
                    let status_code = Some(status.as_u16());
                    self.shared.count(Key { status_code, error_type, ..key }, *took);
                }
            }
            Event::Error { error, took } => {
                // An error in the body comes after the head, which was counted.
                if let Some(key) = sending.take() {
                    let error_type = Some(error.kind().name().to_owned());
                    self.shared.count(Key { error_type, ..key }, *took);
                }
            }
            _ => {}
        }
    }
}

impl Shared {
    fn count(&self, key: Key, took: Duration) {
        let mut all = self.all();
        let full = all.len() >= MAX_SERIES && !all.contains_key(&key);
        let key = if full { Key::default() } else { key };
        let histogram = all.entry(key).or_default();
        let bucket = Durations::BUCKETS
            .iter()
            .position(|end| took <= *end)
            .unwrap_or(Durations::BUCKETS.len());
        if let Some(count) = histogram.in_bucket.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        histogram.count = histogram.count.saturating_add(1);
        histogram.sum = histogram.sum.saturating_add(took);
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, Counts>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
