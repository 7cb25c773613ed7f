//! Airflow's `.env` files: `id=URI`, a line each.

use crate::error::{Fault, SourceErrorKind};
use crate::tree::Node;

/// Reads the lines as Airflow does: nothing is trimmed, and quotes are part of the value.
pub(crate) fn read(text: &str) -> Result<Vec<(String, Node)>, Fault> {
    let mut entries = Vec::new();
    for (index, line) in python_lines(text).enumerate() {
        let number = index + 1;
        if line.is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let fault = |says: &'static str| Err(Fault::new(number, says));
        let Some((id, value)) = line.split_once('=') else {
            return fault(
                "Invalid line format. The line should contain at least one equal sign (\"=\").",
            );
        };
        if id.is_empty() {
            return fault("Invalid line format. Key is empty.");
        }
        if value.is_empty() {
            return fault("Invalid line format. Value is empty.");
        }
        entries.push((id.to_owned(), Node { line: number, ..Node::text(value) }));
    }
    Ok(entries)
}

pub(crate) fn twice(line: usize) -> Fault {
    let kind = SourceErrorKind::NotUnique;
    Fault { kind, ..Fault::new(line, "an id that stands in the file twice") }
}

/// Lines as Python's `splitlines` has them: it knows more ends than others.
pub(crate) fn python_lines(text: &str) -> impl Iterator<Item = &str> {
    let is_end = |c: char| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'
                ..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let mut rest = Some(text).filter(|text| !text.is_empty());
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = text.find(is_end) else { return rest.take() };
        let (line, end) = text.split_at(at);
        let length =
            if end.starts_with("\r\n") { 2 } else { end.chars().next().map_or(0, char::len_utf8) };
        rest = end.get(length..).filter(|rest| !rest.is_empty());
        Some(line)
    })
}
