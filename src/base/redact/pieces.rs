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
        return hide_value(pair, 0, show);
    }
    let mut start = 0_usize;
    for part in pair.split_inclusive([';', '?']) {
        if tells(part, true) {
            return hide_value(pair, start, show);
        }
        start = start.saturating_add(part.len());
    }
    // User info may hold what parts pairs.
    if tells(pair, true) {
        return hide_value(pair, 0, show);
    }
    show(Piece::Open(pair));
}

/// Hides all behind the first name from `start` on, or from there on if there is no name.
fn hide_value<'a>(text: &'a str, start: usize, show: &mut dyn FnMut(Piece<'a>)) {
    let (before, rest) = text.split_at_checked(start).unwrap_or(("", text));
    let Some((name, value)) = rest.split_once(['=', ':']) else {
        show(Piece::Open(before));
        return show(Piece::Hidden(""));
    };
    let open = text.len().saturating_sub(value.len());
    show(Piece::Open(text.get(..open).unwrap_or_default()));
    show(Piece::Hidden(name));
}

/// Shows the pieces of a path of the call, in their order. A colon parts nothing there: it is that of `/v1/keys:rotate`.
pub(crate) fn path<'a>(path: &'a str, show: &mut dyn FnMut(Piece<'a>)) {
    if !path.contains(['=', '@', '%']) {
        return show(Piece::Open(path));
    }
    let mut before = "-";
    let mut segments = path.split('/');
    let mut is_first = true;
    while let Some(segment) = segments.next() {
        if !is_first {
            show(Piece::Open("/"));
        }
        let may_be_host = !is_first && (before.is_empty() || before.ends_with(':'));
        (before, is_first) = (segment, false);
        if may_be_host && is_no_port(segment) && segments.clone().any(|later| later.contains('@')) {
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
            let (before, rest) = segment.split_at_checked(start).unwrap_or(("", segment));
            let Some((name, value)) = rest.split_once('=') else {
                show(Piece::Open(before));
                return show(Piece::Hidden(""));
            };
            let open = segment.len().saturating_sub(value.len());
            show(Piece::Open(segment.get(..open).unwrap_or_default()));
            return show(Piece::Hidden(name));
        }
        start = start.saturating_add(part.len());
    }
    show(Piece::Open(segment));
}

/// Whether a text holds a value under a name that sounds secret, or the user info of a URL, also if it is escaped. A colon
/// stands between name and value where it may (`by_colon`), and behind a name in quotes.
pub(crate) fn tells(text: &str, by_colon: bool) -> bool {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_LEVELS {
        if has_pair(&text, by_colon) || has_element(&text) || has_user_info(&text) {
            return true;
        }
        let Cow::Owned(next) = undone(&text) else { return false };
        text = Cow::Owned(next);
    }
    // Nobody knows what it says in the end.
    true
}

/// A text with its escapes undone once: those of a query, and those of what it may hold (`\u0074`, `\x74`, `&#116;`).
fn undone(text: &str) -> Cow<'_, str> {
    let text = unescaped(text);
    if !text.contains(['\\', '&']) {
        return text;
    }
    let (mut new, mut rest) = (String::new(), text.as_ref());
    while let Some(at) = rest.find(['\\', '&']) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        new.push_str(before);
        let (meant, after) = escape(from).unwrap_or_else(|| {
            let mut chars = from.chars();
            (chars.next().unwrap_or_default(), chars.as_str())
        });
        new.push(meant);
        rest = after;
    }
    new.push_str(rest);
    if new == *text { text } else { Cow::Owned(new) }
}

