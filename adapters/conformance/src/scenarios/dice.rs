//! Chance for the generator: one stream of numbers from one seed.

use std::time::Duration;

use http_hook::retry::Random;

/// Throws of a seed.
pub(super) struct Dice(Random);

impl Dice {
    /// Makes the stream of a seed. Another `stream` of the same seed gives other numbers.
    pub(super) const fn new(seed: u64, stream: u32) -> Self {
        Self(Random::new(seed, stream))
    }

    /// Gives 64 bits.
    pub(super) const fn bits(&mut self) -> u64 {
        self.0.bits()
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(super) const fn percent(&mut self, percent: u64) -> bool {
        self.bits() % 100 < percent
    }

    /// Gives a number from `from` up to and with `to`.
    pub(super) const fn within(&mut self, from: u64, to: u64) -> u64 {
        from + self.bits() % (to - from + 1)
    }

    /// Gives one of several.
    pub(super) fn one<T: Clone>(&mut self, all: &[T]) -> T {
        let index = usize::try_from(self.bits() % all.len() as u64).unwrap_or_default();
        all[index].clone()
    }

    /// Gives one of several, each as often as its number says.
    pub(super) fn weighted<T: Copy>(&mut self, all: &[(u64, T)]) -> T {
        let sum: u64 = all.iter().map(|(weight, _)| weight).sum();
        let mut at = self.bits() % sum;
        for (weight, value) in all {
            if at < *weight {
                return *value;
            }
            at -= weight;
        }
        all[0].1
    }

    /// Gives one of several times, in milliseconds.
    pub(super) fn millis(&mut self, all: &[u64]) -> Duration {
        Duration::from_millis(self.one(all))
    }
}
