//! Reads a file `.env`: variables as shells and containers take them, without anything put in the place of `$NAME`.

use crate::error::Fault;

/// A variable, and the line where it begins.
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) name: String,
    pub(crate) value: String,
}

/// Reads the text of such a file.
pub(crate) fn read(text: &str) -> Result<Vec<Line>, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = Vec::new();
    let mut rest = text;
    let mut number = 1;
    while !rest.is_empty() {
        let end = rest.find('\n').unwrap_or(rest.len());
        let line = rest[..end].trim();
        if line.is_empty() || line.starts_with('#') {
            rest = rest.get(end + 1..).unwrap_or("");
            number += 1;
            continue;
        }
        let Some(equals) = rest[..end].find('=') else {
            return Err(Fault::new(number, "neither `NAME=value` nor a comment"));
        };
        let name = rest[..equals].trim();
        let exported = name.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
        let name = exported.unwrap_or(name).trim();
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || "\"'`$".contains(c)) {
            return Err(Fault::new(number, "what stands before the `=` is not a name"));
        }
        let (value, used) = value(&rest[equals + 1..], number)?;
        let taken = &rest[..equals + 1 + used];
        lines.push(Line { number, name: name.to_owned(), value });
        number += taken.matches('\n').count();
        rest = &rest[taken.len()..];
    }
    Ok(lines)
}

/// Reads a value and the rest of its line; tells how much of the text that is.
fn value(text: &str, number: usize) -> Result<(String, usize), Fault> {
    let blanks = text.len() - text.trim_start_matches([' ', '\t']).len();
    let inner = &text[blanks..];
    let quote = inner.chars().next().filter(|c| "'\"".contains(*c));
    let Some(quote) = quote else {
        let end = text.find('\n').map_or(text.len(), |at| at + 1);
        let line = text[..end].trim();
        // A comment needs a blank before it: `#` stands in passwords.
        let comment = line.match_indices('#').map(|(at, _)| at);
        let cut = comment.into_iter().find(|at| *at == 0 || line[..*at].ends_with([' ', '\t']));
        return Ok((cut.map_or(line, |at| line[..at].trim_end()).to_owned(), end));
    };
    let mut value = String::new();
    let mut chars = inner.char_indices().skip(1);
    loop {
        let Some((at, c)) = chars.next() else {
            return Err(Fault::new(number, "the quote is not closed"));
        };
        match c {
            c if c == quote => {
                let after = &inner[at + 1..];
                let end = after.find('\n').map_or(after.len(), |at| at + 1);
                let rest = after[..end].trim();
                if !rest.is_empty() && !rest.starts_with('#') {
                    return Err(Fault::new(number, "something stands behind the closing quote"));
                }
                return Ok((value, blanks + at + 1 + end));
            }
            '\\' if quote == '"' => match chars.next().map(|(_, c)| c) {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(c @ ('"' | '\\' | '$' | '`')) => value.push(c),
                Some(c) => value.extend(['\\', c]),
                None => return Err(Fault::new(number, "the quote is not closed")),
            },
            c => value.push(c),
        }
    }
}
