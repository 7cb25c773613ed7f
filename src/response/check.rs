//! What a response is worth: whether its status passes, and whether it is whole.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::base::size;
use crate::base::{Sent, TransportError, TransportErrorKind};

/// Whether a status is a failure: 400 to 599, as the original's `raise_for_status` has it.
pub(crate) fn check_failed(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// Whether a response to a `method` has no body, whatever its headers say
/// ([RFC 9112 §6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
pub(crate) fn has_no_body(method: &Method, status: StatusCode) -> bool {
    *method == Method::HEAD
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        || (*method == Method::CONNECT && status.is_success())
}

/// Whether a body comes in chunks.
///
/// # Errors
///
/// Another transfer coding, or more than one: nobody asked for it ([RFC 9110 §10.1.4](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.4)),
/// and clients read it in many ways, a cut body for a whole one among them.
pub(crate) fn is_chunked(headers: &HeaderMap) -> Result<bool, TransportError> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter().map(HeaderValue::as_bytes);
    match (codings.next(), codings.next()) {
        (None, _) => Ok(false),
        (Some(coding), None) if coding.trim_ascii().eq_ignore_ascii_case(b"chunked") => Ok(true),
        _ => Err(protocol("the transfer coding is not chunked alone")),
    }
}

/// Checks that a response can be what the server meant.
///
/// A body shorter than its Content-Length is not whole (RFC 9112 §8), whatever the client says of it. A status
/// from 100 to 199 is never final (RFC 9110 §15.2).
pub(crate) fn whole(method: &Method, response: &Response<Bytes>) -> Result<(), TransportError> {
    let status = response.status();
    if status.is_informational() {
        let source = "a status from 100 to 199 is not a final answer";
        return Err(protocol(source));
    }
    if has_no_body(method, status) || is_chunked(response.headers())? {
        return Ok(());
    }
    let mut lengths = response.headers().get_all(CONTENT_LENGTH).iter();
    let Some(first) = lengths.next() else { return Ok(()) };
    if lengths.any(|other| other != first) {
        return Err(protocol("two different Content-Length"));
    }
    let Some(length) = digits(first.as_bytes()) else {
        return Err(protocol("the Content-Length is not a number"));
    };
    if size(response.body().len()) == length {
        return Ok(());
    }
    let source = "the body is not as long as its Content-Length";
    Err(TransportError::new(TransportErrorKind::Body, Sent::Yes).with_source(source))
}

#[cold]
fn protocol(source: &'static str) -> TransportError {
    TransportError::new(TransportErrorKind::Protocol, Sent::Yes).with_source(source)
}

/// Reads `1*DIGIT`.
fn digits(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}
