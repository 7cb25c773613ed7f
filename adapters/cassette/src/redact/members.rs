//! Values under names that sound secret: members of JSON, and pairs as in a query or a form.
//!
//! Nothing is parsed: a name in quotes with a colon behind it is a member wherever it stands. So lines of JSON, JSON that
//! breaks off, or behind a byte order mark, or inside another text, are all looked into, and all else is left as it is,
//! byte by byte.

use std::ops::Range;

use super::places::Places;
use super::undone::Undone;

/// The longest name that is looked at, in bytes.
const LONGEST_NAME: usize = 128;

/// The shortest number that is worth looking for elsewhere, in digits.
const SHORTEST_NUMBER: usize = 6;

/// What was found: where it stands, and what it is, with its name.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) places: Places,
    pub(crate) values: Vec<(String, Vec<u8>)>,
}

/// Finds what `text` has under names that `is_secret` holds for, also where the names are escaped. A value of a `form` ends
/// at a `&` and nowhere else.
pub(crate) fn find(text: &[u8], form: bool, is_secret: &dyn Fn(&str) -> bool) -> Found {
    let mut found = Found::default();
    Undone::each_level(text, |level| {
        let place = |part| level.place(part);
        let look = Look { raw: text, text: level.bytes(), place: &place, is_secret };
        found.places.join(look.members(&mut found.values));
        found.places.join(look.pairs(form, &mut found.values));
    });
    found
}

/// One look at the text: as it is, or with its escapes undone.
struct Look<'a> {
    raw: &'a [u8],
    text: &'a [u8],
    /// Where in `raw` a part of `text` stands.
    place: &'a dyn Fn(Range<usize>) -> Range<usize>,
    is_secret: &'a dyn Fn(&str) -> bool,
}

impl Look<'_> {
    /// Finds members of objects. What follows the colon goes, and a text in quotes like the name's stands there instead.
    fn members(&self, values: &mut Vec<(String, Vec<u8>)>) -> Places {
        let mut places = Places::default();
        let mut from = quote(self.text, 0);
        while let Some(open) = from {
            let Some(close) = quote(self.text, open + 1) else { break };
            // A quote that was taken for a closing one may be an opening one.
            from = Some(close);
            // The name first: a value is as long as all that is nested in it.
            let Some(name) = self.secret_name(open + 1..close) else { continue };
            let Some(value) = self.value(close + 1) else { continue };
            let content = &self.text[value.clone()];
            if says_nothing(content) {
                continue;
            }
            values.extend(leaves(content).into_iter().map(|leaf| (name.clone(), leaf)));
            let quote_of_name = (self.place)(close..close + 1);
            let whole = (self.place)(self.colon(close + 1) + 1..value.end);
            places.add(whole, self.raw.get(quote_of_name).unwrap_or(b"\""));
            from = quote(self.text, value.end);
        }
        places
    }

    /// Finds pairs with an equals sign between. A value in quotes keeps them.
    fn pairs(&self, form: bool, values: &mut Vec<(String, Vec<u8>)>) -> Places {
        let mut places = Places::default();
        let mut from = 0;
        while let Some(equals) = position(self.text, from, |byte| byte == b'=') {
            from = equals + 1;
            let earliest = equals.saturating_sub(LONGEST_NAME + 1);
            let before = &self.text[earliest..equals];
            let name = before.iter().rposition(|byte| !is_of_name(*byte)).map_or(0, |at| at + 1);
            let Some(name) = self.secret_name(earliest + name..equals) else { continue };
            let value = self.value_of_pair(equals + 1, form);
            let content = &self.text[value.clone()];
            // Outside of a form, what has no letter or digit is the padding of base64, or what follows it.
            let is_text = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
            if says_nothing(content) || !form && !content.iter().any(is_text) {
                continue;
            }
            values.push((name, content.to_vec()));
            from = value.end;
            places.add((self.place)(value), b"");
        }
        places
    }

    fn secret_name(&self, name: Range<usize>) -> Option<String> {
        if name.is_empty() || name.len() > LONGEST_NAME {
            return None;
        }
        let name = String::from_utf8_lossy(&self.text[name]).into_owned();
        (self.is_secret)(&name).then_some(name)
    }

    /// Where the colon behind a name is.
    fn colon(&self, from: usize) -> usize {
        position(self.text, from, |byte| !byte.is_ascii_whitespace()).unwrap_or(self.text.len())
    }

    /// The value behind a colon, if there is a colon next: all of it, or what there is of it.
    fn value(&self, from: usize) -> Option<Range<usize>> {
        let colon = self.colon(from);
        if self.text.get(colon) != Some(&b':') {
            return None;
        }
        let start = self.colon(colon + 1);
        let end = match self.text.get(start)? {
            b'"' => quote(self.text, start + 1).map(|close| close + 1),
            b'{' | b'[' => self.end_of_nest(start),
            _ => position(self.text, start, |byte| {
                byte.is_ascii_whitespace() || matches!(byte, b',' | b'}' | b']' | b'"')
            }),
        };
        Some(start..end.unwrap_or(self.text.len()))
    }

    fn end_of_nest(&self, start: usize) -> Option<usize> {
        let (mut depth, mut at) = (0_usize, start);
        loop {
            match self.text.get(at)? {
                b'"' => at = quote(self.text, at + 1)?,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }

    fn value_of_pair(&self, start: usize, form: bool) -> Range<usize> {
        let (start, end) = match self.text.get(start) {
            _ if form => (start, position(self.text, start, |byte| byte == b'&')),
            Some(quote @ (b'"' | b'\'')) => {
                (start + 1, position(self.text, start + 1, |byte| byte == *quote))
            }
            _ => (start, position(self.text, start, ends_value)),
        };
        start..end.unwrap_or(self.text.len())
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'%' | b'[' | b']')
}

fn ends_value(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'&' | b'"' | b'\'' | b'<' | b'>' | b'\\')
}

fn position(text: &[u8], from: usize, is: impl Fn(u8) -> bool) -> Option<usize> {
    text.get(from..)?.iter().position(|byte| is(*byte)).map(|at| from + at)
}

/// The next quote that no backslash is before.
fn quote(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        match text.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Whether there is nothing in it that could be secret: no text, nothing at all, yes or no.
fn says_nothing(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let inner = match value {
        [b'{', inner @ .., b'}'] | [b'[', inner @ .., b']'] | [b'"', inner @ .., b'"'] => inner,
        b"null" | b"true" | b"false" => b"",
        value => value,
    };
    inner.trim_ascii().is_empty()
}

/// The texts and long numbers of a value, at any depth, without the names.
fn leaves(value: &[u8]) -> Vec<Vec<u8>> {
    let mut leaves = Vec::new();
    let mut at = 0;
    while let Some(byte) = value.get(at) {
        if *byte == b'"' {
            let close = quote(value, at + 1).unwrap_or(value.len());
            let next = position(value, close + 1, |byte| !byte.is_ascii_whitespace());
            if next.and_then(|next| value.get(next)) != Some(&b':') {
                leaves.push(value[at + 1..close].to_vec());
            }
            at = close + 1;
            continue;
        }
        let ends =
            |byte: u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'-' | b'+' | b'_');
        let end = position(value, at, ends).unwrap_or(value.len());
        if end - at >= SHORTEST_NUMBER {
            leaves.push(value[at..end].to_vec());
        }
        at = end.max(at + 1);
    }
    leaves
}
