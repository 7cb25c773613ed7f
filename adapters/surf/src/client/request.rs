//! The request as surf takes it, field by field, if it would send it to where it was meant for.

use http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use http::{Method, Request, Uri};
use http_hook::TransportError;
use http_hook::body::Body;
use http_hook::transport::{check_reading, check_target, refused};
use surf::Url;
use surf::http::headers;

use super::body::{self, Watch};

/// Makes surf's request, or says why it may not have this one: for async-h1, or for libcurl and clients that are not known.
pub(crate) fn to_surf(
    request: Request<Body>,
    is_for_h1: bool,
) -> Result<(surf::Request, Watch), TransportError> {
    let (mut parts, content) = request.into_parts();
    let mut own = surf::Request::new(to_method(&parts.method)?, to_url(&parts.uri)?);
    let mut watch = Watch::default();
    if is_for_h1 || !content.is_empty() {
        let body;
        (body, watch) = body::to_surf(content);
        own.set_body(body);
        own.remove_header("content-type"); // surf has guessed one
    }
    let bare_post = parts.method == Method::POST && !parts.headers.contains_key(CONTENT_TYPE);
    if bare_post && !is_for_h1 {
        // It would claim that this is a form.
        own.insert_header("content-type", "");
    }
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove(TRANSFER_ENCODING);
    parts.headers.remove(EXPECT); // libcurl would send by itself once more after 417, and on and on
    for name in parts.headers.keys() {
        let values: Vec<&HeaderValue> = parts.headers.get_all(name).iter().collect();
        if !is_for_h1 {
            own.insert_header(name.as_str(), to_value(&joined(name, &values))?);
            continue;
        }
        for value in values {
            own.append_header(name.as_str(), to_value(value.as_bytes())?);
        }
    }
    Ok((own, watch))
}

/// surf has a list of methods, and reads them without regard to case.
fn to_method(method: &Method) -> Result<surf::http::Method, TransportError> {
    let own: Option<surf::http::Method> = method.as_str().parse().ok();
    own.filter(|own| own.as_ref() == method.as_str())
        .ok_or_else(|| refused("surf does not know the method"))
}

/// Of several values surf's client for libcurl would send the last one only. As one they mean the same (RFC 9110 §5.3).
fn joined(name: &HeaderName, values: &[&HeaderValue]) -> Vec<u8> {
    let between: &[u8] = if *name == COOKIE { b"; " } else { b", " };
    let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
    values.join(between)
}

fn to_value(bytes: &[u8]) -> Result<headers::HeaderValue, TransportError> {
    let visible = |byte: &u8| *byte == b'\t' || (b' '..=b'~').contains(byte);
    let value = headers::HeaderValue::from_bytes(bytes.to_vec()).ok();
    let value = value.filter(|_| bytes.iter().all(visible));
    value.ok_or_else(|| refused("a header value holds a byte that is not visible ASCII"))
}

fn to_url(uri: &Uri) -> Result<Url, TransportError> {
    check_target(uri)?;
    let url = Url::parse(&uri.to_string()).map_err(|_| refused("the URL is not valid"))?;
    let port = url.port_or_known_default();
    check_reading(uri, url.host_str(), port, url.path(), url.query())?;
    Ok(url)
}
