//! Values under names that sound secret: members of JSON, and pairs as in a query, a form or a text; what names them [beside](super::named),
//! [in markup](super::markup), [over lines](super::lines) and [in columns](super::tables); the user info of URLs, and that of
//! [commands](super::commands).
//!
//! Nothing is parsed: a name in quotes with a colon behind it is a member wherever it stands. So lines of JSON, JSON with
//! comments, that breaks off, or behind a byte order mark, or inside another text, are all looked into, and all else is
//! left as it is, byte by byte.

use std::ops::Range;

use http_hook::observe::sounds_secret;

use super::commands;
use super::lines;
use super::logins::logins;
use super::markup;
use super::named;
use super::pairs::Pairs;
use super::places::Places;
use super::secrets::Secrets;
use super::tables;
use super::undone::Undone;
use super::values::Values;
use super::work::Work;

/// The shortest number that is worth looking for elsewhere, in digits.
const SHORTEST_NUMBER: usize = 6;

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything.
    Text,
    /// A form: a value ends at a `&` and nowhere else.
    Form,
    /// A URL: what stands before a colon is a host.
    Url,
}

/// What was found: where it stands, and what it is.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) places: Places,
    pub(crate) secrets: Secrets,
}

/// Finds what `text` has under names that `is_secret` holds for, and user info, also where they are escaped.
pub(crate) fn find(text: &[u8], kind: Kind, is_secret: &dyn Fn(&str) -> bool) -> Found {
    let mut found = Found::default();
    let work = Work::on(text);
    let is_whole = Undone::each_level(text, |level| {
        if work.is_over() {
            return;
        }
        let place = |part| level.place(part);
        let look = Look { raw: text, text: level.bytes(), place: &place, is_secret, work: &work };
        found.places.join(look.members(&mut found.secrets));
        let pairs = Pairs { text: level.bytes(), kind, is_secret, work: &work };
        let mut places = Places::default();
        pairs.each(|value| {
            let content = &level.bytes()[value.clone()];
            leaves(content, |leaf| found.secrets.learn(true, leaf));
            found.secrets.learn(true, content);
            found.secrets.learn(true, content.trim_ascii());
            places.add(level.place(value), b"");
        });
        found.places.join(places);
        let mut places = Places::default();
        let mut parts = Vec::new();
        let mut user_info = |user_info: Range<usize>| {
            let content = &level.bytes()[user_info.clone()];
            let (login, password) = super::url::split(content, b':');
            found.secrets.learn(sounds_secret("login"), login);
            found.secrets.learn(true, password.unwrap_or_default());
            places.add(level.place(user_info), b"");
        };
        logins(level.bytes(), &mut user_info);
        commands::commands(level.bytes(), &mut user_info, &mut |value| parts.push(value));
        found.places.join(places);
        let mut show = |value: Range<usize>| parts.push(value);
        named::named(level.bytes(), is_secret, &mut show);
        markup::elements(level.bytes(), is_secret, &mut show);
        lines::lines(level.bytes(), is_secret, &mut show);
        tables::columns(level.bytes(), is_secret, &mut show);
        tables::tables(level.bytes(), is_secret, &mut show);
        tables::php(level.bytes(), is_secret, &mut show);
        let is_raw = level.bytes().as_ptr() == text.as_ptr();
        let mut places = Places::default();
        for value in outermost(parts) {
            let whole = &level.bytes()[value.clone()];
            if says_nothing(whole) {
                continue;
            }
            let content = inner(whole);
            let is_nest = is_raw && matches!(whole, [b'{' | b'[', ..]);
            // What is around a text stays.
            let value = if let [b'"', .., b'"'] | [b'\'', .., b'\''] = whole {
                value.start + 1..value.end - 1
            } else {
                value
            };
            leaves(content, |leaf| found.secrets.learn(true, leaf));
            if content.contains(&b'<') {
                markup::texts(content).for_each(|text| found.secrets.learn(true, text));
            }
            found.secrets.learn(true, content);
            places.add(level.place(value), if is_nest { b"\"" } else { b"" });
        }
        found.places.join(places);
    });
    // What is escaped more often may be anything, and so may what was not looked at.
    if !is_whole || work.is_over() {
        found.places.join(Places::all(text));
    }
    if work.is_over() {
        Undone::each_level(text, |level| {
            words(level.bytes(), |word| found.secrets.learn(true, word));
        });
    }
    found
}

