//! What can be said of a simulation.

use std::path::PathBuf;

use clap::ValueEnum;

use super::whole;

const SIM_EXAMPLES: &str = "\
Experiments:
  c    n clients read one row and write it if unchanged: writes, and seconds until all are done, by the wait
  a1   100 requests a second; every attempt fails at once from 60 to 120 s; one client
  a2   the same load from 20 clients, each with gates of its own
  a3   one client; 30 % of the attempts fail from 60 to 120 s (and a column for 50 %)
  b    280 requests a second on a server of 300, which stalls from 60 to 70 s; clients wait 1 s
  d    many calls at once to a server that works on n requests, for 100 ms each: adaptive beside fixed limits

Figures:
  amp       attempts for each request while the server is at fault; under 1 if gates keep requests back
  peak      the most attempts in one second, as a multiple of the load
  success   the share of all requests of the run that succeed
  recovery  seconds after the stall until goodput stays at 95 % of the load

A policy file is `{\"policy\": {…}, \"gates\": {…}}`; what is absent is as in the default, null is no such gate:
  {\"policy\": {\"stop\": {\"type\": \"after_attempt\", \"max_attempts\": 5}}, \"gates\": {\"breaker\": null}}

Examples:
  http-hook sim --runs 10                  the usual policies, the worst of 10 runs
  http-hook sim mine.json --svg plot.svg   beside them one of yours, and a plot
  http-hook sim --million                  a million clients of one hook, one call each";

#[derive(clap::Args)]
#[command(after_help = SIM_EXAMPLES)]
pub(crate) struct Sim {
    /// Policy files to compare with the usual policies.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Which experiment to make.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) experiment: Which,

    /// Decides arrivals, faults and the clients' chance; the same seed gives the same figures.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u64>(0, u64::MAX))]
    pub(crate) seed: u64,

    /// How many seeds to try, from the first on; the table shows the worst figure of each.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u32>(1, 100))]
    pub(crate) runs: u32,

    /// Plots attempts and goodput a second, over time, into a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// How the figures are printed; the JSON has every second of the first run.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: SimFormat,

    /// Lets a million clients of one hook call once each in an outage of a minute, and tells time and memory.
    #[arg(long, conflicts_with_all = ["files", "experiment", "runs", "svg", "format"])]
    pub(crate) million: bool,
}

/// Which experiment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    /// All of them.
    #[default]
    All,
    /// Contention for one row.
    C,
    /// A total outage, seen by one client.
    A1,
    /// A total outage, seen by 20 clients.
    A2,
    /// A partial outage.
    A3,
    /// An overload.
    B,
    /// A server of unknown capacity.
    D,
}

/// How the figures of a simulation are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimFormat {
    /// As a table for people.
    #[default]
    Table,
    /// As JSON.
    Json,
}
