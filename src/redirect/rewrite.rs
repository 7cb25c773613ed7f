//! Redirects: where to, by which method, and what may go along.
//!
//! ```text
//! status, method, body ──rewrite──▶ method, body kept or not
//! URL, Location        ──target───▶ origin, path and query, fragment
//! header of the call   ──crosses──▶ whether it may go to another origin
//! ```
//!
//! | status | method | body |
//! | --- | --- | --- |
//! | 301 | POST becomes GET | dropped |
//! | 302, 303 | all but HEAD become GET | dropped |
//! | 307, 308 | stays | kept; one that cannot be sent again is not sent at all |

use http::header::LOCATION;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Method, StatusCode};

use crate::base::url::origin::{is_scheme, split_url};
use crate::base::url::requote::{requote, unescape_unreserved};
use crate::base::{Error, ErrorKind};
use crate::base::{Origin, Scheme};
use crate::body::Payload;

/// The longest `Location` that is read, in bytes, and the longest target that is made of one.
const MAX_LOCATION: usize = 65_000;

/// Where a redirect leads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Target {
    /// Scheme, host and port.
    pub origin: Origin,
    /// Path and query as they are sent.
    pub path: PathAndQuery,
    /// The fragment, never sent; `None` means that the one of the URL before is inherited.
    pub fragment: Option<String>,
}

impl Target {
    /// Whether following would give up encryption.
    #[must_use]
    pub(crate) fn downgrades(&self, from: &Origin) -> bool {
        from.scheme() == Scheme::Https && self.origin.scheme() == Scheme::Http
    }
}

/// What becomes of method and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rewrite {
    /// The next request has this method, and the body or none.
    Follow {
        /// The method.
        method: Method,
        /// Whether the body goes along, and with it the headers that [describe](describes_body) it.
        keep_body: bool,
    },
    /// The body would have to be sent again, and cannot be: the redirect must not be followed.
    CannotReplay,
}

/// Tells what becomes of method and body, as recorded; `None` if the status is no redirect.
#[must_use]
pub(crate) fn rewrite(status: StatusCode, method: &Method, body: &Payload) -> Option<Rewrite> {
    let becomes_get = match status.as_u16() {
        301 => *method == Method::POST,
        302 | 303 => *method != Method::HEAD,
        307 | 308 if !body.is_replayable() => return Some(Rewrite::CannotReplay),
        307 | 308 => return Some(Rewrite::Follow { method: method.clone(), keep_body: true }),
        _ => return None,
    };
    let method = if becomes_get { Method::GET } else { method.clone() };
    Some(Rewrite::Follow { method, keep_body: false })
}

/// Whether a header describes the body, and so goes when the body goes ([RFC 9110 §15.4]).
///
/// [RFC 9110 §15.4]: https://www.rfc-editor.org/rfc/rfc9110#section-15.4
#[must_use]
pub(crate) fn describes_body(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("content-")
        || matches!(name, "digest" | "expect" | "repr-digest" | "trailer" | "transfer-encoding")
}

/// Whether a header that was given for a single call may go along to another origin.
///
/// Anything of the connection stays behind, whatever its name. Of the call goes what says nothing about who
/// is calling:
///
/// | header | why it may |
/// | --- | --- |
/// | `accept`, `accept-encoding`, `accept-language` | what the caller can read; without it the response is another one |
/// | `cache-control` | what a cache on the way may do |
/// | `content-encoding`, `content-language`, `content-type` | what the body is; they go only if the body goes |
/// | `range` | which part is wanted; without it a download starts at the beginning |
/// | `if-range` | of what it is a part; a `range` without it would take a part of another file for one of this |
/// | `user-agent` | which program is calling; servers refuse requests without one |
#[must_use]
pub(crate) fn crosses(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "accept"
            | "accept-encoding"
            | "accept-language"
            | "cache-control"
            | "content-encoding"
            | "content-language"
            | "content-type"
            | "if-range"
            | "range"
            | "user-agent"
    )
}

/// Reads `Location`; `None` if there is none or it is empty, which is no redirect.
///
/// # Errors
///
/// [`ErrorKind::Url`] if the field came more than once with different values: clients disagree which one counts.
pub(crate) fn location(headers: &HeaderMap) -> Result<Option<&[u8]>, Error> {
    let mut values = headers.get_all(LOCATION).iter().map(http::HeaderValue::as_bytes);
    let first = values.next();
    if values.any(|other| Some(other) != first) {
        return Err(refused("there is more than one"));
    }
    Ok(first.filter(|value| !value.is_empty()))
}