/// The character that the escape stands for which the text begins with, and what follows it.
fn escape(text: &str) -> Option<(char, &str)> {
    let of_digits =
        |text: &str, radix| u32::from_str_radix(text, radix).ok().and_then(char::from_u32);
    for (lead, digits) in [("\\u", 4), ("\\x", 2), ("\\U", 8)] {
        if let Some(rest) = text.strip_prefix(lead) {
            if let Some((number, rest)) =
                rest.strip_prefix('{').and_then(|rest| rest.split_once('}'))
            {
                return Some((of_digits(number, 16)?, rest));
            }
            let (number, rest) = rest.split_at_checked(digits)?;
            return Some((of_digits(number, 16)?, rest));
        }
    }
    let rest = text.strip_prefix("&#")?;
    let (rest, radix) = match rest.strip_prefix(['x', 'X']) {
        Some(rest) => (rest, 16),
        None => (rest, 10),
    };
    let end = rest.find(|c: char| !c.is_digit(radix)).unwrap_or(rest.len());
    let (number, rest) = rest.split_at_checked(end)?;
    Some((of_digits(number, radix)?, rest.strip_prefix(';').unwrap_or(rest)))
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
    inner.split_once(['"', '\'']).is_some_and(|(name, _)| sounds_secret(name))
}

