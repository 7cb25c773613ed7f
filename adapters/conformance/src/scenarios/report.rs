//! What came of comparing traces.

use std::fmt;

use super::limit::Limit;
use super::trace::Trace;

/// How many differences a panic shows in full.
const SHOWN: usize = 3;

/// A scenario whose trace is not the reference's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The seed of the scenario.
    pub seed: u64,
    /// The trace up to where it differs, then the reference (`-`) and the run (`+`).
    pub text: String,
}

/// What came of a run of all scenarios.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    client: &'static str,
    compared: usize,
    entries: usize,
    differences: Vec<Difference>,
    limits: Vec<Limit>,
    stale: Vec<Limit>,
}

impl Report {
    pub(super) fn new(client: &'static str, limits: &[Limit]) -> Self {
        let (differences, limits, stale) = (Vec::new(), limits.to_vec(), Vec::new());
        Self { client, compared: 0, entries: 0, differences, limits, stale }
    }

    /// Notes whether a limit was seen to hold.
    pub(super) fn limit(&mut self, limit: &Limit, holds: bool) {
        if !holds {
            self.stale.push(*limit);
        }
    }

    pub(super) fn compare(&mut self, seed: u64, trace: &Trace, reference: &Trace) {
        self.compared += 1;
        self.entries += reference.entries().len();
        let text = trace.leaves(reference);
        self.differences.extend(text.map(|text| Difference { seed, text }));
    }

    /// Gives the scenarios whose traces differ.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// Gives the limits that are no longer true.
    #[must_use]
    pub fn stale(&self) -> &[Limit] {
        &self.stale
    }

    /// Panics with the first differences, if there is any.
    ///
    /// # Panics
    ///
    /// If a trace is not the reference's, or a limit is no longer true.
    pub fn assert_clean(&self) {
        assert!(self.stale.is_empty(), "{self}\nno longer true: {:?}", self.stale);
        let first = self.differences.iter().take(SHOWN);
        let shown: Vec<String> =
            first.map(|one| format!("scenario {}\n{}", one.seed, one.text)).collect();
        assert!(shown.is_empty(), "{self}\n{}", shown.concat());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, compared, entries, differences, .. } = self;
        write!(f, "{client}: {compared} scenarios, {entries} entries, ")?;
        write!(f, "{} with another trace", differences.len())?;
        if !differences.is_empty() {
            let seeds: Vec<String> = differences.iter().map(|one| one.seed.to_string()).collect();
            write!(f, ": {}", seeds.join(", "))?;
        }
        let mut limits = self.limits.iter();
        limits.try_for_each(|limit| write!(f, "\nwithout {:?}: {}", limit.oddity, limit.reason))
    }
}
