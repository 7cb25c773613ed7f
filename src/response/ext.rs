//! What is done with a response most often.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Response};
use serde::de::DeserializeOwned;

use super::is_no_coding;
use super::mismatch::Reader;
use crate::base::json::{read_any, unmarked};
use crate::base::{Error, ErrorKind};

/// Reads the body of a response that is in memory.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http_hook::ResponseExt as _;
///
/// #[derive(serde::Deserialize)]
/// struct Order {
///     id: u32,
/// }
///
/// let response = http::Response::new(Bytes::from_static(br#"{"id": 7}"#));
/// let order: Order = response.json()?;
/// assert_eq!(order.id, 7);
/// assert_eq!(response.text(), r#"{"id": 7}"#);
/// # Ok::<(), http_hook::Error>(())
/// ```
pub trait ResponseExt {
    /// Reads the body as JSON, whatever its Content-Type says. Nesting is limited to 128 levels.
    ///
    /// # Errors
    ///
    /// Kind [`Body`](ErrorKind::Body). It names the place, as `$.orders[3].id`, and what was expected there, or line and column of
    /// what is no JSON, but nothing of the content: a name that the type does not name itself is `*`. It names the media type that came
    /// where that is not JSON's, and a content coding that was not [undone](crate::hook::HookBuilder). Of a body of more than
    /// 512 KiB it names line and column alone.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_hook::ResponseExt as _;
    ///
    /// #[derive(Debug, serde::Deserialize)]
    /// struct Order {
    ///     id: u32,
    /// }
    ///
    /// let response = http::Response::new(Bytes::from_static(br#"[{"id": 7}, {"id": "secret"}]"#));
    /// let error = response.json::<Vec<Order>>().unwrap_err();
    /// let says = "the answer is not the JSON expected: $[1].id: expected u32, found a string";
    /// assert_eq!(error.to_string(), says);
    /// # Ok::<(), http_hook::Error>(())
    /// ```
    fn json<T: DeserializeOwned>(&self) -> Result<T, Error>;

    /// Reads the body as text: by the charset of its Content-Type, else as the original does.
    fn text(&self) -> Cow<'_, str>;
}

impl ResponseExt for Response<Bytes> {
    fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(unmarked(self.body()))
            .map_err(|_| why_not::<T>(self.headers(), self.body()))
    }

    fn text(&self) -> Cow<'_, str> {
        crate::response::text::text(self.headers(), self.body())
    }
}

/// Of a longer body, in bytes, the place is told alone: read without its type it takes many times its size.
const MAX_REREAD: usize = 512 << 10;

/// Reads the body again, to tell why it is not the value expected.
#[cold]
fn why_not<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Error {
    if body.is_empty() {
        return Error::new(ErrorKind::Body, "the answer is not JSON: its body is empty");
    }
    if body.len() > MAX_REREAD {
        let error = serde_json::from_slice::<T>(unmarked(body)).err();
        let is_json = error.as_ref().is_none_or(serde_json::Error::is_data);
        let what = if is_json { "not the JSON expected" } else { "not JSON" };
        let at = error.map(|error| format!(" at line {} column {}", error.line(), error.column()));
        let (at, came) = (at.unwrap_or_default(), came_as(headers, !is_json));
        return Error::new(ErrorKind::Body, format!("the answer is {what}{at}{came}"));
    }
    // These texts quote nothing.
    let (value, why) = match read_any(body) {
        Ok(read) => read,
        Err(error) => {
            let came = came_as(headers, true);
            return Error::new(ErrorKind::Body, format!("the answer is not JSON: {error}{came}"));
        }
    };
    let mismatch = T::deserialize(Reader(&value)).err();
    let message = match (mismatch, why) {
        (Some(mismatch), _) => format!("the answer is not the JSON expected: {mismatch}"),
        (None, Some(error)) => format!("the answer is not the JSON expected: {error}"),
        (None, None) => "the answer is not the JSON expected".to_owned(),
    };
    Error::new(ErrorKind::Body, message + &came_as(headers, false))
}

/// Says behind a text where a JSON value is not what is expected, and what was expected there.
#[cold]
pub(crate) fn otherwise<T: DeserializeOwned>(text: &[u8]) -> String {
    let value = (text.len() <= MAX_REREAD).then(|| read_any(text).ok()).flatten();
    let mismatch = value.and_then(|(value, _)| T::deserialize(Reader(&value)).err());
    mismatch.map(|mismatch| format!(": {mismatch}")).unwrap_or_default()
}

/// Says as what a body came that is not what was expected: its media type, which of JSON is told only where the body is none, and
/// a content coding that nobody has undone.
fn came_as(headers: &HeaderMap, is_no_json: bool) -> String {
    let kind = media_type(headers).filter(|kind| is_no_json || !kind.ends_with("json"));
    let kind = kind.map(|kind| format!("; it came as {kind}")).unwrap_or_default();
    let lines = headers.get_all(CONTENT_ENCODING).iter().map(|line| line.to_str().unwrap_or("?"));
    let names = lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase());
    let coded: Vec<_> = names.filter(|name| !is_no_coding(name)).collect();
    match coded.first().map(String::as_str).filter(|_| coded.len() < 2) {
        None if coded.is_empty() => kind,
        Some(known @ ("gzip" | "x-gzip" | "deflate" | "br" | "zstd")) => {
            let cure = "`HookBuilder::decode`, with the feature `decode`, undoes that";
            format!("{kind}; it is still coded as {known}: {cure}")
        }
        _ => format!("{kind}; it is still coded, and not in a way that is known here"),
    }
}

/// Reads the media type of a Content-Type, without parameters: a name that is registered, or could be ([RFC 6838 §4.2]).
///
/// [RFC 6838 §4.2]: https://www.rfc-editor.org/rfc/rfc6838#section-4.2
fn media_type(headers: &HeaderMap) -> Option<String> {
    const TYPES: [&str; 9] =
        ["application", "audio", "font", "image", "message", "model", "multipart", "text", "video"];
    let value = String::from_utf8_lossy(headers.get(CONTENT_TYPE)?.as_bytes()).to_ascii_lowercase();
    let kind = value.split(';').next()?.trim();
    let (top, sub) = kind.split_once('/')?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
    let is_name = TYPES.contains(&top) && (1..=64).contains(&sub.len()) && sub.bytes().all(legal);
    is_name.then(|| kind.to_owned())
}