/// The parts that are in no other, in their order.
fn outermost(mut parts: Vec<Range<usize>>) -> Vec<Range<usize>> {
    parts.sort_by_key(|part| (part.start, std::cmp::Reverse(part.end)));
    let mut end = 0;
    parts.retain(|part| {
        let is_out = part.end > end;
        end = end.max(part.end);
        is_out
    });
    parts
}

/// A value without what is written around it.
fn inner(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii();
    let value = value
        .strip_prefix(b"<![CDATA[")
        .map_or(value, |value| value.strip_suffix(b"]]>").unwrap_or(value));
    match value {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        value => value,
    }
}

/// One look at the text: as it is, or with its escapes undone.
struct Look<'a> {
    raw: &'a [u8],
    text: &'a [u8],
    /// Where in `raw` a part of `text` stands.
    place: &'a dyn Fn(Range<usize>) -> Range<usize>,
    is_secret: &'a dyn Fn(&str) -> bool,
    work: &'a Work,
}

impl Look<'_> {
    /// Finds members of objects. What follows the colon goes, and a text in quotes like the name's stands there instead.
    fn members(&self, secrets: &mut Secrets) -> Places {
        let mut places = Places::default();
        let look = Values::new(self.text, self.work);
        let mut from = quote(self.text, 0, b'"');
        while let Some(open) = from.filter(|_| !self.work.is_over()) {
            let Some(close) = quote(self.text, open + 1, b'"') else { break };
            // A quote that was taken for a closing one may be an opening one.
            from = Some(close);
            // The name first: a value is as long as all that is nested in it.
            let colon = look.skip_blanks(close + 1);
            if self.text.get(colon) != Some(&b':') {
                continue;
            }
            let name = String::from_utf8_lossy(&self.text[open + 1..close]);
            if !(self.is_secret)(&name) {
                continue;
            }
            let Some(value) = look.value(look.skip_blanks(colon + 1)) else { continue };
            let content = &self.text[value.clone()];
            if says_nothing(content) {
                continue;
            }
            leaves(content, |leaf| secrets.learn(true, leaf));
            let quote_of_name = (self.place)(close..close + 1);
            let whole = (self.place)(colon + 1..value.end);
            places.add(whole, self.raw.get(quote_of_name).unwrap_or(b"\""));
            from = quote(self.text, value.end, b'"');
        }
        places
    }
}

pub(super) fn position(text: &[u8], from: usize, is: impl Fn(u8) -> bool) -> Option<usize> {
    text.get(from..)?.iter().position(|byte| is(*byte)).map(|at| from + at)
}

/// The next quote that no backslash is before.
pub(super) fn quote(text: &[u8], from: usize, quote: u8) -> Option<usize> {
    let mut at = from;
    loop {
        match *text.get(at)? {
            byte if byte == quote => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Whether there is nothing in it that could be secret: no text, nothing at all, yes or no.
pub(super) fn says_nothing(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let inner = match value {
        [b'{', inner @ .., b'}']
        | [b'[', inner @ .., b']']
        | [b'"', inner @ .., b'"']
        | [b'\'', inner @ .., b'\''] => inner,
        b"null" | b"true" | b"false" => b"",
        value => value,
    };
    inner.trim_ascii().is_empty()
}

/// Shows all that a text has that could be a value, whatever its name: what stands in quotes, and between blanks and marks.
fn words(text: &[u8], mut show: impl FnMut(&[u8])) {
    leaves(text, &mut show);
    let is_mark = |byte: &u8| byte.is_ascii_whitespace() || b"\"'&;,=:<>".contains(byte);
    text.split(is_mark).for_each(show);
}

/// Shows the texts and long numbers of a value, at any depth, without the names.
fn leaves(value: &[u8], mut show: impl FnMut(&[u8])) {
    let mut at = 0;
    while let Some(byte) = value.get(at) {
        if matches!(byte, b'"' | b'\'') {
            let close = quote(value, at + 1, *byte).unwrap_or(value.len());
            let next = position(value, close + 1, |byte| !byte.is_ascii_whitespace());
            if next.and_then(|next| value.get(next)) != Some(&b':') {
                show(&value[at + 1..close]);
            }
            at = close + 1;
            continue;
        }
        let ends =
            |byte: u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'-' | b'+' | b'_');
        let end = position(value, at, ends).unwrap_or(value.len());
        if end - at >= SHORTEST_NUMBER {
            show(&value[at..end]);
        }
        at = end.max(at + 1);
    }
}
