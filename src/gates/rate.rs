//! The rate limit: so many sends a second, and no more than a burst at once.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;
use crate::retry::seconds::Seconds;

/// The longest wait that is handed out: a caller that comes back then finds out anew.
const LONGEST: Duration = Duration::from_secs(60);

/// How many sends are remembered that may yet be found to be none. Older ones are not given back.
const MOST_OPEN: usize = 1_000;

/// How many sends a rate limit lets through: those that begin an attempt, and those for a token to the same origin.
///
/// What goes on within an attempt is not counted: a redirect that is followed, a challenge that is answered. A server that redirects
/// each call gets up to [`max_redirects`](crate::Options::max_redirects) more. For a stricter limit switch redirects off.
///
/// Who waits is told a time of its own, in the order in which they ask. A call that is [stored](crate::Call::store) and dropped while it
/// waits gives its time up, to whoever asks next: nothing that is read from a store counts for a place in the line. Taken up, even at once and
/// by the same process, it asks anew when it is due: it is sent if there is room by then, else it joins the end of the line. Where many wait all
/// the time, keep calls in memory while they wait for the rate limit, or give them a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateSettings {
    /// Attempts a second, over time. 10.
    pub per_second: f64,
    /// Attempts at once, after a rest. 10; 0 is 1.
    pub burst: u32,
}

impl Default for RateSettings {
    fn default() -> Self {
        Self { per_second: 10.0, burst: 10 }
    }
}

/// The generic cell rate algorithm: one point in time holds all there is to know.
#[derive(Debug)]
pub(super) struct Rate {
    interval: Duration,
    tolerance: Duration,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// When the bucket will be full again.
    full_at: Timestamp,
    /// Up to when those who wait have been told different times to come back.
    promised: Timestamp,
    /// Times up to then that were given back: nobody comes at them.
    free: BTreeSet<Timestamp>,
    /// How many sends were taken note of.
    serial: u32,
    /// Those of which something has not grown back, in their order: of the first one what is left of it, of the others all.
    open: VecDeque<u32>,
    left_of_first: Duration,
}

/// A send that was taken note of: its number, which comes again after 2^32 others. Every call under way holds one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken(u32);

impl Rate {
    pub(super) fn new(settings: RateSettings) -> Self {
        let interval = Seconds::new(1.0 / settings.per_second).to_duration();
        let tolerance = interval.saturating_mul(settings.burst.saturating_sub(1));
        Self { interval, tolerance, inner: Mutex::default() }
    }

    /// Tells how long to wait before asking again, if there is no room at `now`.
    ///
    /// Those who wait are told times one interval apart, so that they do not come back together. A promise binds
    /// nobody: who never comes back and has not [given it back](Self::give_back) is missed until its time only.
    /// Whoever comes at its `turn` and finds that another one was late for the one before is the next one.
    pub(super) fn wait(&self, turn: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
        let mut inner = self.lock_at(now);
        let free_in = inner.full_at.since(now.after(self.tolerance));
        if free_in.is_zero() {
            return None;
        }
        let first = now.after(free_in);
        if turn.is_some_and(|turn| turn <= now && turn.after(self.interval) > first) {
            return Some(free_in);
        }
        let next = first.max(inner.promised.after(self.interval));
        inner.free = inner.free.split_off(&first);
        if inner.free.last().is_some_and(|last| *last > inner.promised) {
            // Told by another clock.
            let last = inner.promised;
            inner.free.retain(|at| *at <= last);
        }
        let at = if let Some(at) = inner.free.first().copied().filter(|at| *at < next) {
            inner.free.remove(&at);
            at
        } else {
            inner.promised = next.min(now.after(LONGEST.max(free_in)));
            inner.promised
        };
        Some(at.since(now))
    }

    /// Gives a time back that nobody will come at.
    #[cold]
    pub(super) fn give_back(&self, at: Timestamp) {
        self.lock().free.insert(at);
    }

    /// Takes note of a send.
    pub(super) fn take(&self, now: Timestamp) -> Taken {
        let mut inner = self.lock_at(now);
        inner.forget(self.interval, now);
        inner.serial = inner.serial.wrapping_add(1);
        let serial = inner.serial;
        if inner.open.is_empty() {
            inner.left_of_first = self.interval;
        }
        inner.open.push_back(serial);
        inner.full_at = inner.full_at.max(now).after(self.interval);
        Taken(serial)
    }

    /// Takes note that a send that was taken note of is none. Only what has not grown back by the last send is given back: others have
    /// had the rest.
    #[cold]
    pub(super) fn take_back(&self, taken: Taken) {
        let mut inner = self.lock();
        let Some(at) = inner.open.iter().position(|own| *own == taken.0) else { return };
        inner.open.remove(at);
        let mut left = self.interval;
        if at == 0 {
            left = std::mem::replace(&mut inner.left_of_first, left);
        }
        inner.full_at = inner.full_at.before(left);
    }

    /// When the bucket will be full again.
    #[cfg(test)]
    pub(super) fn full_at(&self) -> Timestamp {
        self.lock().full_at
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Times further ahead than any can be were told by another clock, or this one was set back since: they come nearer, so
    /// that no jump makes anybody wait for longer than a full bucket takes.
    fn lock_at(&self, now: Timestamp) -> MutexGuard<'_, Inner> {
        let mut inner = self.lock();
        inner.full_at = inner.full_at.min(now.after(self.tolerance).after(self.interval));
        inner.promised = inner.promised.min(now.after(LONGEST.max(self.interval)));
        inner
    }
}

impl Inner {
    /// Forgets of the oldest sends what has grown back by `now`: all that is open is part of what the bucket lacks.
    fn forget(&mut self, interval: Duration, now: Timestamp) {
        let behind = u32::try_from(self.open.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let all = self.left_of_first.saturating_add(interval.saturating_mul(behind));
        let mut grown = all.saturating_sub(self.full_at.since(now));
        while !self.open.is_empty() && (grown >= self.left_of_first || self.open.len() > MOST_OPEN)
        {
            grown = grown.saturating_sub(self.left_of_first);
            self.left_of_first = interval;
            self.open.pop_front();
        }
        self.left_of_first = self.left_of_first.saturating_sub(grown);
    }
}
