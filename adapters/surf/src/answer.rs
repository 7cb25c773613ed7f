//! surf's answer as the hook's, field by field.

use std::convert::identity;

use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use http_hook::body::Body;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use http_hook_clock::Limits;
use surf::http::headers::Headers;

use crate::body::Incoming;

/// Takes over status, headers and body.
pub(crate) fn from_surf(
    mut response: surf::Response,
    method: &Method,
    limits: Limits,
) -> Result<Response<Body>, TransportError> {
    let mut own = Response::new(Body::default());
    *own.status_mut() = StatusCode::from_u16(u16::from(response.status()))
        .map_err(|_| protocol("the status is none"))?;
    if own.status().is_informational() {
        return Err(protocol("an interim answer came as the answer"));
    }
    let headers: &Headers = response.as_ref();
    for (name, values) in headers {
        for value in values {
            // async-h1 adds a date to an answer without one, with half a header line in it.
            if name == "date" && value.as_str().ends_with("\r\n") {
                continue;
            }
            let name = HeaderName::from_bytes(name.as_str().as_bytes());
            let value = HeaderValue::from_bytes(value.as_str().as_bytes());
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(protocol("a header that is none"));
            };
            let added = own.headers_mut().try_append(name, value);
            added.map_err(|_| TransportError::new(Kind::Limit, Sent::Yes))?;
        }
    }
    let length = length(headers)?;
    let empty = method == Method::HEAD
        || matches!(own.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if empty {
        // Never read: it would not end.
        return Ok(own);
    }
    if length.is_none() && response.len() == Some(0) {
        return Err(TransportError::new(Kind::Body, Sent::Yes)
            .with_source("surf lost a body that ends with the connection"));
    }
    let body = Incoming::new(response.take_body(), length);
    Ok(own.map(|_| Body::stream(limits.body(body, identity))))
}

/// Reads how long the body has to be ([RFC 9112 §6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
fn length(headers: &Headers) -> Result<Option<u64>, TransportError> {
    if headers.get("transfer-encoding").is_some() {
        return Ok(None);
    }
    let Some(values) = headers.get("content-length") else { return Ok(None) };
    let mut lengths = values.iter().map(|value| {
        let digits = value.as_str();
        let digits = Some(digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse::<u64>().ok())
    });
    let first = lengths.next().flatten();
    let agree = first.is_some() && lengths.all(|length| length == first);
    if agree { Ok(first) } else { Err(protocol("content-length is no length")) }
}

fn protocol(why: &'static str) -> TransportError {
    TransportError::new(Kind::Protocol, Sent::Yes).with_source(why)
}
