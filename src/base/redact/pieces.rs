//! What of the call's own path and query may be shown and written down.
//!
//! ```text
//! /v1/orders;sid=S?page=2;token=S&next=https%3A%2F%2Fu%3AS%40h
//! open           ^ open         ^ open                        : the rest is hidden
//! ```
//!
//! Hidden is the value of a name that sounds secret, however pairs are parted, and a value in which a text of that kind, or
//! the user info of a URL, is written, escaped as often as may be.

use std::borrow::Cow;

use super::names::sounds_secret;

#[cfg(test)]
mod tests;

/// How often escapes are undone.
const MAX_LEVELS: usize = 8;

/// A piece of a path or a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// It may be shown.
    Open(&'a str),
    /// Something that may not, and the name that it stands under, if there is one.
    Hidden(&'a str),
}

/// Shows the pieces of a query of the call, in their order.
pub(crate) fn query<'a>(query: &'a str, show: &mut dyn FnMut(Piece<'a>)) {
    let mut rest = query;
    while let Some((pair, next)) = rest.split_once('&') {
        of_pair(pair, show);
        show(Piece::Open("&"));
        rest = next;
    }
    of_pair(rest, show);
}

/// To some readers a pair ends at `;`, to some at `?`. To others the value goes on to the next `&`, so all of it is hidden.
fn of_pair<'a>(pair: &'a str, show: &mut dyn FnMut(Piece<'a>)) {
    // As a form is read, all before the first mark is name.
    if pair.split_once('=').is_some_and(|(name, _)| sounds_secret(&unescaped(name))) {
        return hide_value(pair, 0, &['=', ':'], show);
    }
    let mut start = 0_usize;
    for part in pair.split_inclusive([';', '?']) {
        if tells(part, true) {
            return hide_value(pair, start, &['=', ':'], show);
        }
        start = start.saturating_add(part.len());
    }
    // User info may hold what parts pairs.
    if tells(pair, true) {
        return hide_value(pair, 0, &['=', ':'], show);
    }
    show(Piece::Open(pair));
}

/// Hides all behind the first name from `start` on, or from there on if there is no name that may be shown, or all.
fn hide_value<'a>(text: &'a str, start: usize, marks: &[char], show: &mut dyn FnMut(Piece<'a>)) {
    for start in [start, 0] {
        let (before, rest) = text.split_at_checked(start).unwrap_or(("", text));
        if let Some((name, value)) = rest.split_once(marks).filter(|(name, _)| is_name(name)) {
            let open = text.len().saturating_sub(value.len());
            let named = start.saturating_add(name.len());
            if may_show(text, named) {
                show(Piece::Open(text.get(..open).unwrap_or_default()));
                return show(Piece::Hidden(name));
            }
        }
        if may_show(text, start) {
            show(Piece::Open(before));
            return show(Piece::Hidden(""));
        }
    }
}

/// Whether what stands before a mark is a name, and not a text that tells something itself, or a word and what it is the word for.
fn is_name(name: &str) -> bool {
    let parts = |text: &str| text.trim().contains(|c: char| c.is_whitespace() || c == '+');
    !tells(name, true) && !somewhere(name, parts)
}

/// Whether the beginning of a text that is hidden may be shown: not where what is hidden may begin in it, a text in quotes, an
/// element, the user info of a URL.
fn may_show(text: &str, end: usize) -> bool {
    let (open, rest) = text.split_at_checked(end).unwrap_or(("", text));
    if open.is_empty() {
        return true;
    }
    let begins = somewhere(open, |open| open.contains(['"', '\'', '<', '{']));
    let reaches = || somewhere(rest, |rest| rest.contains('@'));
    !(begins || reaches() && somewhere(&format!("{open}@"), has_user_info))
}

/// Without any of these a path tells nothing: pairs, quotes, elements, user info and escapes have one.
const TELLING: [char; 8] = ['=', '@', '%', '"', '\'', '\\', '<', '&'];

/// Shows the pieces of a path of the call, in their order. A colon parts nothing there: it is that of `/v1/keys:rotate`.
pub(crate) fn path<'a>(path: &'a str, show: &mut dyn FnMut(Piece<'a>)) {
    if !path.contains(TELLING) {
        return show(Piece::Open(path));
    }
    let last_at = path.rfind(look(|c| c == '@'));
    let (mut before, mut is_first, mut end) = ("-", true, 0_usize);
    for segment in path.split('/') {
        if !is_first {
            show(Piece::Open("/"));
        }
        end = end.saturating_add(segment.len()).saturating_add(usize::from(!is_first));
        let may_be_host = !is_first && (before.is_empty() || before.ends_with(':'));
        (before, is_first) = (segment, false);
        if may_be_host && is_no_port(segment) && last_at.is_some_and(|at| at >= end) {
            return show(Piece::Hidden(""));
        }
        let user_info = segment.rsplit_once('@').filter(|(user_info, _)| !user_info.is_empty());
        if let Some((_, host)) = user_info.filter(|_| may_be_host) {
            show(Piece::Hidden(""));
            show(Piece::Open("@"));
            of_segment(host, show);
        } else {
            of_segment(segment, show);
        }
    }
}

fn of_segment<'a>(segment: &'a str, show: &mut dyn FnMut(Piece<'a>)) {
    let mut start = 0_usize;
    for part in segment.split_inclusive(';') {
        if tells(part, false) {
            return hide_value(segment, start, &['='], show);
        }
        start = start.saturating_add(part.len());
    }
    show(Piece::Open(segment));
}

/// Whether a text holds a value under a name that sounds secret, or the user info of a URL, also if it is escaped. A colon
/// stands between name and value where it may (`by_colon`), and behind a name in quotes.
pub(crate) fn tells(text: &str, by_colon: bool) -> bool {
    somewhere(text, |text| has_pair(text, by_colon) || has_element(text) || has_user_info(text))
}

/// Whether something holds of a text, or of what it says once its escapes are undone. What is escaped too often may say anything.
pub(crate) fn somewhere(text: &str, holds: impl Fn(&str) -> bool) -> bool {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_LEVELS {
        if holds(&text) {
            return true;
        }
        let Cow::Owned(next) = undone(&text) else { return false };
        text = Cow::Owned(next);
    }
    true
}

/// A text with its escapes undone once: those of a query, and those of what it may hold (`\u0074`, `\x74`, `\164`, `&#116;`, `%u0074`).
fn undone(text: &str) -> Cow<'_, str> {
    let text = unescaped(text);
    if !text.contains(['\\', '&', '%']) {
        return text;
    }
    let (mut new, mut rest) = (Vec::new(), text.as_ref());
    while let Some(at) = rest.find(look(|c| matches!(c, '\\' | '&' | '%'))) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        new.extend_from_slice(before.as_bytes());
        rest = if let Some((byte, after)) = escaped_byte(from) {
            new.push(byte);
            after
        } else {
            let (meant, after) = escape(from).unwrap_or_else(|| {
                let mut chars = from.chars();
                (chars.next().unwrap_or_default(), chars.as_str())
            });
            new.extend_from_slice(meant.encode_utf8(&mut [0; 4]).as_bytes());
            after
        };
    }
    new.extend_from_slice(rest.as_bytes());
    if new == text.as_bytes() { text } else { Cow::Owned(in_utf_8_or_latin_1(&new)) }
}

