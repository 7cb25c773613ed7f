//! Escaping of targets, step by step as `urllib3` and `requests` do it; the rules are a table in [`url`](super::url).
//!
//! ```text
//! path, query ─▶ cut ─▶ dots ─▶ escape each ─▶ append parameters ─▶ unescape unreserved ─▶ escape each ─▶ target
//! ```

use crate::base::url::class;
use crate::base::url::form::push_escaped;

/// What needs no change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clean {
    /// A path.
    Path,
    /// A path and a query, whose `?` is here.
    WithQuery(usize),
}

/// Checks that a path, perhaps with a query, would come out as it went in.
///
/// It is on the safe side: `None` may be said of text that would not change.
pub(crate) fn clean(text: &[u8]) -> Option<Clean> {
    let classes = class::in_text(text);
    if classes & (class::OTHER | class::PERCENT) != 0 {
        return None;
    }
    let is_query = |byte: &u8| *byte == b'?';
    let query = match classes & class::QUESTION {
        0 => None,
        _ => text.iter().position(is_query),
    };
    if classes & class::DOT != 0 {
        let path = query.and_then(|at| text.get(..at)).unwrap_or(text);
        if path.starts_with(b".") || path.windows(2).any(|pair| pair == b"/.") {
            return None;
        }
    }
    Some(query.map_or(Clean::Path, Clean::WithQuery))
}

/// Checks that parameters would come out as they went in.
pub(crate) fn clean_params(params: &str) -> bool {
    let classes = class::in_text(params.as_bytes());
    classes & class::OTHER == 0 && (classes & class::PERCENT == 0 || escapes_are_clean(params))
}

fn escapes_are_clean(text: &str) -> bool {
    text.split('%').skip(1).all(|part| {
        let mut bytes = part.bytes();
        let Some((high, low)) = bytes.next().zip(bytes.next()) else { return false };
        let upper = !high.is_ascii_lowercase() && !low.is_ascii_lowercase();
        upper && unhex(high, low).is_some_and(|byte| !is_unreserved(byte))
    })
}

/// Makes the target of a joined path and query, and of parameters.
pub(crate) fn requote(joined: &str, params: &str) -> String {
    let joined = before(joined, '#');
    let (path, query) = joined.split_once('?').unwrap_or((joined, ""));
    let mut target = escape(&remove_dots(path));
    if target.is_empty() {
        target.push('/');
    }
    let query = escape(query);
    if !query.is_empty() || !params.is_empty() {
        target.push('?');
        target.push_str(&query);
        if !query.is_empty() && !params.is_empty() {
            target.push('&');
        }
        target.push_str(params);
    }
    let target = match unescape_unreserved(&target) {
        Some(target) => quote(&target),
        None => quote(&target.replace('%', "%25")),
    };
    let target = before(&target, '#');
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut target = escape(path);
    if !query.is_empty() {
        target.push('?');
        target.push_str(&escape(query));
    }
    target
}

/// Takes `.` and `..` segments out ([RFC 3986 §5.2.4], but an empty segment counts as one to go back over).
///
/// [RFC 3986 §5.2.4]: https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4
fn remove_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    if path.starts_with('/') && kept.first().is_none_or(|first| !first.is_empty()) {
        kept.insert(0, "");
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        kept.push("");
    }
    kept.join("/")
}

/// Escapes what may not stand in a path, or in a query; a path ends before its first `?`. Escapes are kept if all of them are
/// valid, in upper case even if they are not kept.
fn escape(text: &str) -> String {
    let sign = if escapes_are_valid(text) { "%" } else { "%25" };
    let mut escaped = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '%' => {
                escaped.push_str(sign);
                if escape_is_valid(chars.as_str()) {
                    escaped.extend(chars.by_ref().take(2).map(|digit| digit.to_ascii_uppercase()));
                }
            }
            '?' => escaped.push('?'),
            char if u8::try_from(char).is_ok_and(is_kept) => escaped.push(char),
            other => push_escaped(&mut escaped, other),
        }
    }
    escaped
}

/// Escapes what may not stand in a URL at all. `%` is left, so that what a bad escape does is decided later.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for char in text.chars() {
        if "#%?[]".contains(char) || u8::try_from(char).is_ok_and(is_kept) {
            quoted.push(char);
        } else {
            push_escaped(&mut quoted, char);
        }
    }
    quoted
}

fn escapes_are_valid(text: &str) -> bool {
    text.split('%').skip(1).all(escape_is_valid)
}

fn escape_is_valid(after_sign: &str) -> bool {
    let mut bytes = after_sign.bytes();
    bytes.next().zip(bytes.next()).and_then(|(high, low)| unhex(high, low)).is_some()
}

/// Undoes escapes of unreserved characters; `None` if two letters or digits behind a `%` are no number.
pub(crate) fn unescape_unreserved(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut plain = String::with_capacity(text.len());
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let mut chars = part.chars();
        let (high, low) = (chars.next(), chars.next());
        let byte = match (high, low) {
            (Some(high), Some(low)) if high.is_alphanumeric() && low.is_alphanumeric() => {
                Some(unhex(u8::try_from(high).ok()?, u8::try_from(low).ok()?)?)
            }
            _ => None,
        };
        match byte {
            Some(byte) if is_unreserved(byte) => {
                plain.push(char::from(byte));
                plain.push_str(chars.as_str());
            }
            _ => {
                plain.push('%');
                plain.push_str(part);
            }
        }
    }
    Some(plain)
}

fn unhex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

fn is_unreserved(byte: u8) -> bool {
    class::of(byte) & class::UNRESERVED != 0
}

fn is_kept(byte: u8) -> bool {
    class::of(byte) & class::KEPT != 0
}

fn before(text: &str, end: char) -> &str {
    text.split(end).next().unwrap_or_default()
}
