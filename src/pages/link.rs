//! The field `Link` ([RFC 8288](https://www.rfc-editor.org/rfc/rfc8288), read as its appendix B says).

use http::HeaderMap;
use http::header::LINK;

use crate::base::{Error, ErrorKind};

/// Returns the target of the first link of this relation, as it is written.
///
/// The field may come several times, and one may hold several links. Relations are compared without regard to case, and one link may
/// have several. A link with an `anchor` is about another resource, and left out; so is what is no link.
///
/// # Examples
///
/// ```
/// use http::HeaderMap;
/// use http_hook::pages::link;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("link", r#"</a?page=1>; rel="first prev", </a?page=3>; title="a, b"; REL=Next"#.parse()?);
/// assert_eq!(link(&headers, "next").as_deref(), Some("/a?page=3"));
/// assert_eq!(link(&headers, "last"), None);
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[must_use]
pub fn link(headers: &HeaderMap, rel: &str) -> Option<String> {
    find(headers, rel).0
}

/// The same, where a link of this relation that cannot be read is an error: it is not the last one.
///
/// # Errors
///
/// Kind [`Body`](ErrorKind::Body) if there is one and no other.
pub(super) fn link_or_fault(headers: &HeaderMap, rel: &str) -> Result<Option<String>, Error> {
    match find(headers, rel) {
        (None, true) => {
            let message =
                "pages: the field Link names a further page, but not so that it can be read";
            Err(Error::new(ErrorKind::Body, message))
        }
        (target, _) => Ok(target),
    }
}

/// Finds the first link of this relation, and tells whether one before it cannot be read.
fn find(headers: &HeaderMap, rel: &str) -> (Option<String>, bool) {
    let mut broken = false;
    for value in headers.get_all(LINK) {
        let text = String::from_utf8_lossy(value.as_bytes());
        if let Some(target) = first(&text, rel, &mut broken) {
            return (Some(target), broken);
        }
    }
    (None, broken)
}

fn first(mut text: &str, rel: &str, broken: &mut bool) -> Option<String> {
    let is_of = |relations: &str| {
        relations.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case(rel))
    };
    loop {
        text = text.trim_start_matches([',', ' ', '\t']);
        if text.is_empty() {
            return None;
        }
        let target = text.strip_prefix('<').and_then(target_of);
        // What is no target is as long as it says nothing of itself.
        let rest = match target {
            Some((_, rest)) => rest,
            None => text.split_at(text.find([';', ',']).unwrap_or(text.len())).1,
        };
        let (relations, anchored, behind) = parameters(rest);
        // Neither is what is no parameter: the next link is behind the next comma.
        let (odd, next) = behind.split_once(',').unwrap_or((behind, ""));
        if !anchored && relations.as_deref().is_some_and(is_of) {
            match target {
                Some((target, _)) => return Some(target.trim_matches([' ', '\t']).to_owned()),
                None => *broken = true,
            }
        }
        let odd = odd.trim_matches([' ', '\t']);
        if !odd.is_empty() && parameters(&format!(";{odd}")).0.as_deref().is_some_and(is_of) {
            *broken = true;
        }
        text = next;
    }
}

/// Reads a target, and what is behind. It is looked for no further than it can go: of many that nothing ends each is a short way.
fn target_of(text: &str) -> Option<(&str, &str)> {
    let (target, end) = text.split_at(text.find(['>', '<', '\u{fffd}'])?);
    Some((target, end.strip_prefix('>')?))
}

/// Reads parameters: the first `rel`, whether there is an `anchor`, and what is behind.
fn parameters(mut text: &str) -> (Option<String>, bool, &str) {
    let (mut rel, mut anchored) = (None, false);
    loop {
        text = text.trim_start_matches([' ', '\t']);
        let Some(rest) = text.strip_prefix(';') else { return (rel, anchored, text) };
        let rest = rest.trim_start_matches([' ', '\t']);
        let end = rest.find([' ', '\t', '=', ';', ',']).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let after = rest.trim_start_matches([' ', '\t']);
        let (value, rest) = match after.strip_prefix('=') {
            Some(value) => value_of(value.trim_start_matches([' ', '\t'])),
            None => (String::new(), after),
        };
        if name.eq_ignore_ascii_case("rel") {
            rel.get_or_insert(value);
        } else if name.eq_ignore_ascii_case("anchor") {
            anchored = true;
        }
        text = rest;
    }
}

/// Reads a token or a quoted string, and what is behind. A quote that nothing ends begins none; it is the last one of its field, for
/// what begins a quoted string could end the one before.
fn value_of(text: &str) -> (String, &str) {
    let quoted = text.strip_prefix('"');
    if let Some(read) = quoted.and_then(quoted_value) {
        return read;
    }
    let text = quoted.unwrap_or(text);
    let (token, rest) = text.split_at(text.find([';', ',']).unwrap_or(text.len()));
    (token.trim_end_matches([' ', '\t']).to_owned(), rest)
}

fn quoted_value(quoted: &str) -> Option<(String, &str)> {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, char) in quoted.char_indices() {
        match char {
            _ if escaped => {
                value.push(char);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Some((value, quoted.get(at..)?.get(1..)?)),
            _ => value.push(char),
        }
    }
    None
}
