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
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            show(Piece::Open("/"));
        }
        let may_be_host = index > 0 && (before.is_empty() || before.ends_with(':'));
        before = segment;
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
        if has_pair(&text, by_colon) || has_user_info(&text) {
            return true;
        }
        let Cow::Owned(next) = unescaped(&text) else { return false };
        text = Cow::Owned(next);
    }
    false
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
            bare.rfind(|c: char| !c.is_alphanumeric() && !"_-.%[] +".contains(c))
        };
        let name = begin.and_then(|begin| bare.get(begin..)).unwrap_or(bare);
        if sounds_secret(name) {
            return true;
        }
    }
    false
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
        if begins && authority.rfind('@').is_some_and(|at| at > 0) {
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
        ];
        for (text, expected) in rows {
            assert_eq!(shown(|show| path(text, show)), expected, "{text}");
        }
    }
}
