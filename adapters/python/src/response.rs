//! Responses, made of what a client of Python's tells.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use http_hook::response::Reason;
use http_hook::{Sent, TransportError, TransportErrorKind};

/// Makes a response. Its length is not told: the client has checked it, and undone the codings.
pub(crate) fn response(
    status: u16,
    headers: &[(String, String)],
    reason: Option<&str>,
    body: Bytes,
) -> Result<Response<Bytes>, TransportError> {
    let protocol = || TransportError::new(TransportErrorKind::Protocol, Sent::Yes);
    let status = StatusCode::from_u16(status).map_err(|_| protocol())?;
    let mut all = HeaderMap::try_with_capacity(headers.len()).map_err(|_| protocol())?;
    for (name, value) in headers {
        let (Ok(name), Some(value)) = (HeaderName::from_bytes(name.as_bytes()), value_of(value))
        else {
            continue;
        };
        if name != CONTENT_LENGTH && all.try_append(name, value).is_err() {
            return Err(protocol());
        }
    }
    let mut made = Response::new(body);
    *made.status_mut() = status;
    *made.headers_mut() = all;
    if let Some(reason) = reason {
        made.extensions_mut().insert(Reason::new(reason));
    }
    Ok(made)
}

/// Python's clients read header values as Latin-1.
fn value_of(text: &str) -> Option<HeaderValue> {
    if text.is_ascii() {
        return HeaderValue::from_str(text).ok();
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|char| u8::try_from(char).ok()).collect();
    HeaderValue::from_bytes(&bytes.unwrap_or_else(|| text.as_bytes().to_vec())).ok()
}
