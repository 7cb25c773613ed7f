//! What a run came to.

use std::ops::Range;
use std::time::Duration;

/// What happened, second by second, from the start of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// Calls that began.
    pub requests: Vec<u32>,
    /// Requests that reached the server.
    pub attempts: Vec<u32>,
    /// Calls that ended well: the goodput.
    pub good: Vec<u32>,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Attempts for each request while the fault lasts: under 1 if gates keep requests back.
    pub amp: f64,
    /// The most attempts in one second, from the fault's begin to 30 s after its end, as a multiple of the load.
    pub peak: f64,
    /// The share of all requests of the run that succeed.
    pub success: f64,
    /// How long after the fault it takes until 10 s in a row have 95 % of the load as goodput; `None`: never.
    ///
    /// It is for [`Experiment::B`](crate::Experiment::B): the load of the others varies too much by itself.
    pub recovery: Option<Duration>,
    /// What happened, second by second.
    pub series: Series,
}

impl Figures {
    /// Draws the figures from a run with a fault in these seconds, under this load a second.
    pub(crate) fn new(series: Series, fault: Range<u32>, load: f64) -> Self {
        let fault = index(fault.start)..index(fault.end);
        let all = 0..usize::MAX;
        let around = fault.start..fault.end.saturating_add(30);
        let peak = part(&series.attempts, &around).iter().copied().max().unwrap_or_default();
        Self {
            amp: sum(&series.attempts, &fault) / sum(&series.requests, &fault).max(1.0),
            peak: f64::from(peak) / load,
            success: sum(&series.good, &all) / sum(&series.requests, &all).max(1.0),
            recovery: recovery(&series.good, fault.end, 0.95 * load),
            series,
        }
    }
}

/// Counts one more in the second of `at`.
pub(crate) fn count(counts: &mut Vec<u32>, at: Duration) {
    let second = usize::try_from(at.as_secs()).unwrap_or(usize::MAX);
    // The world ends after some minutes: what comes later is nowhere.
    if second < 3_600 && counts.len() <= second {
        counts.resize(second + 1, 0);
    }
    if let Some(count) = counts.get_mut(second) {
        *count = count.saturating_add(1);
    }
}

/// Sums up some seconds.
pub(crate) fn sum(counts: &[u32], seconds: &Range<usize>) -> f64 {
    // Not `sum`: of nothing it is -0.
    part(counts, seconds).iter().fold(0.0, |sum, count| sum + f64::from(*count))
}

fn part<'a>(counts: &'a [u32], seconds: &Range<usize>) -> &'a [u32] {
    let end = seconds.end.min(counts.len());
    counts.get(seconds.start..end).unwrap_or_default()
}

fn index(second: u32) -> usize {
    usize::try_from(second).unwrap_or(usize::MAX)
}

fn recovery(good: &[u32], from: usize, wanted: f64) -> Option<Duration> {
    let mut rows = good.get(from..)?.windows(10);
    let second = rows.position(|ten| ten.iter().all(|count| f64::from(*count) >= wanted))?;
    Some(Duration::from_secs(u64::try_from(second).ok()?))
}
