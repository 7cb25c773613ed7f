//! Values whose name stands at the head of their column, in CSV and in tables of HTML and Markdown; and those behind their name in
//! what PHP serialises.

use std::ops::Range;

use super::members::position;

/// The longest name of a column, in bytes.
const LONGEST_NAME: usize = 64;

/// Marks between the cells of a line.
const MARKS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Shows what stands in columns of secret names: below a line of nothing but names, in lines of as many cells. The text is gone
/// through once for each mark.
pub(super) fn columns(
    text: &[u8],
    is_secret: &dyn Fn(&str) -> bool,
    show: &mut dyn FnMut(Range<usize>),
) {
    for mark in MARKS {
        let mut secret: Option<Vec<bool>> = None;
        let mut from = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        while from < text.len() {
            if let Some(columns) = &secret {
                let (cells, end, is_whole) = record(text, from, mark);
                if cells.len() == columns.len() {
                    let values = cells.into_iter().zip(columns).filter(|(_, secret)| **secret);
                    values.for_each(|(cell, _)| cell_of(text, cell, show));
                    from = end;
                    continue;
                }
                if !is_whole {
                    // A quote that stays open: what breaks off may have said all.
                    show(from..text.len());
                    break;
                }
                secret = None;
                if end > from + text[from..].iter().take_while(|byte| **byte != b'\n').count() + 1 {
                    // Lines in quotes are no lines of their own.
                    from = end;
                    continue;
                }
            }
            let end = position(text, from, |byte| byte == b'\n').map_or(text.len(), |end| end + 1);
            secret = head(&text[from..end], mark, is_secret);
            from = end;
        }
    }
}

/// Which columns are secret, if a line is nothing but names.
fn head(line: &[u8], mark: u8, is_secret: &dyn Fn(&str) -> bool) -> Option<Vec<bool>> {
    let is_of_name = |byte: &u8| {
        byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"_-. ()[]#/".contains(byte)
    };
    let mut columns = Vec::new();
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    for cell in line.split(|byte| *byte == mark) {
        let cell = unquoted(cell.trim_ascii());
        let is_name = cell.len() <= LONGEST_NAME && cell.iter().all(is_of_name);
        // Lines of Markdown begin and end with their mark.
        if !is_name || cell.is_empty() && mark != b'|' {
            return None;
        }
        columns.push(!cell.is_empty() && is_secret(&String::from_utf8_lossy(cell)));
    }
    (columns.len() > 1 && columns.contains(&true)).then_some(columns)
}

/// The cells of a line; one in quotes may hold marks and lines. Then the end of the line, and whether all quotes are closed.
fn record(text: &[u8], from: usize, mark: u8) -> (Vec<Range<usize>>, usize, bool) {
    let mut cells = Vec::new();
    let (mut start, mut at) = (from, from);
    loop {
        match text.get(at) {
            None => {
                cells.push(start..at);
                return (cells, at, true);
            }
            Some(b'\n') => {
                cells.push(start..at);
                return (cells, at + 1, true);
            }
            Some(b'"') if text[start..at].trim_ascii().is_empty() => loop {
                let Some(close) = position(text, at + 1, |byte| byte == b'"') else {
                    return (cells, text.len(), false);
                };
                at = close + 1;
                // Two of them are one in the text.
                if text.get(at) != Some(&b'"') {
                    break;
                }
            },
            Some(byte) if *byte == mark => {
                cells.push(start..at);
                at += 1;
                start = at;
            }
            Some(_) => at += 1,
        }
    }
}

/// Shows a cell without the blanks around it; a line under the names of Markdown is none.
fn cell_of(text: &[u8], cell: Range<usize>, show: &mut dyn FnMut(Range<usize>)) {
    let whole = &text[cell.clone()];
    let start = cell.start + whole.len() - whole.trim_ascii_start().len();
    let end = start + whole.trim_ascii().len();
    if !text[start..end].iter().all(|byte| matches!(byte, b'-' | b':' | b'=')) {
        show(start..end);
    }
}

fn unquoted(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        text => text,
    }
}

/// Shows what stands in columns of secret names in tables of HTML. The text is gone through once.
pub(super) fn tables(
    text: &[u8],
    is_secret: &dyn Fn(&str) -> bool,
    show: &mut dyn FnMut(Range<usize>),
) {
    let mut table = Table::default();
    let mut from = 0;
    while let Some(open) = position(text, from, |byte| byte == b'<') {
        let is_end = text.get(open + 1) == Some(&b'/');
        let start = open + 1 + usize::from(is_end);
        let end = position(text, start, |byte| !byte.is_ascii_alphanumeric()).unwrap_or(text.len());
        from = end;
        let name = text[start..end].to_ascii_lowercase();
        if !matches!(name.as_slice(), b"table" | b"tr" | b"th" | b"td") {
            continue;
        }
        if let Some((begin, is_head)) = table.cell.take() {
            table.ends(text, begin..open, is_head, is_secret, show);
        }
        from = position(text, end, |byte| byte == b'>').map_or(text.len(), |end| end + 1);
        match name.as_slice() {
            b"table" => table = Table::default(),
            b"tr" => table.row(),
            _ if !is_end => table.cell = Some((from, name == b"th")),
            _ => {}
        }
    }
    // What breaks off may have said all.
    if let Some((begin, is_head)) = table.cell.take() {
        table.ends(text, begin..text.len(), is_head, is_secret, show);
    }
}

