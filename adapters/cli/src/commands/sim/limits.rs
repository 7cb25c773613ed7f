//! D: what a fan-out finds out of its server, beside fixed limits.

use std::fmt::Write as _;
use std::time::Duration;

use http_hook::Error;
use http_hook_sim::{Capacity, Limit, Server, capacity};
use serde_json::{Value, json};

/// The most that the adaptive one may have under way.
const MOST: usize = 1_000;
const SERVERS: [(&str, Server); 4] = [
    ("queue", Server::Queue),
    ("rate", Server::Rate),
    ("halves", Server::Halves),
    ("noisy", Server::Noisy),
];
/// How many requests a server works on at once.
const AT_ONCE: [u32; 3] = [4, 16, 64];
/// Makes a limit for a server that works on so many requests at once.
type Make = fn(u32) -> Limit;

/// The limits, by their names.
const LIMITS: [(&str, Make); 4] = [
    ("adaptive", |_| Limit::Adaptive(MOST)),
    ("fixed 8", |_| Limit::Fixed(8)),
    ("fixed 64", |_| Limit::Fixed(64)),
    ("fixed n", |at_once| Limit::Fixed(usize::try_from(at_once).unwrap_or(MOST))),
];

/// The worst of all runs, for one server.
pub(super) struct Row {
    server: &'static str,
    at_once: u32,
    /// One for each of the limits.
    found: Vec<Capacity>,
}

/// Makes all runs.
pub(super) fn compare(seed: u64, runs: u32) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for (name, server) in SERVERS {
        for at_once in AT_ONCE {
            let find = |(_, limit): &(_, Make)| {
                let mut worst = capacity(server, at_once, limit(at_once), seed)?;
                for run in 1..runs {
                    let seed = seed.wrapping_add(u64::from(run));
                    worst = worse(worst, capacity(server, at_once, limit(at_once), seed)?);
                }
                Ok(worst)
            };
            let found = LIMITS.iter().map(find).collect::<Result<_, Error>>()?;
            rows.push(Row { server: name, at_once, found });
        }
    }
    Ok(rows)
}

fn worse(one: Capacity, other: Capacity) -> Capacity {
    Capacity {
        reached: one.reached.zip(other.reached).map(|(one, other)| one.max(other)),
        over: one.over.max(other.over),
        throughput: one.throughput.min(other.throughput),
        failed: one.failed.max(other.failed),
    }
}

/// Lays the figures out for people.
pub(super) fn table(rows: &[Row], seeds: &str, text: &mut String) {
    let (mut head, mut units) = (format!("{:<11}", "D: server"), format!("{:<7}{:>4}", "", "n"));
    for (place, (name, _)) in LIMITS.iter().enumerate() {
        let _ = write!(head, "  {name:<0$}", if place == 0 { 25 } else { 11 });
        let times = if place == 0 { "   90 %   over" } else { "" };
        let _ = write!(units, "{times}  {:>5}{:>6}", "share", "fails");
    }
    let _ = writeln!(text, "{}\n{}", head.trim_end(), units);
    for row in rows {
        let mut line = format!("{:<7}{:>4}", row.server, row.at_once);
        for (place, one) in row.found.iter().enumerate() {
            if place == 0 {
                let reached = one.reached.as_ref().map(Duration::as_secs);
                let reached = reached.map_or("never".to_owned(), |reached| reached.to_string());
                let _ = write!(line, "  {reached:>5}{:>7.1}", one.over.as_secs_f64());
            }
            let _ = write!(line, "  {:>5.2}{:>6.3}", one.throughput, one.failed);
        }
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(
        text,
        "\n{seeds}\nshare of what the server can do; seconds to 90 % of it, and with more than 1.2 n\n\
         under way; adaptive has to keep: 90 % within 30 s, over 5 s"
    );
}

/// The same as data.
pub(super) fn json(rows: &[Row]) -> Value {
    let row = |row: &Row| -> Vec<Value> {
        let one = |((name, _), one): (&(&str, _), &Capacity)| {
            json!({
                "server": row.server, "at_once": row.at_once, "limit": name,
                "reached_s": one.reached.map(|time| time.as_secs()), "over_s": one.over.as_secs_f64(),
                "share": one.throughput, "failed": one.failed,
            })
        };
        LIMITS.iter().zip(&row.found).map(one).collect()
    };
    rows.iter().flat_map(row).collect()
}

#[cfg(test)]
pub(super) fn longest() -> Vec<Row> {
    let one =
        Capacity { reached: None, over: Duration::from_secs(120), throughput: 1.0, failed: 1.0 };
    vec![Row { server: "halves", at_once: 1_000, found: vec![one; LIMITS.len()] }]
}