/// Resolves a `Location` against the URL that was asked for ([RFC 3986 §5], as the original does it).
///
/// | step | rule |
/// | --- | --- |
/// | text | UTF-8, without control characters, at most 65,000 bytes |
/// | escapes | escapes of unreserved characters are undone; one invalid escape makes every `%` literal |
/// | absolute | `http` and `https` only, with a host; user info is ignored |
/// | relative | resolved against origin and path of `current`; no query is inherited unless only a fragment is given |
/// | target | dot segments go, illegal characters are escaped, as in any [`BaseUrl`](crate::BaseUrl) |
///
/// # Errors
///
/// [`ErrorKind::UnsupportedScheme`] for any other scheme, [`ErrorKind::Limit`] for a text that is too long, else
/// [`ErrorKind::Url`]. The text itself is never quoted: it may hold secrets.
///
/// [RFC 3986 §5]: https://www.rfc-editor.org/rfc/rfc3986#section-5
pub(crate) fn target(
    origin: &Origin,
    current: &PathAndQuery,
    location: &[u8],
) -> Result<Target, Error> {
    if location.len() > MAX_LOCATION {
        return Err(Error::new(ErrorKind::Limit, "location: longer than 65,000 bytes"));
    }
    let text = std::str::from_utf8(location).map_err(|_| refused("not UTF-8"))?;
    if text.chars().any(char::is_control) {
        return Err(refused("there is a control character"));
    }
    let text = text.trim_matches(' ');
    let text = unescape_unreserved(text).unwrap_or_else(|| text.replace('%', "%25"));
    let (text, fragment) = match text.split_once('#') {
        Some((text, fragment)) => (text, Some(fragment).filter(|text| !text.is_empty())),
        None => (&*text, None),
    };

    let absolute = if text.starts_with("//") {
        Some(format!("{}:{text}", origin.scheme()))
    } else {
        scheme_of(text).map(|_| text.to_owned())
    };
    let (origin, joined) = match &absolute {
        Some(url) => {
            let split = split_url(url).map_err(|error| at_location(&error))?;
            (split.origin, split.rest.to_owned())
        }
        None => (origin.clone(), resolve(current, text)),
    };
    let path = requote(&joined, "");
    if path.len() > MAX_LOCATION {
        return Err(Error::new(ErrorKind::Limit, "location: longer than 65,000 bytes"));
    }
    if !path.starts_with('/') {
        return Err(refused("it does not make a URL"));
    }
    let path = PathAndQuery::try_from(path).map_err(|_| refused("it does not make a URL"))?;
    Ok(Target { origin, path, fragment: fragment.map(str::to_owned) })
}

fn scheme_of(text: &str) -> Option<&str> {
    let end = text.find([':', '/', '?'])?;
    let (scheme, rest) = text.split_at_checked(end)?;
    (rest.starts_with(':') && is_scheme(scheme)).then_some(scheme)
}

/// Resolves a reference that has neither scheme nor host ([RFC 3986 §5.2.2]).
///
/// As in the original, an empty segment vanishes where two paths are merged.
///
/// [RFC 3986 §5.2.2]: https://www.rfc-editor.org/rfc/rfc3986#section-5.2.2
fn resolve(current: &PathAndQuery, text: &str) -> String {
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    };
    let mut joined = if path.is_empty() {
        current.path().to_owned()
    } else if path.starts_with('/') {
        path.to_owned()
    } else {
        let folder = current.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut merged =
            String::with_capacity(folder.len().saturating_add(path.len()).saturating_add(1));
        let (inner, last) = path.rsplit_once('/').unwrap_or(("", path));
        for segment in
            folder.split('/').chain(inner.split('/')).filter(|segment| !segment.is_empty())
        {
            merged.push('/');
            merged.push_str(segment);
        }
        merged.push('/');
        merged.push_str(last);
        merged
    };
    let inherited = if path.is_empty() { current.query() } else { None };
    if let Some(query) = query.or(inherited) {
        joined.push('?');
        joined.push_str(query);
    }
    joined
}

fn at_location(error: &Error) -> Error {
    let kind = match error.kind() {
        ErrorKind::UnsupportedScheme => ErrorKind::UnsupportedScheme,
        _ => ErrorKind::Url,
    };
    Error::new(kind, format!("location: {error}"))
}

fn refused(why: &'static str) -> Error {
    Error::new(ErrorKind::Url, format!("location: {why}"))
}
