//! The request as reqwest takes it, if it would send it to where it was meant for.

use http::header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http::{Method, Request, Uri};
use http_hook::{Body, TransportError, check_target};
use percent_encoding::percent_decode_str;
use reqwest::Url;

use crate::body::{Outgoing, Source};
use crate::error::refused;

/// Makes reqwest's request, or says why it may not have this one.
pub(crate) fn to_reqwest(
    request: Request<Body>,
) -> Result<(reqwest::Request, Source), TransportError> {
    let (parts, body) = request.into_parts();
    let url = to_url(&parts.uri)?;
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

fn to_url(uri: &Uri) -> Result<Url, TransportError> {
    check_target(uri)?;
    let url = Url::parse(&uri.to_string()).map_err(|_| refused("the URL is not valid"))?;
    let same_host = url.host_str().zip(uri.host()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b));
    let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    if !same_host || url.port_or_known_default() != Some(uri.port_u16().unwrap_or(default)) {
        return Err(refused("reqwest would read the host as another one"));
    }
    if !same(url.path(), uri.path()) || !same(url.query().unwrap_or(""), uri.query().unwrap_or(""))
    {
        return Err(refused("reqwest would read the path as another one"));
    }
    Ok(url)
}

/// Whether two texts differ in nothing but what is escaped.
fn same(one: &str, other: &str) -> bool {
    one == other || percent_decode_str(one).eq(percent_decode_str(other))
}
