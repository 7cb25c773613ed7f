//! The plot: for each experiment attempts a second on the left, goodput on the right, over time.

use std::fmt::Write as _;
use std::ops::Range;

use http_hook_sim::Experiment;

use super::compare::{Column, Comparison, Worst};

const WIDTH: f64 = 1_200.0;
const ROW: f64 = 260.0;
/// Of one panel: its frame.
const FRAME: (f64, f64) = (520.0, 190.0);
/// Seconds that each point is the mean of.
const MEAN: u32 = 3;
/// Colours that people with weak colour vision can tell apart (Okabe and Ito); the last is for the default.
const COLOURS: [&str; 7] =
    ["#888888", "#d55e00", "#e69f00", "#56b4e9", "#cc79a7", "#009e73", "#0033aa"];

/// Draws all experiments that have a course over time.
pub(super) fn svg(found: &Comparison) -> String {
    let columns: Vec<&Column> = found.columns.iter().filter(|one| one.words.is_some()).collect();
    let rows: f64 = columns.iter().map(|_| ROW).sum();
    let mut lines = String::new();
    let legend = legend(&found.names, &mut lines);
    let height = legend + rows + 40.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Retry policies and a failing server</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    svg.push_str(&lines);
    let mut top = legend + 44.0;
    for column in columns {
        let words = column.words.unwrap_or_default();
        panel(column, (60.0, top), &format!("{words}: attempts/s"), &mut svg, |worst| {
            &worst.series.attempts
        });
        let title = format!("{}: goodput/s", column.title);
        panel(column, (660.0, top), &title, &mut svg, |worst| &worst.series.good);
        top += ROW;
    }
    let _ = writeln!(
        svg,
        "<text x=\"60\" y=\"{:.0}\" fill=\"#555\">seconds; each point is the mean of {MEAN} s; seed {}; \
         grey: the server is at fault; dotted: the load</text>\n</svg>",
        height - 8.0,
        found.seed
    );
    svg
}

/// Names the lines, five in a row, and gives the height that takes.
fn legend(names: &[String], svg: &mut String) -> f64 {
    let (mut x, mut y) = (60.0, 24.0);
    for (index, name) in names.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" y1=\"{:.1}\" x2=\"{}\" y2=\"{:.1}\" {}/>\
             <text x=\"{}\" y=\"{y}\">{}</text>",
            y - 4.0,
            x + 28.0,
            y - 4.0,
            stroke(index),
            x + 34.0,
            escape(name)
        );
        x += 220.0;
        if x > WIDTH - 180.0 && index + 1 < names.len() {
            (x, y) = (60.0, y + 20.0);
        }
    }
    y
}

fn panel(
    column: &Column,
    (left, top): (f64, f64),
    title: &str,
    svg: &mut String,
    series: impl Fn(&Worst) -> &Vec<u32>,
) {
    let (width, height) = FRAME;
    let (first, last) = shown(column);
    let lines: Vec<Vec<f64>> = column
        .found
        .iter()
        .map(|worst| (first..last).map(|second| mean(series(worst), second)).collect())
        .collect();
    let load = column.experiment.load();
    let most = lines.iter().flatten().copied().fold(load, f64::max);
    let (top_value, step) = scale(most);
    let x = |second: f64| left + width * (second - f64::from(first)) / f64::from(last - first);
    let y = |value: f64| top + height * (1.0 - value / top_value);

    let Range { start, end } = column.experiment.fault();
    let (from, until) = (x(f64::from(start)), x(f64::from(end)));
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"{:.0}\" font-weight=\"bold\">{}</text>\n\
         <rect x=\"{from:.1}\" y=\"{top}\" width=\"{:.1}\" height=\"{height}\" fill=\"#e8e8e8\"/>",
        top - 8.0,
        escape(title),
        until - from
    );
    let mut value = 0.0;
    while value <= top_value {
        let _ = writeln!(
            svg,
            "<line x1=\"{left}\" y1=\"{0:.1}\" x2=\"{1}\" y2=\"{0:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{2}\" y=\"{3:.1}\" text-anchor=\"end\">{value}</text>",
            y(value),
            left + width,
            left - 6.0,
            y(value) + 4.0
        );
        value += step;
    }
    for second in (first..=last).step_by(30) {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{second}</text>",
            x(f64::from(second)),
            top + height + 16.0
        );
    }
    let _ = writeln!(
        svg,
        "<line x1=\"{left}\" y1=\"{0:.1}\" x2=\"{1}\" y2=\"{0:.1}\" stroke=\"black\" stroke-dasharray=\"1 4\"/>",
        y(load),
        left + width
    );
    for (index, line) in lines.iter().enumerate() {
        let mut path = String::new();
        for (second, value) in (first..).zip(line) {
            let letter = if second == first { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{:.1} {:.1}", x(f64::from(second) + 0.5), y(*value));
        }
        let _ = writeln!(svg, "<path d=\"{path}\" fill=\"none\" {}/>", stroke(index));
    }
}

/// Chooses the seconds that are worth seeing.
fn shown(column: &Column) -> (u32, u32) {
    match column.experiment {
        Experiment::Overload => (30, 270),
        Experiment::Outage(_) => (30, 180),
    }
}

/// Gives the mean around a second.
fn mean(counts: &[u32], second: u32) -> f64 {
    let around = (0..MEAN).map(|nth| number((second + nth).saturating_sub(MEAN / 2)));
    let at = |second| counts.get(second).copied().map_or(0.0, f64::from);
    around.fold(0.0, |sum, second| sum + at(second)) / f64::from(MEAN)
}

/// Gives the upper end of a scale that holds `most`, and the step of its marks.
fn scale(most: f64) -> (f64, f64) {
    let mut unit = 1.0;
    loop {
        for step in [unit, 2.0 * unit, 5.0 * unit] {
            let marks = (most / step).ceil();
            if marks <= 6.0 {
                return (marks.max(1.0) * step, step);
            }
        }
        unit *= 10.0;
    }
}

/// The default stands out; what comes after it, the files, is dashed.
fn stroke(index: usize) -> String {
    let colour = COLOURS.get(index % COLOURS.len()).copied().unwrap_or("black");
    let width = if index + 1 == COLOURS.len() { "2.6" } else { "1.5" };
    let dash = if index < COLOURS.len() { "" } else { " stroke-dasharray=\"6 3\"" };
    format!("stroke=\"{colour}\" stroke-width=\"{width}\"{dash}")
}

fn number(second: u32) -> usize {
    usize::try_from(second).unwrap_or(usize::MAX)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
