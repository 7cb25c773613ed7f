//! The request as reqwest takes it, if it would send it to where it was meant for.

use http::header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http::{Method, Request};
use http_hook::TransportError;
use http_hook::body::Body;

use crate::body::{Outgoing, Source};
use crate::url::Urls;

/// Makes reqwest's request, or says why it may not have this one.
pub(crate) fn to_reqwest(
    request: Request<Body>,
    urls: &Urls,
) -> Result<(reqwest::Request, Source), TransportError> {
    let (parts, body) = request.into_parts();
    let url = urls.read(&parts.uri)?;
    let mut own = reqwest::Request::new(parts.method, url);
    *own.headers_mut() = parts.headers;
    own.headers_mut().remove(TRANSFER_ENCODING);
    own.headers_mut().remove(CONTENT_LENGTH);
    if body.is_empty() && matches!(*own.method(), Method::POST | Method::PUT | Method::PATCH) {
        own.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    let (body, source) = Outgoing::into_reqwest(body);
    *own.body_mut() = Some(body);
    Ok((own, source))
}
