//! What may be shown on a screen, and how.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Yellow.on_default();
pub(crate) const FAINT: Style = Style::new().dimmed();

/// The least that is left of a line for words, in columns.
pub(crate) const ROOM: usize = 20;

/// Prints a message of errors. Where stderr is closed there is nobody to tell.
pub(crate) fn error(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints a warning.
pub(crate) fn warning(text: &str) {
    let text = format!("warning: {}", line(text));
    let wrapped = wrap(&text, line_width(), 2);
    error(&wrapped.replacen("warning", &styled(BAD, "warning"), 1));
}

/// Prints a remark, as what was left out of what is shown.
pub(crate) fn note(text: &str) {
    error(&wrap(&format!("note: {}", line(text)), line_width(), 2));
}

/// Lays an error out for people: what it is, further lines below it, and what helps.
pub(crate) fn error_text(message: &str, hint: Option<&str>) -> String {
    let wrapped = wrap(&format!("error: {}", line(message)), line_width(), 2);
    let mut text = wrapped.replacen("error", &styled(ERROR, "error"), 1);
    if let Some(hint) = hint {
        let _ = write!(text, "\n{}", field("hint", hint));
    }
    text
}

/// Lists ids as they stand in sentences.
pub(crate) fn quoted<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    ids.map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

/// Lays a line below an error out.
pub(crate) fn field(name: &str, text: &str) -> String {
    wrap(&format!("  {name}: {}", line(text)), line_width(), 4)
}

/// How wide the screen is, in columns: 80 where nobody knows, and no wider than is read with ease.
pub(crate) fn width() -> usize {
    let known = terminal_size::terminal_size_of(std::io::stderr());
    known.map_or(80, |(terminal_size::Width(width), _)| usize::from(width)).clamp(20, 100)
}

/// How wide a line of a result may be: what goes to a file or a pipe is never broken.
pub(crate) fn result_width() -> usize {
    let known = terminal_size::terminal_size_of(std::io::stdout());
    known.map_or(usize::MAX, |(terminal_size::Width(width), _)| usize::from(width).max(20))
}

/// How wide a line of an error may be: in a log it stays one line.
pub(crate) fn line_width() -> usize {
    if std::io::stderr().is_terminal() { width() } else { usize::MAX }
}

/// Breaks a text between words; every line but the first begins with blanks, fewer of them where these would leave no room. A word that
/// is longer than a line stays whole.
pub(crate) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let indent = if indent.saturating_add(ROOM) > width { width / 4 } else { indent };
    let mut out = String::new();
    let mut used = text.len() - text.trim_start_matches(' ').len();
    out.extend(std::iter::repeat_n(' ', used));
    let mut is_first = true;
    for word in text.trim_start_matches(' ').split(' ') {
        let len = shown(word);
        if !is_first && used + 1 + len > width {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            used = indent;
            is_first = true;
        }
        if !is_first {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += len;
        is_first = false;
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

/// How many columns a text takes: what colours it takes none.
pub(crate) fn shown(text: &str) -> usize {
    let mut parts = text.split('\u{1b}');
    let plain = parts.next().map_or(0, |part| part.chars().count());
    let behind = |part: &str| part.split_once('m').map_or(0, |(_, rest)| rest.chars().count());
    plain + parts.map(behind).sum::<usize>()
}

/// Shows a number of bytes: `512 B`, `1.5 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut left, mut unit) = (count, 0);
    while left >= 1024 * 1024 && unit + 2 < UNITS.len() {
        left /= 1024;
        unit += 1;
    }
    if left < 1024 {
        return format!("{left} {}", UNITS[unit]);
    }
    format!("{}.{} {}", left / 1024, left % 1024 * 10 / 1024, UNITS[unit + 1])
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

/// Escapes in JSON what a terminal would obey: the values stay the same.
pub(crate) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && commands_terminal(c) {
            // All of these are one unit of UTF-16, and stand in texts only.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
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
