//! What a response is worth: whether its status passes, and whether it is whole.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Response, StatusCode};

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

/// Whether a name in Content-Encoding stands for no coding: what servers put there that mean something else, a charset or an encoding of
/// MIME. curl takes `none` so; browsers and requests show a body under any of them as it is.
pub(crate) fn is_no_coding(name: &str) -> bool {
    const NONE: [&str; 9] =
        ["", "identity", "none", "utf-8", "utf8", "iso-8859-1", "binary", "8bit", "aws-chunked"];
    NONE.iter().any(|none| none.eq_ignore_ascii_case(name))
}

/// See [`transport::response_length`](crate::transport::response_length).
pub(crate) fn response_length(
    method: &Method,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<u64>, TransportError> {
    if has_no_body(method, status) {
        return Ok(Some(0));
    }
    let (mut is_chunked, mut length) = (None, None);
    // Once over all: each response is asked, and few have many.
    for (name, value) in headers {
        if *name == TRANSFER_ENCODING {
            let chunked = value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked");
            is_chunked = Some(chunked && is_chunked.is_none());
        } else if *name == CONTENT_LENGTH {
            let own = digits(value.as_bytes());
            length = Some(own.filter(|_| length.is_none_or(|other| other == own)));
        }
    }
    match (is_chunked, length) {
        (Some(false), _) => Err(protocol("the transfer coding is not chunked alone")),
        (None, Some(None)) => Err(protocol("the Content-Length is no number, or there are two")),
        (None, Some(length)) => Ok(length),
        (Some(true), _) | (None, None) => Ok(None),
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
    let length = response_length(method, status, response.headers())?;
    if length.is_none_or(|length| length == size(response.body().len()))
        || has_no_body(method, status)
    {
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
    let more = |number: u64, byte: &u8| {
        let digit = byte.wrapping_sub(b'0');
        number.checked_mul(10)?.checked_add(digit.into()).filter(|_| digit < 10)
    };
    text.iter().try_fold(0, more).filter(|_| !text.is_empty())
}