#[derive(Default)]
struct Table {
    /// Which columns are secret, once a row of names was read.
    columns: Vec<bool>,
    /// Which cells of this row have a secret name, and whether any of them is a value.
    row: Vec<bool>,
    has_values: bool,
    rows: usize,
    /// Where the cell that is open begins, and whether it is a name.
    cell: Option<(usize, bool)>,
}

impl Table {
    /// A row begins or ends.
    fn row(&mut self) {
        let row = std::mem::take(&mut self.row);
        if !row.is_empty() {
            // The first row may name the columns without saying so.
            if !self.has_values || self.rows == 0 && row.first() == Some(&false) {
                self.columns = row;
            }
            self.rows += 1;
        }
        self.has_values = false;
    }

    fn ends(
        &mut self,
        text: &[u8],
        cell: Range<usize>,
        is_head: bool,
        is_secret: &dyn Fn(&str) -> bool,
        show: &mut dyn FnMut(Range<usize>),
    ) {
        let is_named = !self.has_values && self.row.last() == Some(&true);
        if !is_head && (is_named || self.columns.get(self.row.len()) == Some(&true)) {
            show(cell.clone());
        }
        self.has_values |= !is_head;
        // Names are short, also with tags around them.
        let content = &text[cell.start..cell.end.min(cell.start + 4 * LONGEST_NAME)];
        let mut name = Vec::new();
        let mut is_tag = false;
        for byte in content {
            match byte {
                b'<' => is_tag = true,
                b'>' => is_tag = false,
                byte if !is_tag => name.push(*byte),
                _ => {}
            }
        }
        let name = name.trim_ascii();
        let is_name = !name.is_empty() && name.len() <= LONGEST_NAME;
        self.row.push(is_name && is_secret(&String::from_utf8_lossy(name)));
    }
}

/// Shows what follows a secret name where PHP wrote it: `s:5:"token";s:1:"S";`, or `token|s:1:"S";` in a session. The text is gone
/// through once.
pub(super) fn php(
    text: &[u8],
    is_secret: &dyn Fn(&str) -> bool,
    show: &mut dyn FnMut(Range<usize>),
) {
    let is_secret = |name: &[u8]| {
        // A member that is not public has its class before it, between zeros.
        let name = name.rsplit(|byte| *byte == 0).next().unwrap_or(name);
        is_secret(&String::from_utf8_lossy(name))
    };
    let mut from = 0;
    while let Some(colon) = position(text, from, |byte| byte == b':') {
        from = colon + 1;
        let start = colon - usize::from(colon > 0);
        let value = if text[..start].last() == Some(&b'|') {
            let name = &text[..start - 1];
            let last = name.iter().rev().take(LONGEST_NAME);
            let len = last.take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_');
            let name = &name[name.len() - len.count()..];
            is_secret(name).then_some(start)
        } else {
            let name = string(text, start).filter(|name| name.len() <= LONGEST_NAME);
            let name = name.filter(|name| text[name.end..].starts_with(b"\";"));
            name.filter(|name| is_secret(&text[name.clone()])).map(|name| name.end + 2)
        };
        let Some(shown) = value.and_then(|value| serialised(text, value)) else { continue };
        from = shown.end.max(from);
        show(shown);
    }
}

/// The content of the value that begins here.
fn serialised(text: &[u8], at: usize) -> Option<Range<usize>> {
    match text.get(at..at + 2)? {
        b"s:" => string(text, at),
        b"i:" | b"d:" => {
            let end = position(text, at, |byte| byte == b';').unwrap_or(text.len());
            Some(at + 2..end)
        }
        b"a:" | b"O:" => {
            let open = position(text, at, |byte| byte == b'{').unwrap_or(text.len());
            Some(open..closed(text, open))
        }
        _ => None,
    }
}

/// The text of `s:5:"token"`, which is as long as it says, or to the end.
fn string(text: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?.strip_prefix(b"s:")?;
    let digits = rest.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
    let len: usize = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    let start = at + 2 + digits + 2;
    let is_text = rest[digits..].starts_with(b":\"");
    is_text.then(|| start..start.saturating_add(len).min(text.len()))
}

/// The end of what is in braces.
fn closed(text: &[u8], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}
