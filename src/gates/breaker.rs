//! The circuit breaker: when most of what is sent fails, nothing is sent for a while.
//!
//! ```text
//! Closed ──too many failures──▶ Open ──its time is over──▶ Probing ──success──▶ Closed
//!                                 ▲                           │
//!                                 └────────── failure ────────┘   (dropped or run out: the next call probes)
//! ```

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;
use crate::base::chance::Random;
use crate::retry::seconds::{self, Seconds};

/// How many pieces the window is counted in.
const SLOTS: u64 = 10;

/// The longest a lease can last, for sends without a time limit.
pub(super) const LONGEST_LEASE: Duration = Duration::from_secs(60);

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerSettings {
    /// The share of failures that opens it, [counted](crate::hook::HookBuilder::gates) with and without a policy. 0.5.
    pub ratio: f64,
    /// The fewest sends that make a share. 20.
    pub min_calls: u32,
    /// How far back it looks, in seconds. 10 s, counted in tenths.
    #[serde(with = "seconds::duration")]
    pub window: Duration,
    /// How long it stays open, in seconds. 5 s.
    #[serde(with = "seconds::duration")]
    pub open: Duration,
    /// How much that varies by chance, up and down, so that clients do not probe together. 0.2 of it.
    pub jitter: f64,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            ratio: 0.5,
            min_calls: 20,
            window: Duration::from_secs(10),
            open: Duration::from_secs(5),
            jitter: 0.2,
        }
    }
}

/// What a send that was let through is to the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// One of many, let through in this period of being closed.
    Counted(u64),
    /// The one that finds out.
    Probe(u64),
}

#[derive(Debug)]
pub(super) struct Breaker {
    settings: BreakerSettings,
    /// The longest that it stays open, jitter included.
    longest_open: Duration,
    seed: u64,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    /// Numbers the periods of being closed and the probes, so that late news are told from fresh ones.
    serial: u64,
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed,
    Open { until: Timestamp },
    Probing { until: Timestamp },
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    number: u64,
    calls: u32,
    failures: u32,
}

impl Breaker {
    pub(super) fn new(settings: BreakerSettings, seed: u64) -> Self {
        let inner = Inner { state: State::Closed, serial: 0, slots: Vec::new() };
        let longest = settings.open.as_secs_f64() * (1.0 + settings.jitter);
        let longest_open = Seconds::new(longest).to_duration();
        Self { settings, longest_open, seed, inner: Mutex::new(inner) }
    }

    /// Whether a send at `now` would be refused.
    pub(super) fn refuses(&self, now: Timestamp) -> bool {
        match self.lock_at(now).state {
            State::Closed => false,
            State::Open { until } | State::Probing { until } => now < until,
        }
    }

    /// Lets a send through that ends within `limit`, or not.
    pub(super) fn admit(&self, limit: Duration, now: Timestamp) -> Option<Pass> {
        let mut inner = self.lock_at(now);
        match inner.state {
            State::Closed => Some(Pass::Counted(inner.serial)),
            State::Open { until } | State::Probing { until } if now < until => None,
            State::Open { .. } | State::Probing { .. } => {
                inner.state = State::Probing { until: now.after(limit) };
                inner.serial = inner.serial.wrapping_add(1);
                Some(Pass::Probe(inner.serial))
            }
        }
    }

    /// Takes note of how a send ended. News of an earlier period change nothing.
    pub(super) fn report(&self, pass: Pass, failed: bool, now: Timestamp) {
        let mut inner = self.lock();
        match (inner.state, pass) {
            (State::Closed, Pass::Counted(serial)) if serial == inner.serial => {
                let too_many = inner.count(&self.settings, failed, now);
                inner.state = if too_many { self.opened(now) } else { State::Closed };
            }
            (State::Probing { .. }, Pass::Probe(serial)) if serial == inner.serial => {
                inner.slots.clear();
                inner.serial = inner.serial.wrapping_add(1);
                inner.state = if failed { self.opened(now) } else { State::Closed };
            }
            _ => {}
        }
    }

    /// Returns a probe back that found out nothing: the next send may be it.
    pub(super) fn release(&self, pass: Pass) {
        let mut inner = self.lock();
        if let (State::Probing { .. }, Pass::Probe(serial)) = (inner.state, pass) {
            if serial == inner.serial {
                inner.state = State::Open { until: Timestamp::default() };
            }
        }
    }

    /// The moment is part of the seed: one breaker draws anew each time, two draw differently.
    fn opened(&self, now: Timestamp) -> State {
        let (seconds, nanos) = (now.since_epoch().as_secs(), now.since_epoch().subsec_nanos());
        let draw = Random::new(self.seed ^ seconds, nanos).draw();
        let factor = 1.0 + self.settings.jitter * (2.0 * draw - 1.0);
        let open_for = Seconds::new(self.settings.open.as_secs_f64() * factor).to_duration();
        State::Open { until: now.after(open_for) }
    }

    /// An end further ahead than any can be was told by another clock, or this one was set back since: it comes nearer, so
    /// that no jump closes the gate for longer than it closes anyway.
    fn lock_at(&self, now: Timestamp) -> MutexGuard<'_, Inner> {
        let mut inner = self.lock();
        match &mut inner.state {
            State::Closed => {}
            State::Open { until } => *until = (*until).min(now.after(self.longest_open)),
            State::Probing { until } => *until = (*until).min(now.after(LONGEST_LEASE)),
        }
        inner
    }

    /// A thread that panicked with the lock has left whole values behind: each change is one assignment.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Counts one send, and tells whether it is one failure too many.
    fn count(&mut self, settings: &BreakerSettings, failed: bool, now: Timestamp) -> bool {
        let number = slot_number(settings.window, now);
        self.slots
            .retain(|slot| slot.number <= number && number.saturating_sub(slot.number) < SLOTS);
        if self.slots.last().is_none_or(|slot| slot.number != number) {
            self.slots.push(Slot { number, ..Slot::default() });
        }
        if let Some(slot) = self.slots.last_mut() {
            slot.calls = slot.calls.saturating_add(1);
            slot.failures = slot.failures.saturating_add(u32::from(failed));
        }
        let (calls, failures) =
            self.slots.iter().fold((0_u32, 0_u32), |(calls, failures), slot| {
                (calls.saturating_add(slot.calls), failures.saturating_add(slot.failures))
            });
        failed
            && calls >= settings.min_calls
            && f64::from(failures) >= settings.ratio * f64::from(calls)
    }
}

fn slot_number(window: Duration, now: Timestamp) -> u64 {
    let width = window.as_nanos().checked_div(u128::from(SLOTS)).unwrap_or_default().max(1);
    let number = now.since_epoch().as_nanos().checked_div(width).unwrap_or_default();
    u64::try_from(number).unwrap_or(u64::MAX)
}
