//! A million clients: what they cost in time and memory.

use std::fmt::Write as _;
use std::fs;
use std::time::Instant;

use http_hook::Error;
use http_hook::gates::GateSettings;
use http_hook_sim::{Answers, Strategy, crowd};

const CLIENTS: u32 = 1_000_000;

/// Lets the crowd call, under gates and without, and at last so that all wait at once.
pub(super) fn run(seed: u64) -> Result<String, Error> {
    let gated = Strategy::default();
    let open = Strategy { gates: GateSettings::none(), ..Strategy::default() };
    let rows = [
        ("default gates", &gated, Answers::Busy),
        ("no gates", &open, Answers::Busy),
        ("no gates, Retry-After: 60", &open, Answers::InAMinute),
    ];
    let mut text = format!(
        "{CLIENTS} clients of one hook, one call each, spread over an outage of 60 s\n\n\
         {:<25}  {:>7}  {:>7}  {:>7}  {:>12}  {:>11}\n",
        "", "seconds", "sends", "succeed", "wait at once", "peak memory"
    );
    for (name, strategy, answers) in rows {
        let start = Instant::now();
        let crowd = crowd(strategy, CLIENTS, answers, seed)?;
        let seconds = start.elapsed().as_secs_f64();
        let (sends, good, waiting) = (crowd.sends, crowd.good, crowd.waiting);
        let _ = writeln!(
            text,
            "{name:<25}  {seconds:>7.2}  {sends:>7.0}  {good:>7.0}  {waiting:>12}  {:>11}",
            peak_memory().unwrap_or_else(|| "unknown".to_owned()),
        );
    }
    text.push_str("\npeak memory is that of the process so far\n");
    Ok(text)
}

/// Asks Linux for the most memory that was ever resident.
fn peak_memory() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(format!("{} MiB", kib / 1_024))
}
