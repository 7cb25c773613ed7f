//! isahc's answer as the hook's.

use std::convert::identity;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Method, Response, StatusCode, response};
use http_hook::body::Body;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use http_hook_clock::Limits;
use isahc::AsyncBody;

use crate::body::Incoming;

/// Takes over head and body, and none of isahc's extensions.
pub(crate) fn from_isahc(
    response: Response<AsyncBody>,
    method: &Method,
    limits: Limits,
) -> Result<Response<Body>, TransportError> {
    let (parts, body) = response.into_parts();
    let length = length(&parts, method)?;
    let mut own = Response::new(Body::stream(limits.body(Incoming::new(body, length), identity)));
    *own.status_mut() = parts.status;
    *own.version_mut() = parts.version;
    *own.headers_mut() = parts.headers;
    Ok(own)
}

/// Reads how long the body has to be ([RFC 9112 §6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
fn length(parts: &response::Parts, method: &Method) -> Result<Option<u64>, TransportError> {
    let empty = method == Method::HEAD
        || parts.status.is_informational()
        || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if empty || parts.headers.contains_key(TRANSFER_ENCODING) {
        return Ok(None);
    }
    let Some(value) = parts.headers.get(CONTENT_LENGTH) else { return Ok(None) };
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let length = digits.and_then(|digits| digits.parse().ok());
    let wrong = || {
        TransportError::new(Kind::Protocol, Sent::Yes).with_source("content-length is no length")
    };
    length.map(Some).ok_or_else(wrong)
}
