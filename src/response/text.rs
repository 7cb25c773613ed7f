//! The body of a response as text, by its charset.
//!
//! | `Content-Type` | charset |
//! | --- | --- |
//! | names a charset | that one; UTF-8 if there is no such charset |
//! | holds `text` | ISO-8859-1 |
//! | holds `application/json` | UTF-8 |
//! | any other, or none | UTF-8 if the body is that, else ISO-8859-1; no charset is reported |
//!
//! UTF-8, ASCII and ISO-8859-1 are always there, all others with the feature `decode`. What is invalid becomes U+FFFD.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Returns the charset of a response as the header names it or the rules say; `None` if it has to be guessed.
///
/// # Examples
///
/// ```
/// use http_hook::response::text::charset;
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("content-type", "text/html; charset=\"UTF-8\"".parse()?);
/// assert_eq!(charset(&headers).as_deref(), Some("UTF-8"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn charset(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let line = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let mut parts = line.split(';');
    let kind = parts.next().unwrap_or_default().trim();
    let named = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
    });
    match named {
        Some(named) => Some(named.into()),
        None if kind.contains("text") => Some("ISO-8859-1".into()),
        None if kind.contains("application/json") => Some("utf-8".into()),
        None => None,
    }
}

/// Reads a body as text. A byte order mark stays, as recorded, but for UTF-16.
#[must_use]
pub fn text<'a>(headers: &HeaderMap, body: &'a [u8]) -> Cow<'a, str> {
    let Some(charset) = charset(headers) else {
        return match std::str::from_utf8(body) {
            Ok(text) => text.into(),
            Err(_) => latin1(body),
        };
    };
    match charset.trim().to_ascii_lowercase().as_str() {
        "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin-1" | "latin1" | "l1" => latin1(body),
        "ascii" | "us-ascii" => ascii(body),
        label => other(label, body).unwrap_or_else(|| String::from_utf8_lossy(body)),
    }
}

fn latin1(body: &[u8]) -> Cow<'_, str> {
    body.iter().map(|byte| char::from(*byte)).collect::<String>().into()
}

fn ascii(body: &[u8]) -> Cow<'_, str> {
    let replaced =
        |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER };
    body.iter().map(replaced).collect::<String>().into()
}

#[cfg(feature = "decode")]
fn other<'a>(label: &str, body: &'a [u8]) -> Option<Cow<'a, str>> {
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes())?;
    if encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE {
        return Some(encoding.decode(body).0);
    }
    Some(encoding.decode_without_bom_handling(body).0)
}

#[cfg(not(feature = "decode"))]
fn other<'a>(_: &str, _: &'a [u8]) -> Option<Cow<'a, str>> {
    None
}
