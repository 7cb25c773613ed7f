//! The figures as JSON, with every second of the first run.

use serde_json::{Map, Value, json};

use super::compare::{CROWDS, Comparison};
use super::limits;

/// The version of the JSON form; it changes when a field changes its meaning.
const SCHEMA: u32 = 1;

pub(super) fn text(found: &Comparison) -> String {
    let mut experiments = Map::new();
    for column in &found.columns {
        let fault = column.experiment.fault();
        let rows: Vec<Value> = found
            .names
            .iter()
            .zip(&column.found)
            .map(|(name, worst)| {
                json!({
                    "strategy": name,
                    "amp": worst.amp,
                    "peak": worst.peak,
                    "success": worst.success,
                    "mean_success": worst.mean,
                    "recovery_s": worst.recovery.map(|time| time.as_secs()),
                    "requests_per_s": worst.series.requests,
                    "attempts_per_s": worst.series.attempts,
                    "goodput_per_s": worst.series.good,
                })
            })
            .collect();
        let experiment = json!({ "fault_s": [fault.start, fault.end], "load_per_s": column.experiment.load(), "strategies": rows });
        experiments.insert(column.key.to_owned(), experiment);
    }
    if !found.contention.is_empty() {
        let rows = found.contention.iter().flat_map(|(wait, rows)| {
            CROWDS.iter().zip(rows).map(move |(clients, one)| {
                json!({ "wait": wait, "clients": clients, "writes": one.calls, "seconds": one.seconds, "lost": one.lost })
            })
        });
        experiments.insert("c".to_owned(), rows.collect());
    }
    if !found.limits.is_empty() {
        experiments.insert("d".to_owned(), limits::json(&found.limits));
    }
    let all = json!({ "schema": SCHEMA, "seed": found.seed, "runs": found.runs, "experiments": experiments });
    format!("{all}\n")
}
