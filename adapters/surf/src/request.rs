//! The request as surf takes it, field by field, if it would send it to where it was meant for.

use http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use http::{Method, Request, Uri};
use http_hook::TransportError;
use http_hook::body::Body;
use http_hook::transport::check_target;
use percent_encoding::percent_decode_str;
use surf::Url;
use surf::http::headers;

use crate::body::{Outgoing, Source};
use crate::error::refused;

/// Which of surf's clients a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// libcurl by isahc, or a client that is not known.
    Libcurl,
    /// async-h1.
    #[cfg(feature = "h1-client")]
    AsyncH1,
}

/// Makes surf's request, or says why it may not have this one.
pub(crate) fn to_surf(
    request: Request<Body>,
    over: Over,
) -> Result<(surf::Request, Source), TransportError> {
    let (mut parts, body) = request.into_parts();
    let mut own = surf::Request::new(to_method(&parts.method)?, to_url(&parts.uri)?);
    let source = Source::default();
    if !body.is_empty() {
        own.set_body(Outgoing::into_surf(body, source.clone()));
        own.remove_header("content-type"); // surf has guessed one
    }
    let bare_post = parts.method == Method::POST && !parts.headers.contains_key(CONTENT_TYPE);
    if bare_post && over == Over::Libcurl {
        // It would claim that this is a form.
        own.insert_header("content-type", "");
    }
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove(TRANSFER_ENCODING);
    for name in parts.headers.keys() {
        let values: Vec<&HeaderValue> = parts.headers.get_all(name).iter().collect();
        if over == Over::Libcurl {
            own.insert_header(name.as_str(), to_value(&joined(name, &values))?);
        } else {
            for value in values {
                own.append_header(name.as_str(), to_value(value.as_bytes())?);
            }
        }
    }
    Ok((own, source))
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
    value
        .filter(|_| bytes.iter().all(visible))
        .ok_or_else(|| refused("a header value holds a byte that is not visible ASCII"))
}

fn to_url(uri: &Uri) -> Result<Url, TransportError> {
    check_target(uri)?;
    let url = Url::parse(&uri.to_string()).map_err(|_| refused("the URL is not valid"))?;
    let same_host = url.host_str().zip(uri.host()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b));
    let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    if !same_host || url.port_or_known_default() != Some(uri.port_u16().unwrap_or(default)) {
        return Err(refused("surf would read the host as another one"));
    }
    if !same(url.path(), uri.path()) || !same(url.query().unwrap_or(""), uri.query().unwrap_or(""))
    {
        return Err(refused("surf would read the path as another one"));
    }
    Ok(url)
}

/// Whether two texts differ in nothing but what is escaped.
fn same(one: &str, other: &str) -> bool {
    one == other || percent_decode_str(one).eq(percent_decode_str(other))
}
