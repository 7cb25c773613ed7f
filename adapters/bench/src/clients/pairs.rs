//! Batches of both sides in turn, and the ratios of what they took.

use std::io;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

use super::load::Side;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// How often both sides are made anew: how a client's threads and memory happen to lie lasts as long as the client.
    pub rounds: usize,
    /// Pairs of batches in each.
    pub pairs: usize,
    /// About how long one batch takes.
    pub batch: Duration,
}

/// What a request of a batch took.
#[derive(Clone, Copy, Debug)]
struct Cost {
    cpu: f64,
    wall: f64,
}

/// What came out of one row under one load.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// What the hook is compared with.
    pub other: Rates,
    /// Through the hook.
    pub hook: Rates,
    /// CPU time of the hook as a part of the other's: quartiles over all pairs.
    pub ratio: [f64; 3],
}

/// Medians of one side.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Requests a second.
    pub requests: f64,
    /// User and system CPU seconds of this process for 100,000 requests.
    pub cpu: f64,
}

/// Measures batches of both sides in turn, each pair in the other order than the one before. `make` gives what the hook is compared with, and
/// the hook.
pub fn measure(mut make: impl FnMut() -> (Side, Side), in_flight: u64, extent: Extent) -> Outcome {
    let (mut others, mut hooks, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..extent.rounds {
        let (mut other, mut hook) = make();
        let requests = batch(&mut other, in_flight, extent);
        hook(requests);
        for pair in 0..extent.pairs {
            let (one, own);
            if pair % 2 == 0 {
                one = cost(&mut other, requests);
                own = cost(&mut hook, requests);
            } else {
                own = cost(&mut hook, requests);
                one = cost(&mut other, requests);
            }
            ratios.push(own.cpu / one.cpu);
            others.push(one);
            hooks.push(own);
        }
    }
    Outcome { other: rates(&others), hook: rates(&hooks), ratio: quartiles(ratios) }
}

/// Finds how many requests make a batch. The first few, which make connections and more, do not count.
fn batch(side: &mut Side, in_flight: u64, extent: Extent) -> u64 {
    let mut requests = 8 * in_flight;
    side(requests);
    loop {
        let took = cost(side, requests).wall * whole(requests);
        let part = took / extent.batch.as_secs_f64();
        if part > 0.5 {
            return requests;
        }
        requests *= 2;
    }
}

fn cost(side: &mut Side, requests: u64) -> Cost {
    let (cpu, wall) = (cpu_time(), Instant::now());
    side(requests);
    let wall = wall.elapsed();
    Cost {
        cpu: (cpu_time() - cpu).as_secs_f64() / whole(requests),
        wall: wall.as_secs_f64() / whole(requests),
    }
}

/// The CPUs that the process was given.
#[derive(Debug)]
pub struct Cpus {
    all: CpuSet,
    last: CpuSet,
}

impl Cpus {
    /// Asks the system.
    ///
    /// # Errors
    ///
    /// The system's error if it knows no such thing.
    pub fn new() -> io::Result<Self> {
        let all = sched_getaffinity(None)?;
        let last = (0..CpuSet::MAX_CPU).rev().find(|cpu| all.is_set(*cpu));
        let mut one = CpuSet::new();
        one.set(last.ok_or(io::ErrorKind::NotFound)?);
        Ok(Self { all, last: one })
    }

    /// Moves this thread, and the threads and processes that it starts from now on, to all of them or to one.
    ///
    /// # Errors
    ///
    /// The system's error if it does not do so.
    pub fn take(&self, all: bool) -> io::Result<()> {
        Ok(sched_setaffinity(None, if all { &self.all } else { &self.last })?)
    }

    /// Counts those that [`take`](Self::take) gives.
    #[must_use]
    pub fn count(&self, all: bool) -> u32 {
        if all { self.all.count() } else { 1 }
    }
}

/// What this process has used so far, in the kernel and outside, all threads together.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or(0), nanoseconds.unwrap_or(0))
}

fn rates(costs: &[Cost]) -> Rates {
    let [_, wall, _] = quartiles(costs.iter().map(|cost| cost.wall).collect());
    let [_, cpu, _] = quartiles(costs.iter().map(|cost| cost.cpu).collect());
    Rates { requests: 1.0 / wall, cpu: 100_000.0 * cpu }
}

fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn whole(requests: u64) -> f64 {
    requests as f64
}
