//! The request as reqwest takes it, if it would send it to where it was meant for.

use http::Request;
use http_hook::TransportError;
use http_hook::body::{Body, Exact, SourceWatch};
use http_hook::transport::leave_framing;

use super::url::Urls;

/// Makes reqwest's request, or says why it may not have this one.
pub(crate) fn to_reqwest(
    request: Request<Body>,
    urls: &Urls,
) -> Result<(reqwest::Request, SourceWatch), TransportError> {
    let (mut parts, body) = request.into_parts();
    let url = urls.read(&parts.uri)?;
    leave_framing(&mut parts.headers, &parts.method, body.is_empty());
    let mut own = reqwest::Request::new(parts.method, url);
    *own.headers_mut() = parts.headers;
    let (body, source) = to_body(body);
    *own.body_mut() = Some(body);
    Ok((own, source))
}

fn to_body(body: Body) -> (reqwest::Body, SourceWatch) {
    match body {
        body if body.is_empty() => (reqwest::Body::default(), SourceWatch::default()),
        Body::Bytes(bytes) => (bytes.into(), SourceWatch::default()),
        body => {
            let exact = Exact::new(body);
            let source = exact.watch();
            (reqwest::Body::wrap(exact), source)
        }
    }
}
