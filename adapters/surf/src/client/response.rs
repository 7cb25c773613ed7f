//! surf's response as the hook's, field by field.

use std::convert::identity;
use std::pin::Pin;

use futures_io::AsyncRead as _;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use http_hook::body::{Body, from_fn};
use http_hook::transport::response_length;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use http_hook_clock::Limits;
use surf::http::headers::Headers;

use super::error::of_body;

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
    let length = response_length(method, own.status(), own.headers())?;
    if length.is_none() && response.len() == Some(0) {
        return Err(TransportError::new(Kind::Body, Sent::Yes)
            .with_source("surf lost a body that ends with the connection"));
    }
    let mut body = response.take_body();
    let body = from_fn(length, move |context, buffer| {
        let read = Pin::new(&mut body).poll_read(context, buffer);
        read.map_err(|error| of_body(&error))
    });
    Ok(own.map(|_| Body::stream(limits.body(body, length, identity))))
}

fn protocol(why: &'static str) -> TransportError {
    TransportError::new(Kind::Protocol, Sent::Yes).with_source(why)
}
