//! The experiments that are asked for, each with all that are compared.

use std::time::Duration;

use http_hook::Error;
use http_hook::RetryPolicy;
use http_hook::retry::Wait;
use http_hook_sim::{Contention, Experiment, Series, Strategy, contention};

use super::limits;
use crate::args::Which;

/// How many clients contend for one row.
pub(super) const CROWDS: [u32; 4] = [10, 50, 100, 190];
/// Runs that the figures of contention are the mean of.
const RUNS: u32 = 20;

/// What takes part under a name.
pub(super) struct Contender {
    pub(super) name: String,
    pub(super) strategy: Strategy,
    /// Whether it comes from a file.
    pub(super) own: bool,
}

/// All that was found.
pub(super) struct Comparison {
    pub(super) seed: u64,
    pub(super) runs: u32,
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<Column>,
    pub(super) contention: Vec<(String, Vec<Contention>)>,
    pub(super) limits: Vec<limits::Row>,
}

/// One experiment, with what was found for each name.
pub(super) struct Column {
    /// Its name in JSON.
    pub(super) key: &'static str,
    /// Its name in the table.
    pub(super) title: &'static str,
    /// What happens, in a few words; none: not worth a plot.
    pub(super) words: Option<&'static str>,
    pub(super) experiment: Experiment,
    pub(super) found: Vec<Worst>,
}

/// The worst figures of all runs, one mean, and what happened in the first run.
pub(super) struct Worst {
    pub(super) amp: f64,
    pub(super) peak: f64,
    pub(super) success: f64,
    /// The mean of the success of all runs.
    pub(super) mean: f64,
    pub(super) recovery: Option<Duration>,
    pub(super) series: Series,
}

impl Comparison {
    pub(super) fn new(
        which: Which,
        contenders: Vec<Contender>,
        seed: u64,
        runs: u32,
    ) -> Result<Self, Error> {
        let all = which == Which::All;
        let contention =
            if all || which == Which::C { contend(&contenders, seed)? } else { Vec::new() };
        let limits =
            if all || which == Which::D { limits::compare(seed, runs)? } else { Vec::new() };
        let mut columns = Vec::new();
        for (of, key, title, words, experiment) in experiments() {
            if all || which == of {
                let find = |one: &Contender| worst(experiment, &one.strategy, seed, runs);
                let found = contenders.iter().map(find).collect::<Result<_, _>>()?;
                columns.push(Column { key, title, words, experiment, found });
            }
        }
        let names = contenders.into_iter().map(|one| one.name).collect();
        Ok(Self { seed, runs, names, columns, contention, limits })
    }
}

pub(super) type Row = (Which, &'static str, &'static str, Option<&'static str>, Experiment);

pub(super) fn experiments() -> [Row; 5] {
    let a1 = "A1: total outage, one client with 100/s";
    let a2 = "A2: total outage, 20 clients with 5/s each";
    let a3 = "A3: 30 % of the attempts fail, one client with 100/s";
    let b = "B: 280/s on a server of 300/s, which stalls for 10 s";
    [
        (Which::A1, "a1", "A1", Some(a1), Experiment::A1),
        (Which::A2, "a2", "A2", Some(a2), Experiment::A2),
        (Which::A3, "a3", "A3", Some(a3), Experiment::A3),
        (Which::A3, "a3_half", "A3, 50 %", None, Experiment::partial(0.5)),
        (Which::B, "b", "B", Some(b), Experiment::B),
    ]
}

fn worst(
    experiment: Experiment,
    strategy: &Strategy,
    seed: u64,
    runs: u32,
) -> Result<Worst, Error> {
    let first = experiment.run(strategy, seed)?;
    let mut worst = Worst {
        amp: first.amp,
        peak: first.peak,
        success: first.success,
        mean: first.success / f64::from(runs),
        recovery: first.recovery,
        series: first.series,
    };
    for run in 1..runs {
        let next = experiment.run(strategy, seed.wrapping_add(u64::from(run)))?;
        worst.amp = worst.amp.max(next.amp);
        worst.peak = worst.peak.max(next.peak);
        worst.success = worst.success.min(next.success);
        worst.mean += next.success / f64::from(runs);
        worst.recovery = worst.recovery.zip(next.recovery).map(|(one, other)| one.max(other));
    }
    Ok(worst)
}

/// The waits that everybody knows, the default, and those of the files.
fn contend(contenders: &[Contender], seed: u64) -> Result<Vec<(String, Vec<Contention>)>, Error> {
    let (base, cap) = (Duration::from_millis(10), Duration::from_secs(2));
    let decorrelated = Wait::DecorrelatedJitter { base: (base / 2).into(), cap: cap.into() };
    let known = [
        ("none", Wait::None),
        ("exponential", Wait::exponential(base, cap)),
        ("equal jitter", Wait::EqualJitter { base: base.into(), cap: cap.into() }),
        ("full jitter", Wait::full_jitter(base, cap)),
        ("decorrelated jitter", decorrelated),
        ("default", RetryPolicy::default().wait),
    ];
    let own = contenders.iter().filter(|one| one.own);
    known
        .into_iter()
        .map(|(name, wait)| (name.to_owned(), wait))
        .chain(own.map(|one| (one.name.clone(), one.strategy.policy.wait.clone())))
        .map(|(name, wait)| {
            let found = CROWDS.into_iter().map(|clients| contention(&wait, clients, RUNS, seed));
            Ok((name, found.collect::<Result<_, _>>()?))
        })
        .collect()
}
