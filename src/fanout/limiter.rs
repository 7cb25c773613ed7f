//! How many calls may be under way, by how long the server takes and by whether it says that it is too much.
//!
//! ```text
//! sends of a window ──▶ their mean, beside the base ──▶ no queue: more, and ever more; a queue: less by its share ──▶ limit
//! 429, 503, 504, a time limit ────────────────────────▶ once a round trip: four fifths ─────────────────────────────▲
//! ```
//!
//! The base is how long a send takes that waits for no other. It is measured under a lower limit now and then. This reads no clock:
//! a window is some sends that began under the same limit. All numbers are whole, so that they are the same everywhere.

use std::time::Duration;

use super::window::{Mean, Took, Wanted, Window};
use crate::base::size;

/// One call, or the whole of anything. Limits and shares are in thousandths.
const ONE: u64 = 1_000;
/// How much longer than the base a window may take that has no queue, and one whose queue is as long as it may be.
const CLEAR: u64 = 1_030;
const QUEUE: u64 = 1_060;
/// How much more is tried at least while there is no queue, and near a limit that was too much.
const MORE: u64 = 100;
const CAREFUL: u64 = 10;
/// Shares and queues of lower limits than this are as large as its own.
const LOW: u64 = 2_500;
/// What is left of the limit when the server says that it is too much, and if that comes while it grows fast.
const CUT: u64 = 800;
const FAST_CUT: u64 = 500;
/// What is left of the limit while the base is measured, and if it grew fast.
const PROBE: u64 = 750;
const FAST_PROBE: u64 = 500;
/// After how many windows with a queue the base is measured.
const PROBE_AFTER: u32 = 12;
/// It is measured before the limit falls to less than that of one without a queue.
const FALL: u64 = 700;
/// For how many sends a base counts at most.
const WEIGHT: u64 = 512;

/// What came of a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// An answer, after so long.
    After(Duration),
    /// The server has too much to do.
    Overload,
    /// Nothing that says anything.
    Nothing,
}

/// What a send has to know when it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    /// How often the limit had changed.
    change: u64,
    place: usize,
}

/// How many calls may be under way.
#[derive(Debug)]
pub(super) struct Limiter {
    /// In thousandths, as all limits here.
    limit: u64,
    most: u64,
    under_way: u64,
    /// How often the limit has changed, and the change by the last overload.
    change: u64,
    cut: u64,
    window: Window,
    /// How long a send takes without a queue, in microseconds, and how many sends say so.
    base: Option<u64>,
    weight: u64,
    /// Windows with a queue since the base was measured.
    since: u32,
    /// How much more is tried next, and how many windows in a row had no queue.
    step: u64,
    clear: u32,
    /// The last limit that had no queue, and the last that was too much.
    known_at: u64,
    ceiling: Option<u64>,
    probing: Option<Probe>,
}

/// The base is being measured.
#[derive(Clone, Copy, Debug)]
struct Probe {
    /// The limit before, how long sends took under it, and how fast it grew.
    from: u64,
    seen: Mean,
    step: u64,
    /// Twice the limit of now, and how long sends took under it.
    prior: Option<(u64, u64)>,
}

impl Limiter {
    /// Begins with one call, and allows at most so many.
    pub(super) fn new(most: usize) -> Self {
        Self {
            limit: ONE,
            most: size(most.max(1)).saturating_mul(ONE),
            under_way: 0,
            change: 0,
            cut: 0,
            window: Window::default(),
            base: None,
            weight: 0,
            since: 0,
            step: ONE,
            clear: 1,
            known_at: ONE,
            ceiling: None,
            probing: None,
        }
    }

    /// Begins with a limit that was reached before, or a little less, as it may have had a queue.
    pub(super) fn reached_before(limit: usize, most: usize) -> Self {
        let mut limiter = Self::new(most);
        limiter.known_at = size(limit).saturating_mul(ONE).clamp(ONE, limiter.most);
        limiter.limit = part(limiter.known_at, PROBE).max(ONE);
        (limiter.step, limiter.clear) = (MORE, 0);
        limiter
    }

    /// Returns how many calls may be under way now.
    pub(super) fn allowed(&self) -> usize {
        usize::try_from(self.limit / ONE).unwrap_or(usize::MAX)
    }