/// What bytes say: those of a program's escapes may be of either.
fn in_utf_8_or_latin_1(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().copied().map(char::from));
    }
    text
}

/// The byte that the escape of a program stands for which the text begins with (`\x74`, `\164`), and what follows it.
fn escaped_byte(text: &str) -> Option<(u8, &str)> {
    let rest = text.strip_prefix('\\')?;
    let (rest, count, radix) = match rest.strip_prefix('x') {
        Some(rest) => (rest, 2, 16),
        None => (rest, 3, 8),
    };
    let (digits, rest) = rest.split_at_checked(count)?;
    let is_number = digits.chars().all(|digit| digit.is_digit(radix));
    let byte = u8::from_str_radix(digits, radix).ok().filter(|_| is_number)?;
    Some((byte, rest))
}

/// Escapes that stand for one character each.
const WRITTEN: [(&str, char); 9] = [
    ("\\/", '/'),
    ("\\'", '\''),
    ("\\\"", '"'),
    ("\\\\", '\\'),
    ("&amp;", '&'),
    ("&lt;", '<'),
    ("&gt;", '>'),
    ("&quot;", '"'),
    ("&apos;", '\''),
];

/// The character that the escape stands for which the text begins with, and what follows it.
fn escape(text: &str) -> Option<(char, &str)> {
    let of_digits =
        |text: &str, radix| u32::from_str_radix(text, radix).ok().and_then(char::from_u32);
    for (lead, digits) in [("\\u", 4), ("\\x", 2), ("\\U", 8), ("%u", 4)] {
        if let Some(rest) = text.strip_prefix(lead) {
            if let Some(rest) = rest.strip_prefix('{') {
                let end = rest.find(look(|c| !c.is_ascii_hexdigit()))?;
                let (number, rest) = rest.split_at_checked(end)?;
                return Some((of_digits(number, 16)?, rest.strip_prefix('}')?));
            }
            let (number, rest) = rest.split_at_checked(digits)?;
            return of_digits(number, 16)
                .map(|c| (c, rest))
                .or_else(|| of_pair_of_units(lead, text));
        }
    }
    for (escape, meant) in WRITTEN {
        if let Some(rest) = text.strip_prefix(escape) {
            return Some((meant, rest));
        }
    }
    let rest = text.strip_prefix("&#")?;
    let (rest, radix) = match rest.strip_prefix(['x', 'X']) {
        Some(rest) => (rest, 16),
        None => (rest, 10),
    };
    let end = rest.find(look(|c| !c.is_digit(radix))).unwrap_or(rest.len());
    let (number, rest) = rest.split_at_checked(end)?;
    Some((of_digits(number, radix)?, rest.strip_prefix(';').unwrap_or(rest)))
}

