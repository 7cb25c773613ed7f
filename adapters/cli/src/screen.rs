//! What may be shown on a screen, and how.

use std::io::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Yellow.on_default();
pub(crate) const FAINT: Style = Style::new().dimmed();

/// Prints a message of errors. Where stderr is closed there is nobody to tell.
pub(crate) fn error(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints a warning.
pub(crate) fn warning(text: &str) {
    error(&format!("{}: {}", styled(BAD, "warning"), line(text)));
}

/// Takes out of a server's text what a terminal would obey: control characters and marks that turn the direction
/// of writing. Line ends and tabs stay.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !commands_terminal(*c)).collect()
}

/// As [`plain`], on one line.
pub(crate) fn line(text: &str) -> String {
    text.chars().filter(|c| !commands_terminal(*c)).collect()
}

fn commands_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Shows how long something took: `0.3 ms`, `142 ms`, `12.3 s`.
pub(crate) fn took(time: Duration) -> String {
    match time.as_millis() {
        0..10 => format!("{:.1} ms", time.as_secs_f64() * 1_000.0),
        10..10_000 => format!("{} ms", time.as_millis()),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

/// Shows a wait: `2.0 s`, `0.04 s`.
pub(crate) fn seconds(time: Duration) -> String {
    let precision = if time < Duration::from_millis(100) { 2 } else { 1 };
    format!("{:.precision$} s", time.as_secs_f64())
}

/// Puts a text in a style.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Counts things: `1 retry`, `2 retries`.
pub(crate) fn count(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