    /// Returns the limit that was reached, also while the base is measured under a lower one.
    pub(super) fn reached(&self) -> usize {
        let limit = match self.probing {
            Some(probe) => probe.from,
            None if self.base.is_none() => self.known_at,
            None => self.limit,
        };
        usize::try_from(limit / ONE).unwrap_or(usize::MAX)
    }

    /// Takes note of a send.
    pub(super) fn begin(&mut self) -> Begun {
        self.under_way = self.under_way.saturating_add(1);
        Begun { change: self.change, place: self.window.begin(self.under_way) }
    }

    /// Takes note of what came of it.
    pub(super) fn end(&mut self, begun: Begun, came: Came) {
        self.under_way = self.under_way.saturating_sub(1);
        if came == Came::Overload && begun.change >= self.cut {
            return self.overload();
        }
        if begun.change != self.change {
            return;
        }
        let took = match came {
            Came::After(took) => {
                Took::After(u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1))
            }
            Came::Overload | Came::Nothing => Took::Nothing,
        };
        self.window.end(begun.place, took);
        if let Some(mean) = self.window.mean(self.wanted()) {
            self.weigh(mean);
        }
    }

    /// The smaller the next step is, the better it has to be known; the base best of all.
    fn wanted(&self) -> Wanted {
        let (error, each) = match self.probing {
            None if self.base.is_none() => (100, 32),
            None => ((self.step / 5).max(40), 16),
            Some(Probe { prior: Some(_), .. }) => (80, 16),
            Some(probe) if is_fast(probe.step) => (80, 24),
            Some(_) => (40, 48),
        };
        let enough = self.base.filter(|_| self.probing.is_none());
        let enough = enough.map_or(u64::MAX, |base| part(base, QUEUE));
        Wanted { limit: self.limit / ONE, error, each, enough }
    }

    fn weigh(&mut self, mean: Mean) {
        if let Some(probe) = self.probing.take() {
            return self.probed(probe, mean);
        }
        if self.limit < ONE.saturating_mul(2) && self.base.is_some() {
            // A single call waits for no other.
            self.measured(mean);
        }
        let is_used = self.window.is_used(self.limit / ONE);
        let base = *self.base.get_or_insert(mean.took);
        let ratio = ratio(mean.took, base);
        let step = self.step;
        if is_clear(ratio, step) {
            self.known_at = self.limit;
            if is_fast(step) || ratio < 850 {
                self.merge(mean);
            }
            if !is_used {
                return self.set(self.limit);
            }
            self.clear = self.clear.saturating_add(1);
            return self.grow(u64::MAX);
        }
        self.since = self.since.saturating_add(1);
        let next = with_a_queue(self.limit, mean.at_least, base);
        let is_noisy = mean.count > (self.limit / ONE).saturating_mul(4).max(32);
        let is_rough = is_noisy && self.weight < WEIGHT / 2;
        let is_old = self.since >= if is_rough { PROBE_AFTER / 3 } else { PROBE_AFTER };
        if next >= self.limit && !is_old {
            // So little of a queue that it is none for sure.
            self.step = (step / 2).max(MORE);
            self.clear = self.clear.saturating_sub(1);
            return if ratio > QUEUE || !is_used { self.set(self.limit) } else { self.grow(next) };
        }
        (self.step, self.clear) = (MORE, 0);
        if !is_fast(step) && !is_old && next >= part(self.known_at, FALL) {
            return self.set(next);
        }
        let probe = Probe { from: self.limit, seen: mean, step, prior: None };
        let share = if is_fast(step) { FAST_PROBE } else { PROBE };
        self.since = 0;
        self.set(part(next.min(self.limit), share));
        self.probing = Some(probe);
    }

    /// Takes what was measured under a lower limit. Where that is longer than it was, the server has become slower, or there still is a
    /// queue: then sends take less time under half of the limit.
    fn probed(&mut self, probe: Probe, mean: Mean) {
        let base = self.base.unwrap_or(mean.took);
        let is_longer = ratio(mean.at_least, base) > ONE.saturating_add(MORE);
        let is_same = probe.prior.is_some_and(|(_, took)| ratio(mean.took, took) >= 900);
        if is_longer && !is_same && self.limit >= ONE.saturating_mul(2) {
            let prior = Some((self.limit, mean.took));
            self.set(self.limit / 2);
            self.probing = Some(Probe { prior, ..probe });
            return;
        }
        self.measured(mean);
        let base = self.base.unwrap_or(mean.took);
        if is_clear(ratio(probe.seen.at_least, base), probe.step) {
            // It was no queue. Half as fast, so that this ends.
            self.step = (probe.step / 2).max(MORE);
            return self.set(probe.from);
        }
        let seen = with_a_queue(probe.from, probe.seen.took, base).min(probe.from);
        let prior = probe.prior.map(|(limit, took)| with_a_queue(limit, took, base));
        self.set(seen.min(prior.unwrap_or(seen)));
        self.known_at = self.limit;
    }

    /// Allows more: the longer there was no queue, the more; little near what was too much.
    fn grow(&mut self, at_most: u64) {
        self.ceiling = self.ceiling.filter(|ceiling| self.limit <= part(*ceiling, 1_100));
        let share = match self.ceiling {
            Some(ceiling) if self.limit >= part(ceiling, 900) => CAREFUL,
            Some(_) => MORE,
            None => {
                if self.clear >= 3 {
                    self.step = self.step.saturating_mul(2).min(ONE);
                }
                self.step
            }
        };
        let mut next = self.limit.saturating_add(part(self.limit.max(LOW), share)).min(at_most);
        if share <= MORE && self.limit < ONE.saturating_mul(10) {
            // To the next whole number, not past it.
            let whole = (self.limit / ONE).saturating_add(1);
            next = next.min(whole.saturating_mul(ONE));
        }
        self.set(next);
    }

    /// Takes a base that was measured: beside what was known if it is near that, else in its place.
    fn measured(&mut self, mean: Mean) {
        let is_near = self.base.is_some_and(|base| (770..=1_300).contains(&ratio(mean.took, base)));
        self.weight = if is_near { self.weight.min(mean.count.saturating_mul(3)) } else { 0 };
        self.merge(mean);
        self.since = 0;
    }

    fn merge(&mut self, mean: Mean) {
        let base = self.base.unwrap_or(mean.took).saturating_mul(self.weight);
        let sum = base.saturating_add(mean.took.saturating_mul(mean.count));
        let weight = self.weight.saturating_add(mean.count);
        self.base = sum.checked_div(weight).map(|base| base.max(1));
        self.weight = weight.min(WEIGHT);
    }

    fn overload(&mut self) {
        let reached = self.probing.take().map_or(self.limit, |probe| probe.from);
        let left = if is_fast(self.step) { FAST_CUT } else { CUT };
        (self.step, self.clear) = (MORE, 0);
        self.ceiling = Some(reached);
        self.set(part(reached, left));
        (self.cut, self.known_at) = (self.change, self.limit);
    }

    fn set(&mut self, limit: u64) {
        self.limit = limit.clamp(ONE, self.most);
        self.change = self.change.saturating_add(1);
        self.window = Window::default();
    }
}

/// Whether the limit grows faster than it does where it goes on as it is.
const fn is_fast(step: u64) -> bool {
    step > MORE.saturating_mul(2)
}

/// Whether a window has no queue; what grows fast would have a long one.
fn is_clear(ratio: u64, step: u64) -> bool {
    ratio <= if is_fast(step) { ONE.saturating_add((step / 4).max(200)) } else { CLEAR }
}

/// The limit whose queue is as long as it may be, by how long sends took under another.
fn with_a_queue(limit: u64, took: u64, base: u64) -> u64 {
    let without = limit.saturating_mul(base).checked_div(took).unwrap_or(limit);
    without.saturating_add(part(limit.max(LOW), QUEUE.saturating_sub(ONE)))
}

/// Thousandths of a number.
const fn part(of: u64, thousandths: u64) -> u64 {
    of.saturating_mul(thousandths) / ONE
}

/// One number in thousandths of the other.
fn ratio(one: u64, other: u64) -> u64 {
    one.saturating_mul(ONE).checked_div(other).unwrap_or(u64::MAX)
}