/// The character beyond the first 65,536 that two escapes stand for, of JSON (`\u`) or of a form (`%u`).
fn of_pair_of_units<'a>(lead: &str, text: &'a str) -> Option<(char, &'a str)> {
    let (first, rest) = text.strip_prefix(lead)?.split_at_checked(4)?;
    let (second, rest) = rest.strip_prefix(lead)?.split_at_checked(4)?;
    let units = [first, second].map(|digits| u16::from_str_radix(digits, 16).ok());
    let units = units.into_iter().flatten();
    char::decode_utf16(units).next()?.ok().map(|c| (c, rest))
}

/// A text in a query as it is meant: an escaped letter hides no secret's name.
pub(crate) fn unescaped(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}

fn has_pair(text: &str, by_colon: bool) -> bool {
    let mut from = 0_usize;
    for (at, mark) in text.match_indices(['=', ':']) {
        let before = text.get(from..at).unwrap_or_default().trim_end();
        from = at.saturating_add(1);
        let bare = before.trim_end_matches(['"', '\'', '\\']);
        let is_quoted = bare.len() < before.len();
        if mark == ":" && !by_colon && !is_quoted {
            continue;
        }
        // In quotes all is name.
        let begin = if is_quoted {
            bare.rfind(['"', '\''])
        } else {
            // What is no letter to one reader is a part of the name to another, or nothing.
            bare.rfind(|c: char| {
                c.is_ascii_graphic() && !c.is_alphanumeric() && !"_-.%[]+".contains(c)
            })
        };
        let name = begin.and_then(|begin| bare.get(begin..)).unwrap_or(bare);
        if sounds_secret(name) || is_quoted && says_name(name) && is_named(text.get(from..)) {
            return true;
        }
    }
    false
}

/// Whether a name says that its value is the name of another: `{"name":"token","value":…}`.
fn says_name(name: &str) -> bool {
    let name = name.trim_start_matches(['"', '\'']);
    ["name", "id", "field", "parameter", "param", "header"]
        .contains(&name.to_ascii_lowercase().as_str())
}

/// Whether the text begins with a text in quotes that sounds secret.
fn is_named(text: Option<&str>) -> bool {
    let text = text.unwrap_or_default().trim_start().trim_start_matches('\\');
    let inner = text.strip_prefix(['"', '\'']).unwrap_or_default();
    let is_quote = look(|c| matches!(c, '"' | '\''));
    inner.split_once(is_quote).is_some_and(|(name, _)| sounds_secret(name))
}

/// Whether there is an element of XML whose name sounds secret, and something in it: `<token>S</token>`.
fn has_element(text: &str) -> bool {
    let mut tags = text.split('<').skip(1).peekable();
    while let Some(tag) = tags.next() {
        let end = tag.find(look(|c| matches!(c, '>' | '/') || c.is_whitespace()));
        let Some((name, rest)) = end.and_then(|end| tag.split_at_checked(end)) else { continue };
        let (inner, content) = rest.split_once(look(|c| c == '>')).unwrap_or((rest, ""));
        let nests = tags.peek().is_some_and(|next| !next.starts_with('/'));
        let holds = !inner.ends_with('/') && (nests || !content.trim().is_empty());
        if name != "p" && holds && sounds_secret(name) {
            return true;
        }
    }
    false
}

/// Whether what stands in the place of a port is none: it may be a password that holds what ends an authority.
fn is_no_port(authority: &str) -> bool {
    let is_address = authority.starts_with('[') && authority.ends_with(']');
    authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| !is_address && port.bytes().any(|byte| !byte.is_ascii_digit()))
}

/// Whether user info stands behind the slashes of a URL. To many readers a backslash is a slash, and one behind a scheme is as
/// good as two.
fn has_user_info(text: &str) -> bool {
    let is_slash = |c: char| matches!(c, '/' | '\\');
    let Some(last_at) = text.rfind(look(|c| c == '@')) else { return false };
    let mut rest = text;
    while let Some(at) = rest.find(look(is_slash)) {
        let (before, slashes) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let after = slashes.trim_start_matches(is_slash);
        let begins = before.ends_with(':') || slashes.len() > after.len().saturating_add(1);
        let ends = |c: char| is_slash(c) || c.is_whitespace() || "?#\"'<>".contains(c);
        let authority = after.split(look(ends)).next().unwrap_or_default();
        let is_before = after.len() >= text.len().saturating_sub(last_at);
        let is_cut = is_before && is_no_port(authority);
        if begins && (is_cut || authority.rfind('@').is_some_and(|at| at > 0)) {
            return true;
        }
        rest = after;
    }
    false
}

/// What a search looks for. Tests count how often it looks: a text may be gone through a few times, and not once for each of its parts.
fn look(is: impl Fn(char) -> bool) -> impl FnMut(char) -> bool {
    move |c| {
        #[cfg(test)]
        tests::LOOKED.set(tests::LOOKED.get().saturating_add(1));
        is(c)
    }
}
