//! The figures as a table.

use std::fmt::Write as _;
use std::time::Duration;

use super::compare::{CROWDS, Column, Comparison, Worst};

/// The widest name that is shown in full.
const NAME: usize = 22;

type Show = fn(&Worst) -> String;

/// Lays the figures out for people.
pub(super) fn text(found: &Comparison) -> String {
    let mut text = String::new();
    if !found.columns.is_empty() {
        outages(found, &mut text);
    }
    if !found.contention.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        contention(found, &mut text);
    }
    text
}

fn outages(found: &Comparison, text: &mut String) {
    let (mut head, mut units) = (name(""), name("strategy"));
    for column in &found.columns {
        let figures = figures(column, found.runs);
        let _ = write!(head, "  {:<1$}", column.title, figures.len() * 10 - 2);
        for (unit, _) in figures {
            let _ = write!(units, "  {unit:>8}");
        }
    }
    let _ = writeln!(text, "{}\n{units}", head.trim_end());
    for (index, strategy) in found.names.iter().enumerate() {
        let mut row = name(strategy);
        for column in &found.columns {
            for (_, show) in figures(column, found.runs) {
                let _ =
                    write!(row, "  {:>8}", column.found.get(index).map(show).unwrap_or_default());
            }
        }
        let _ = writeln!(text, "{row}");
    }
    let seeds = match found.runs {
        1 => format!("seed {}", found.seed),
        runs => format!("the worst of {runs} seeds from {} on", found.seed),
    };
    let _ = writeln!(
        text,
        "\n{seeds}; recovery in seconds\nthe default has to keep: A1 amp 0.10, A2 amp 0.20, A3 success 0.99, B recovery 10 s"
    );
}

/// Tells what is worth telling of an experiment.
fn figures(column: &Column, runs: u32) -> Vec<(&'static str, Show)> {
    let amp: (&str, Show) = ("amp", |worst| format!("{:.3}", worst.amp));
    let peak: (&str, Show) = ("peak", |worst| format!("{:.1}", worst.peak));
    let success: (&str, Show) = ("success", |worst| format!("{:.4}", worst.success));
    let mean: (&str, Show) = ("mean", |worst| format!("{:.4}", worst.mean));
    let recovery: (&str, Show) = ("recovery", |worst| {
        worst.recovery.as_ref().map(Duration::as_secs).map_or("never".to_owned(), |s| s.to_string())
    });
    match column.key {
        "a1" | "a2" => vec![amp, peak, success],
        "b" => vec![peak, recovery],
        _ if runs > 1 => vec![success, mean],
        _ => vec![success],
    }
}

fn contention(found: &Comparison, text: &mut String) {
    let (mut head, mut units) = (name("C: clients"), name("wait"));
    for clients in CROWDS {
        let _ = write!(head, "  {clients:<15}");
        let _ = write!(units, "  {:>7}{:>8}", "writes", "s");
    }
    let _ = writeln!(text, "{}\n{units}", head.trim_end());
    for (wait, rows) in &found.contention {
        let mut row = name(wait);
        for one in rows {
            let _ = write!(row, "  {:>7.0}{:>8.2}", one.calls, one.seconds);
        }
        let _ = writeln!(text, "{row}");
    }
    let _ =
        writeln!(text, "\nmean of 20 runs; all but the default begin with 10 ms and end with 2 s");
}

fn name(text: &str) -> String {
    let short: String = text.chars().take(NAME).collect();
    format!("{short:<NAME$}")
}
