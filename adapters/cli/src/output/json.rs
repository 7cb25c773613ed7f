//! JSON for people: other blanks and colours, the same values, digit by digit.

use std::fmt::Write as _;
use std::str;

use anstyle::{AnsiColor, Style};
use serde::de::IgnoredAny;

/// Indents JSON by two blanks a level; nothing if `bytes` are not JSON.
///
/// Numbers, escapes and the order of fields stay as they came: reading them into values would change some.
pub(crate) fn indent(bytes: &[u8]) -> Option<String> {
    written(bytes, true, &PLAIN)
}

/// The same in colours; `clean` takes out what a terminal would obey.
pub(crate) fn painted(bytes: &[u8], clean: fn(&str) -> String) -> Option<String> {
    let text = clean(str::from_utf8(bytes).ok()?);
    written(text.as_bytes(), true, &COLOURS)
}

/// Takes all blanks out of JSON; nothing if `bytes` are not JSON.
pub(crate) fn compact(bytes: &[u8]) -> Option<String> {
    written(bytes, false, &PLAIN)
}

/// Whether all of it is one value in JSON.
pub(super) fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

/// The styles of names, texts, and all other values.
struct Styles {
    name: Style,
    text: Style,
    other: Style,
}

const PLAIN: Styles = Styles { name: Style::new(), text: Style::new(), other: Style::new() };
const COLOURS: Styles = Styles {
    name: AnsiColor::Blue.on_default(),
    text: AnsiColor::Green.on_default(),
    other: AnsiColor::Cyan.on_default(),
};

/// The deepest level that is indented further than the one above.
const DEEPEST: usize = 100;

/// Writes JSON anew: indented if there is an indent, else without blanks.
fn written(bytes: &[u8], indented: bool, styles: &Styles) -> Option<String> {
    serde_json::from_slice::<IgnoredAny>(bytes).ok()?;
    let text = str::from_utf8(bytes).ok()?;
    let mut out = String::with_capacity(text.len().saturating_mul(2));
    let mut rest = text;
    let mut depth = 0_usize;
    while let Some(next) = rest.chars().next() {
        match next {
            '"' => {
                let (string, after) = rest.split_at(end_of_string(rest));
                let is_name = after.trim_start().starts_with(':');
                paint(&mut out, if is_name { styles.name } else { styles.text }, string);
                rest = after;
                continue;
            }
            '{' | '[' => {
                out.push(next);
                let inner = rest[1..].trim_start();
                if inner.starts_with(['}', ']']) {
                    out.push_str(&inner[..1]);
                    rest = &inner[1..];
                    continue;
                }
                depth = depth.saturating_add(1);
                new_line(&mut out, indented, depth);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, indented, depth);
                out.push(next);
            }
            ',' => {
                out.push(',');
                new_line(&mut out, indented, depth);
            }
            ':' => out.push_str(if indented { ": " } else { ":" }),
            blank if blank.is_ascii_whitespace() => {}
            _ => {
                let ends = |c: char| c.is_ascii_whitespace() || matches!(c, ',' | '}' | ']');
                let (value, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
                paint(&mut out, styles.other, value);
                rest = after;
                continue;
            }
        }
        rest = &rest[next.len_utf8()..];
    }
    Some(out)
}

fn paint(out: &mut String, style: Style, text: &str) {
    if style.is_plain() {
        return out.push_str(text);
    }
    // Writing to a String cannot fail.
    let _ = write!(out, "{style}{text}{style:#}");
}

/// Where a string that begins here ends, its quotes included.
pub(super) fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

fn new_line(out: &mut String, indented: bool, depth: usize) {
    if indented {
        out.push('\n');
        // Deeper than anybody reads, blanks would be most of the text.
        out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
    }
}
