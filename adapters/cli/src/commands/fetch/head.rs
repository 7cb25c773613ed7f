//! What the head of an answer says about the file, field by field.

use std::time::{Duration, SystemTime};

use http::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG,
    LAST_MODIFIED,
};
use http::{HeaderMap, HeaderName};

use super::part::Validator;

/// How much older than its answer a file has to be, so that its date tells one state from the next: dates are whole seconds, and
/// the clocks of two machines may differ.
const SETTLED: Duration = Duration::from_secs(60);

/// What a `Content-Range` names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Range {
    Part { first: u64, last: u64, total: Option<u64> },
    None { total: u64 },
}

/// Reads `Content-Range` ([RFC 9110 §14.4](https://www.rfc-editor.org/rfc/rfc9110#section-14.4)).
pub(super) fn range(headers: &HeaderMap) -> Result<Range, String> {
    let wrong = || "its Content-Range is wrong".to_owned();
    let mut values = headers.get_all(CONTENT_RANGE).iter();
    let Some(value) = values.next() else { return Err("it has no Content-Range".to_owned()) };
    if values.any(|other| other != value) {
        return Err("it has more than one Content-Range".to_owned());
    }
    let value = value.to_str().map_err(|_| wrong())?;
    let (unit, rest) = value.split_once(' ').ok_or_else(wrong)?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return Err("its Content-Range does not count bytes".to_owned());
    }
    let (part, total) = rest.split_once('/').ok_or_else(wrong)?;
    if part == "*" {
        return Ok(Range::None { total: digits(total).ok_or_else(wrong)? });
    }
    let (first, last) = part.split_once('-').ok_or_else(wrong)?;
    let (first, last) = (digits(first).ok_or_else(wrong)?, digits(last).ok_or_else(wrong)?);
    let total = match total {
        "*" => None,
        total => Some(digits(total).ok_or_else(wrong)?),
    };
    if first > last || total.is_some_and(|total| last >= total) {
        return Err(wrong());
    }
    Ok(Range::Part { first, last, total })
}

/// Reads `Content-Length`.
pub(super) fn length(headers: &HeaderMap) -> Result<Option<u64>, String> {
    let wrong = || "its Content-Length is wrong".to_owned();
    let mut values = headers.get_all(CONTENT_LENGTH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.any(|other| other != value) {
        return Err(wrong());
    }
    value.to_str().ok().and_then(digits).map(Some).ok_or_else(wrong)
}

/// Reads `1*DIGIT`.
fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// What tells this state of the file from all others, if anything does.
pub(super) fn validator(headers: &HeaderMap) -> Option<Validator> {
    let refuses = |value: &str| value.eq_ignore_ascii_case("none");
    if text(headers, &ACCEPT_RANGES).is_some_and(refuses) {
        return None;
    }
    if headers.contains_key(ETAG) {
        return strong_tag(headers).map(Validator::Etag);
    }
    let modified = text(headers, &LAST_MODIFIED)?;
    let (at, sent) = (date(modified)?, date(text(headers, &DATE)?)?);
    let settled = sent.duration_since(at).is_ok_and(|age| age >= SETTLED);
    settled.then(|| Validator::Date(modified.to_owned()))
}

fn date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text).ok()
}

/// Gives the entity tag if there is one, and one only, and a strong one.
pub(super) fn strong_tag(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(ETAG).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    let fits = |byte: u8| byte == b'!' || (b'#'..=b'~').contains(&byte) || byte >= 0x80;
    inner.bytes().all(fits).then(|| value.to_owned())
}

/// Gives the codings of a body that has any.
pub(super) fn coding(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let mut codings = values.flat_map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        text.split(',').map(|one| one.trim().to_owned()).collect::<Vec<_>>()
    });
    codings.find(|coding| !coding.is_empty() && coding != "identity")
}

/// Whether a body is of several parts.
pub(super) fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = text(headers, &CONTENT_TYPE).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("multipart/byteranges")
}

/// Gives the one value of a header.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok();
    if values.next().is_some() { None } else { value }
}
