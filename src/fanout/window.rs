//! The sends that began under one limit, and how long they took.

use crate::base::size;

/// The fewest sends of a window, and the most that are kept.
const FEW: usize = 8;
const MANY: usize = 1_024;
/// A window of a low limit may have that many sends though each slot has done its share.
const ENOUGH: usize = 128;
/// A send counts as no longer than so many times the median.
const FAR: u64 = 3;

/// What is known of a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Took {
    Open,
    /// It says nothing.
    Nothing,
    /// In microseconds.
    After(u64),
}

/// The sends that began under one limit, in their order.
#[derive(Debug, Default)]
pub(super) struct Window {
    sends: Vec<Took>,
    begun: usize,
    ended: usize,
    /// How many of the first have ended.
    whole: usize,
    /// The most that were under way.
    under_way: u64,
}

/// How well a window has to be known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// The limit that it is of.
    pub(super) limit: u64,
    /// How far off the mean may be, in thousandths.
    pub(super) error: u64,
    /// How many sends of each slot are waited for at most.
    pub(super) each: usize,
    /// What is surely longer than this, in microseconds, is known well enough.
    pub(super) enough: u64,
}

/// How long the sends of a window took, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mean {
    pub(super) took: u64,
    /// That less its error.
    pub(super) at_least: u64,
    pub(super) count: u64,
}

impl Window {
    /// Takes note of a send; returns its place.
    pub(super) fn begin(&mut self, under_way: u64) -> usize {
        let place = self.begun;
        self.begun = place.saturating_add(1);
        if place < MANY {
            self.sends.push(Took::Open);
        }
        self.under_way = self.under_way.max(under_way);
        place
    }

    pub(super) fn end(&mut self, place: usize, took: Took) {
        self.ended = self.ended.saturating_add(1);
        if let Some(send) = self.sends.get_mut(place) {
            *send = took;
        }
    }

    /// Whether three quarters of the limit were under way at once. At other times there may be few: where all end together, say.
    pub(super) fn is_used(&self, limit: u64) -> bool {
        self.under_way.saturating_mul(4) >= limit.saturating_mul(3)
    }

    /// Returns the mean, once it is known well enough, or cannot be known better in time.
    pub(super) fn mean(&mut self, wanted: Wanted) -> Option<Mean> {
        let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
        let least = limit.clamp(FEW, MANY);
        let most = limit.saturating_mul(wanted.each).min(ENOUGH);
        let most = most.max(limit.saturating_mul(8).min(MANY));
        if !self.moves_on(least, most) {
            return None;
        }
        let took = |send: &Took| match send {
            Took::After(took) => Some(*took),
            Took::Open | Took::Nothing => None,
        };
        let mut sorted: Vec<u64> = self.sends.iter().take(self.whole).filter_map(took).collect();
        sorted.sort_unstable();
        // One that takes far longer than the others says little about them.
        let far = sorted.get(sorted.len() / 2)?.saturating_mul(FAR);
        let count = u128::from(size(sorted.len()));
        let sends = || sorted.iter().map(|took| u128::from(*took.min(&far)));
        let over = |sum: u128, by: u128| sum.checked_div(by).unwrap_or_default();
        let mean = over(sends().fold(0, u128::saturating_add), count);
        let squares = sends().map(|took| took.abs_diff(mean).saturating_pow(2));
        let squares = squares.fold(0, u128::saturating_add);
        // The variance of the mean is that of the sends, over their count.
        let error = over(over(squares, count), count).isqrt();
        let may_be = mean.saturating_mul(u128::from(wanted.error)) / 1_000;
        let surely = mean.saturating_sub(error.saturating_mul(3));
        let is_known = error <= may_be || surely > u128::from(wanted.enough);
        let whole = |micros: u128| u64::try_from(micros).unwrap_or(u64::MAX);
        (is_known || self.whole >= most).then(|| Mean {
            took: whole(mean),
            at_least: whole(mean.saturating_sub(error)),
            count: whole(count),
        })
    }

    /// Goes on to the first send that has not ended; tells whether there are enough to look at. Those that began first are looked at, not those
    /// that ended first: the short ones would be among them.
    fn moves_on(&mut self, least: usize, most: usize) -> bool {
        let mut is_due = false;
        while self.whole < most {
            let patience = self.whole.max(least).saturating_mul(2);
            let Some(send) = self.sends.get_mut(self.whole) else { break };
            if *send == Took::Open {
                if self.ended < patience {
                    break;
                }
                // Twice as many have ended: it takes far longer than the others.
                *send = Took::After(u64::MAX);
            }
            self.whole = self.whole.saturating_add(1);
            is_due |= self.whole.checked_rem(least) == Some(0) || self.whole >= most;
        }
        is_due
    }
}
