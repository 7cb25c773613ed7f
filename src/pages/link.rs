//! The field `Link` ([RFC 8288](https://www.rfc-editor.org/rfc/rfc8288), read as its appendix B says).

use http::HeaderMap;
use http::header::LINK;

/// The most text that is read, in bytes.
const MAX: usize = 64 << 10;

/// Returns the target of the first link of this relation, as it is written.
///
/// The field may come several times, and one may hold several links. Relations are compared without regard to case, and one link may
/// have several. A link with an `anchor` is about another resource, and left out.
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
    let mut left = MAX;
    for value in headers.get_all(LINK) {
        left = left.checked_sub(value.len())?;
        let Ok(text) = std::str::from_utf8(value.as_bytes()) else { continue };
        if let Some(target) = first(text, rel) {
            return Some(target);
        }
    }
    None
}

fn first(mut text: &str, rel: &str) -> Option<String> {
    loop {
        text = text.trim_start_matches([',', ' ', '\t']);
        let (target, rest) = text.strip_prefix('<')?.split_once('>')?;
        let (mut relations, mut anchored);
        (relations, anchored, text) = parameters(rest);
        let of_it = relations.take().is_some_and(|relations| {
            relations.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case(rel))
        });
        if of_it && !std::mem::take(&mut anchored) {
            return Some(target.trim_matches([' ', '\t']).to_owned());
        }
        // What is no parameter belongs to nothing: the next link is behind the next comma.
        text = text.split_once(',')?.1;
    }
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

/// Reads a token or a quoted string, and what is behind.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        return (token.trim_end_matches([' ', '\t']).to_owned(), rest);
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, char) in quoted.char_indices() {
        match char {
            _ if escaped => {
                value.push(char);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => {
                return (value, quoted.get(at..).unwrap_or_default().get(1..).unwrap_or_default());
            }
            _ => value.push(char),
        }
    }
    (value, "")
}