/// Whether there is an element of XML whose name sounds secret, and something in it: `<token>S</token>`.
fn has_element(text: &str) -> bool {
    let mut tags = text.split('<').skip(1).peekable();
    while let Some(tag) = tags.next() {
        let end = tag.find(|c: char| matches!(c, '>' | '/') || c.is_whitespace());
        let Some((name, rest)) = end.and_then(|end| tag.split_at_checked(end)) else { continue };
        let (inner, content) = rest.split_once('>').unwrap_or((rest, ""));
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
    let mut rest = text;
    while let Some(at) = rest.find(is_slash) {
        let (before, slashes) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let after = slashes.trim_start_matches(is_slash);
        let begins = before.ends_with(':') || slashes.len() > after.len().saturating_add(1);
        let ends = |c: char| is_slash(c) || c.is_whitespace() || "?#\"'<>".contains(c);
        let authority = after.split(ends).next().unwrap_or_default();
        let is_cut = is_no_port(authority) && after.contains('@');
        if begins && (is_cut || authority.rfind('@').is_some_and(|at| at > 0)) {
            return true;
        }
        rest = after;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(of: impl FnOnce(&mut dyn FnMut(Piece<'_>))) -> String {
        let mut text = String::new();
        of(&mut |piece| match piece {
            Piece::Open(open) => text.push_str(open),
            Piece::Hidden(_) => text.push_str("***"),
        });
        text
    }

    #[test]
    fn what_a_query_may_tell() {
        #[rustfmt::skip]
        let rows = [
            // query                                    shown
            ("",                                        ""),
            ("page=2&q=a+b",                            "page=2&q=a+b"),
            ("since=2026-01-01T00:00:00Z",              "since=2026-01-01T00:00:00Z"),
            ("token=S&a=1",                             "token=***&a=1"),
            ("%74oken=S",                               "%74oken=***"),
            ("%2574oken=S",                             "%2574oken=***"),
            ("a=1;token=S",                             "a=1;token=***"),
            ("token=S;a=S&b=1",                         "token=***&b=1"),
            ("a=1?token=S",                             "a=1?token=***"),
            ("token:S",                                 "token:***"),
            ("a=1;token:S&b=2",                         "a=1;token:***&b=2"),
            ("a=1,token:S",                             "a=***"),
            ("a=x%26token%3DS&b",                       "a=***&b"),
            ("token%3DS",                               "***"),
            ("a=1;token%3DS",                           "a=1;***"),
            ("f={\"\\u0074oken\":\"S\"}",               "f=***"),
            ("f=%7B%22%5Cu0074oken%22%3A%22S%22%7D",    "f=***"),
            ("f=%7B%22\\u{74}oken%22%3A%22S%22%7D",     "f=***"),
            ("f=\\x74oken=S",                           "f=***"),
            ("f=%26%23116;oken%3DS",                    "f=***"),
            ("f=%26%23x74;oken%3DS",                    "f=***"),
            ("a=%25252525252525252574oken=S",           "a=***"),
            ("a=%252525252525252525252525252574oken=S", "a=***"),
            ("to%C2%ADken=S",                           "to%C2%ADken=***"),
            ("pa%C2%ADss=S&p%E2%80%8Bw=S",              "pa%C2%ADss=***&p%E2%80%8Bw=***"),
            ("to,ken=S&to/ken=S",                       "to,ken=***&to/ken=***"),
            ("token%00=S&pa%00ss=S",                    "token%00=***&pa%00ss=***"),
            ("%EF%BD%94oken=S",                         "%EF%BD%94oken=***"),
            ("%EF%BD%90%EF%BD%97=S",                    "%EF%BD%90%EF%BD%97=***"),
            ("f=<token>S</token>",                      "f=***"),
            ("f=%3Cns:password%20a%3E%3Cv%3ES%3C/v%3E", "f=***"),
            ("f=<p>open</p><token/><token></token>",    "f=<p>open</p><token/><token></token>"),
            ("f={%22name%22:%22token%22,%22value%22:%22S%22}", "f=***"),
            ("f={%22name%22:%22page%22,%22value%22:%22S%22}", "f={%22name%22:%22page%22,%22value%22:%22S%22}"),
            ("u=https://u:pa/S@h/x",                    "u=***"),
            ("u=https://u:pa%2FS@h/x",                  "u=***"),
            ("u=https://u:pa?S@h/x",                    "u=***"),
            ("u=https://h:8080/@me&v=http://[::1]/@me", "u=https://h:8080/@me&v=http://[::1]/@me"),
            ("f={%22token%22:%22S%22}",                 "f=***"),
            ("u=https://u:S@h/x",                       "u=***"),
            ("u=https%3A%2F%2Fu%3AS%40h",               "u=***"),
            ("u=https://u;x:S@h",                       "u=***"),
            ("https://u:S@h",                           "https:***"),
            ("u=https:/u@h",                            "u=***"),
            ("u=https:\\\\u@h",                         "u=***"),
            ("u=//u:S@h",                               "u=***"),
            ("u=https://h/x?token=S",                   "u=https://h/x?token=***"),
            ("u=https://h/@me&mail=a@b.test",           "u=https://h/@me&mail=a@b.test"),
            ("token",                                   "token"),
        ];
        for (text, expected) in rows {
            assert_eq!(shown(|show| query(text, show)), expected, "{text}");
        }
    }

    #[test]
    fn what_a_path_may_tell() {
        #[rustfmt::skip]
        let rows = [
            // path                                     shown
            ("/v1/orders",                              "/v1/orders"),
            ("/v1/keys:rotate/@me/a=1",                 "/v1/keys:rotate/@me/a=1"),
            ("/users/ann@h.test/x",                     "/users/ann@h.test/x"),
            ("/a;jsessionid=S/b",                       "/a;jsessionid=***/b"),
            ("/a;v=1;sid=S;x=S/b",                      "/a;v=1;sid=***/b"),
            ("/token=S/b",                              "/token=***/b"),
            ("/token%3DS/b",                            "/***/b"),
            ("/proxy/https://u:S@h/x",                  "/proxy/https://***@h/x"),
            ("/proxy/https:/u:S@h/x",                   "/proxy/https:/***@h/x"),
            ("/proxy/https%3A%2F%2Fu%3AS%40h/x",        "/proxy/***/x"),
            ("//u:S@h/x",                               "//***@h/x"),
            ("/proxy/https://u:pa/S@h/x",               "/proxy/https://***"),
            ("/proxy/https://h:80/@me/a=1",             "/proxy/https://h:80/@me/a=1"),
            ("/to%C2%ADken=S/b",                        "/to%C2%ADken=***/b"),
        ];
        for (text, expected) in rows {
            assert_eq!(shown(|show| path(text, show)), expected, "{text}");
        }
    }
}
