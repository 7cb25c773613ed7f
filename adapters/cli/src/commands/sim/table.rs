//! The figures as a table.

use std::fmt::Write as _;
use std::time::Duration;

use super::compare::{CROWDS, Column, Comparison, Worst};
use super::limits;
use crate::screen;

/// The widest name that is shown in full.
const NAME: usize = 20;
/// How wide a figure of an outage is, with the blanks before it.
const FIGURE: usize = 10;
/// The widest line.
const WIDTH: usize = 80;

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
    if !found.limits.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        limits::table(&found.limits, &seeds(found), &mut text);
    }
    text
}

fn outages(found: &Comparison, text: &mut String) {
    let mut left = found.columns.as_slice();
    while !left.is_empty() {
        let (mut used, mut fit) = (NAME, 0);
        for column in left {
            used += figures(column, found.runs).len() * FIGURE;
            if used > WIDTH && fit > 0 {
                break;
            }
            fit += 1;
        }
        let (now, later) = left.split_at(fit);
        block(found, now, text);
        text.push('\n');
        left = later;
    }
    remark(text, WIDTH, &format!("{}; recovery in seconds", seeds(found)));
    remark(
        text,
        // Before the last of them.
        68,
        "the default has to keep: A1 amp 0.10, A2 amp 0.20, A3 success 0.99, B recovery 10 s",
    );
}

/// Tells which seeds were tried.
fn seeds(found: &Comparison) -> String {
    match found.runs {
        1 => format!("seed {}", found.seed),
        runs => format!("the worst of {runs} seeds from {} on", found.seed),
    }
}

/// Some experiments beside each other.
fn block(found: &Comparison, columns: &[Column], text: &mut String) {
    let (mut head, mut units) = (name(""), name("strategy"));
    for column in columns {
        let figures = figures(column, found.runs);
        let _ = write!(head, "  {:<1$}", column.title, figures.len() * FIGURE - 2);
        for (unit, _) in figures {
            let _ = write!(units, "  {unit:>8}");
        }
    }
    let _ = writeln!(text, "{}\n{units}", head.trim_end());
    for (index, strategy) in found.names.iter().enumerate() {
        let mut row = name(strategy);
        for column in columns {
            for (_, show) in figures(column, found.runs) {
                let _ =
                    write!(row, "  {:>8}", column.found.get(index).map(show).unwrap_or_default());
            }
        }
        let _ = writeln!(text, "{row}");
    }
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
        let _ = write!(head, "  {clients:<13}");
        let _ = write!(units, "  {:>6}{:>7}", "writes", "s");
    }
    let _ = writeln!(text, "{}\n{units}", head.trim_end());
    for (wait, rows) in &found.contention {
        let mut row = name(wait);
        for one in rows {
            let _ = write!(row, "  {:>6.0}{:>7.2}", one.calls, one.seconds);
        }
        let _ = writeln!(text, "{row}");
    }
    text.push('\n');
    remark(text, WIDTH, "mean of 20 runs; all but the default begin with 10 ms and end with 2 s");
}

/// Adds a sentence below a table.
fn remark(text: &mut String, widest: usize, says: &str) {
    let _ = writeln!(text, "{}", screen::wrap(says, screen::result_width().min(widest), 2));
}

fn name(text: &str) -> String {
    let short: String = text.chars().take(NAME).collect();
    format!("{short:<NAME$}")
}

#[cfg(test)]
mod tests {
    use http_hook_sim::{Contention, Series};

    use super::super::compare::{CROWDS, Column, Comparison, Worst, experiments};
    use super::super::limits;
    use super::text;

    /// The longest figures that there are.
    fn comparison(runs: u32) -> Comparison {
        let worst = || Worst {
            amp: 99.999,
            peak: 9_999.9,
            success: 1.0,
            mean: 1.0,
            recovery: None,
            series: Series::default(),
        };
        let columns = experiments().map(|(_, key, title, words, experiment)| {
            let found = vec![worst(), worst()];
            Column { key, title, words, experiment, found }
        });
        let names = vec!["bucket 500 (AWS 2.1)".to_owned(), "a file with a long name".to_owned()];
        let most = Contention { calls: 99_999.0, seconds: 999.99, lost: 190.0 };
        let contention = names.iter().map(|name| (name.clone(), vec![most; CROWDS.len()]));
        let contention = contention.collect();
        let limits = limits::longest();
        Comparison { seed: u64::MAX, runs, names, columns: columns.into(), contention, limits }
    }

    #[test]
    fn tables_fit_80_columns() {
        for runs in [1, 100] {
            let text = text(&comparison(runs));
            for title in
                ["A1", "A2", "A3", "A3, 50 %", "B", "C: clients", "D: server", "(AWS 2.1) "]
            {
                assert!(text.contains(title), "{title}: {text}");
            }
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{line}");
            }
        }
    }
}
