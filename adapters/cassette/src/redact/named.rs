//! Values whose name stands beside them: `{"name": "token", "value": "S"}`, `[["token", "S"]]`.

use std::ops::Range;

use super::members::{position, quote};

/// Members that hold the name of another, in small letters.
const NAMES: [&[u8]; 12] = [
    b"field",
    b"header",
    b"id",
    b"k",
    b"key",
    b"label",
    b"n",
    b"name",
    b"param",
    b"parameter",
    b"type",
    b"variable",
];

/// Members that hold what is named.
const VALUES: [&[u8]; 10] = [
    b"content",
    b"current",
    b"data",
    b"default",
    b"stringvalue",
    b"text",
    b"v",
    b"val",
    b"value",
    b"values",
];

/// An object or a list that is open.
#[derive(Default)]
struct Open {
    start: usize,
    is_list: bool,
    /// Whether the list that it is in holds lists.
    is_in_list: bool,
    /// Whether the name in it is secret.
    is_secret: bool,
    values: Vec<Range<usize>>,
    /// The name of the member that is due.
    member: Option<Range<usize>>,
    items: usize,
}

impl Open {
    /// Takes up a value: a text, a number, an object or a list.
    fn take(&mut self, text: &[u8], value: Range<usize>, is_secret: &dyn Fn(&str) -> bool) {
        self.items += 1;
        let names_secret = |value: &Range<usize>| {
            let inner = unquoted(&text[value.clone()]);
            inner.is_some_and(|inner| is_secret(&String::from_utf8_lossy(inner)))
        };
        if self.is_list {
            match self.items {
                1 => self.is_secret = names_secret(&value),
                2 => self.values.push(value),
                _ => {}
            }
            return;
        }
        let Some(member) = self.member.take() else { return };
        let member = text[member].to_ascii_lowercase();
        if NAMES.contains(&member.as_slice()) {
            self.is_secret = self.is_secret || names_secret(&value);
        } else if VALUES.contains(&member.as_slice()) {
            self.values.push(value);
        }
    }

    fn show(self, show: &mut dyn FnMut(Range<usize>)) {
        let is_pair = !self.is_list || self.is_in_list && self.items == 2;
        if self.is_secret && is_pair {
            self.values.into_iter().for_each(show);
        }
    }
}

/// Shows each value that a secret name stands beside. The text is gone through once.
pub(super) fn named(
    text: &[u8],
    is_secret: &dyn Fn(&str) -> bool,
    show: &mut dyn FnMut(Range<usize>),
) {
    let mut open: Vec<Open> = Vec::new();
    let (mut at, mut before) = (0, b'[');
    while let Some(byte) = text.get(at).copied() {
        let from = at;
        at += 1;
        match byte {
            b'{' | b'[' | b'(' => {
                let is_in_list = open.last().is_some_and(|outer| outer.is_list);
                let is_list = byte != b'{';
                open.push(Open { start: from, is_list, is_in_list, ..Open::default() });
            }
            b'}' | b']' | b')' => {
                if let Some(inner) = open.pop() {
                    let start = inner.start;
                    inner.show(show);
                    if let Some(outer) = open.last_mut() {
                        outer.take(text, start..at, is_secret);
                    }
                }
            }
            // An apostrophe is none of a text that begins.
            b'"' | b'\'' if byte == b'"' || b"{[(,:=".contains(&before) => {
                at = quote(text, at, byte).map_or(text.len(), |close| close + 1);
                if let Some(outer) = open.last_mut() {
                    let next = position(text, at, |byte| !byte.is_ascii_whitespace());
                    if !outer.is_list && next.and_then(|next| text.get(next)) == Some(&b':') {
                        outer.member = Some(from + 1..at - 1);
                    } else {
                        outer.take(text, from..at, is_secret);
                    }
                }
            }
            byte if byte.is_ascii_alphanumeric() && !before.is_ascii_alphanumeric() => {
                let ends = |byte: u8| !byte.is_ascii_graphic() || b",:{}[]()\"'".contains(&byte);
                at = position(text, from, ends).unwrap_or(text.len());
                if let Some(outer) = open.last_mut() {
                    if text.get(at) == Some(&b':') && !outer.is_list {
                        outer.member = Some(from..at);
                    } else {
                        outer.take(text, from..at, is_secret);
                    }
                }
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = text[at - 1];
        }
    }
    // What breaks off may have said all.
    while let Some(inner) = open.pop() {
        let start = inner.start;
        inner.show(show);
        if let Some(outer) = open.last_mut() {
            outer.take(text, start..text.len(), is_secret);
        }
    }
}

fn unquoted(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => Some(inner),
        _ => None,
    }
}
