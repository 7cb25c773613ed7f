//! Requests arrive as they were given, with nothing added that means something.

use std::fmt::Debug;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method};
use http_hook::options::Capability;
use http_hook::response::Reason;
use http_hook::{Sent, TransportErrorKind as Kind};

use super::probe::{Probe, get, request};
use super::row::{Check, Checking};
use crate::server::{Reply, Seen};

/// What a client may add: it means nothing, or it belongs to the framing.
const MAY_ADD: [&str; 7] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "transfer-encoding",
    "user-agent",
];

const NONE: Vec<Vec<u8>> = Vec::new();

pub(super) fn checks() -> Vec<Check> {
    vec![
        Check::new("request-exact", None, "method, target, headers and body as given", exact),
        Check::new("request-adds-nothing", None, "no header that means something is added", bare),
        Check::new("content-type-not-invented", None, "a POST without one has none", content_type),
        Check::new("expect-not-sent", None, "a large body is sent at once", expect_not_sent),
        targets("targets", TARGETS),
        targets("targets-dot-segments", DOT_SEGMENTS),
        targets("targets-lower-case-escapes", LOWER_CASE_ESCAPES),
        Check::new("header-values-ascii", 34, "every visible character as given", ascii_values),
        Check::new("header-values-high", 34, "the bytes as given, or refused unsent", high_values),
        Check::new("header-values-blank", None, "an empty value as given", blank_values),
        Check::new("methods-with-body", None, "method and body as given", methods),
        Check::new("method-custom", None, "PURGE as given", purge).needs(Capability::CustomMethod),
        Check::new("method-query", None, "QUERY as given", query).needs(Capability::CustomMethod),
        Check::new("method-query-or-not", None, "QUERY as given, or refused unsent", query_or_not),
        Check::new("post-empty", None, "no body, and Content-Length 0 if any", post_empty),
        Check::new("user-info-not-sent", 34, "refused unsent, or left out", user_info),
        Check::new("other-schemes", 29, "refused unsent", other_schemes),
        Check::new("reason-told", None, "the reason phrase as sent", reason),
    ]
}

fn exact<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let route = probe.route([Reply::ok(b"ok")]);
        let url = format!("{}/a/b%20c?x=1&y=%C3%A9&z", route.url());
        let mut request = request(Method::POST, &url, "{\"a\": 1}\r\n\0");
        let mut given = HeaderMap::new();
        given.insert(ACCEPT, HeaderValue::from_static("application/json"));
        given.insert(AUTHORIZATION, HeaderValue::from_static("Basic dTpw"));
        given.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        given.insert(USER_AGENT, HeaderValue::from_static("suite/1"));
        given.append("x-twice", HeaderValue::from_static("one"));
        given.append("x-twice", HeaderValue::from_static("two, three; a=\"b\""));
        *request.headers_mut() = given.clone();
        probe.send(request).await.answer(200, b"ok")?;
        let seen = only(&route.requests())?;
        let line = format!("{} {}", seen.method(), seen.target());
        same("the line", line, format!("POST {}/a/b%20c?x=1&y=%C3%A9&z", route.path()))?;
        same("the body", seen.body.as_slice(), b"{\"a\": 1}\r\n\0".as_slice())?;
        same("host", seen.text("host"), Some(probe.server.addr().to_string()))?;
        for name in given.keys() {
            let own: Vec<_> = given.get_all(name).iter().map(|v| v.as_bytes().to_vec()).collect();
            same(name.as_str(), seen.header(name.as_str()), own)?;
        }
        added(&seen, &given)
    })
}

fn bare<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::POST] {
            let route = probe.route([Reply::ok(b"ok")]);
            probe.send(request(method, route.url(), "")).await.answer(200, b"ok")?;
            added(&only(&route.requests())?, &HeaderMap::new())?;
        }
        Ok(())
    })
}

fn content_type<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        for method in [Method::PUT, Method::PATCH, Method::POST] {
            let route = probe.route([Reply::ok(b"ok")]);
            probe.send(request(method, route.url(), "text")).await.answer(200, b"ok")?;
            same("content-type", only(&route.requests())?.header("content-type"), NONE)?;
        }
        Ok(())
    })
}

fn expect_not_sent<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        for method in [Method::PUT, Method::POST] {
            let route = probe.route([Reply::ok(b"ok")]);
            let body = vec![b'x'; 2 << 20];
            probe.send(request(method, route.url(), body.clone())).await.answer(200, b"ok")?;
            let seen = only(&route.requests())?;
            same("expect", seen.header("expect"), NONE)?;
            same("the body", seen.body == body, true)?;
        }
        Ok(())
    })
}

fn targets(name: &'static str, suffixes: &'static [&'static str]) -> Check {
    Check::new(name, None, "path and query byte for byte", move |probe| {
        Box::pin(async move {
            for suffix in suffixes {
                let route = probe.route([Reply::ok(b"ok")]);
                let told = probe.send(get(&format!("{}{suffix}", route.url()))).await;
                told.answer(200, b"ok").map_err(|why| format!("{suffix}: {why}"))?;
                let seen = only(&route.requests())?;
                same("the target", seen.target(), format!("{}{suffix}", route.path()))?;
            }
            Ok(())
        })
    })
}

const TARGETS: &[&str] = &[
    "",
    "/",
    "//",
    "/a//b/",
    "?",
    "?a",
    "/?a=b&a=c",
    "/%7Ea/%2F%2E%00",
    "/a;b=c,d",
    "/~!$&'()*+,;=:@",
    "/a?b=/../c?d",
    "/a.b/.c/..d",
    "/%zz",
    "?q=[]|^`{}",
];
const DOT_SEGMENTS: &[&str] = &["/a/../b", "/./a", "/a/.", "/a/.."];
const LOWER_CASE_ESCAPES: &[&str] = &["/%c3%a9", "/%2e%2e/a", "?%c3%a9"];

fn ascii_values<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let bytes: Vec<u8> = (b' '..=b'~').chain([b'\t']).collect();
        for inner in bytes.iter().map(std::slice::from_ref).chain([bytes.as_slice()]) {
            let value = [b"<", inner, b">"].concat();
            let route = probe.route([Reply::ok(b"ok")]);
            let mut request = get(route.url());
            request
                .headers_mut()
                .insert("x-value", HeaderValue::from_bytes(&value).map_err(|e| e.to_string())?);
            probe
                .send(request)
                .await
                .answer(200, b"ok")
                .map_err(|why| format!("{inner:?}: {why}"))?;
            same("x-value", only(&route.requests())?.header("x-value"), vec![value])?;
        }
        Ok(())
    })
}

fn high_values<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        for byte in 0x80..=0xff {
            let value = [b'<', byte, b'>'];
            let route = probe.route([Reply::ok(b"ok")]);
            let mut request = get(route.url());
            request
                .headers_mut()
                .insert("x-value", HeaderValue::from_bytes(&value).map_err(|e| e.to_string())?);
            let told = probe.send(request).await;
            told.agrees_with(&route.requests())?;
            match told.error() {
                Some(error) if (error.kind(), error.sent()) == (Kind::InvalidRequest, Sent::No) => {
                }
                Some(_) => return Err(format!("was told {}", told.summary())),
                None => same(
                    "x-value",
                    only(&route.requests())?.header("x-value"),
                    vec![value.to_vec()],
                )?,
            }
        }
        Ok(())
    })
}

fn blank_values<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let route = probe.route([Reply::ok(b"ok")]);
        let mut request = get(route.url());
        request.headers_mut().insert("x-empty", HeaderValue::from_static(""));
        request.headers_mut().insert("accept", HeaderValue::from_static(""));
        probe.send(request).await.answer(200, b"ok")?;
        let seen = only(&route.requests())?;
        same("x-empty", seen.header("x-empty"), vec![Vec::<u8>::new()])?;
        same("accept", seen.header("accept"), vec![Vec::<u8>::new()])
    })
}

fn methods<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        for method in
            [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS]
        {
            as_given(probe, method).await?;
        }
        Ok(())
    })
}

fn purge<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        as_given(probe, Method::from_bytes(b"PURGE").map_err(|e| e.to_string())?).await
    })
}

fn query<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move { as_given(probe, query_method()?).await })
}

/// Who does not offer it is asked nevertheless: it says so itself, before anything goes out.
fn query_or_not<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let route = probe.route([Reply::ok(b"ok")]);
        let told = probe.send(request(query_method()?, route.url(), "hello")).await;
        match (&told.head, route.requests().as_slice()) {
            (Err(error), []) if error.sent() == Sent::No => Ok(()),
            (Err(_), _) => Err(format!("was told {}", told.summary())),
            (Ok(_), seen) => same("the method", only(seen)?.method(), "QUERY".to_owned()),
        }
    })
}

fn query_method() -> Result<Method, String> {
    Method::from_bytes(b"QUERY").map_err(|error| error.to_string())
}

async fn as_given(probe: &Probe<'_>, method: Method) -> Result<(), String> {
    let route = probe.route([Reply::ok(b"ok")]);
    let told = probe.send(request(method.clone(), route.url(), "hello")).await;
    told.answer(200, b"ok").map_err(|why| format!("{method}: {why}"))?;
    let seen = only(&route.requests())?;
    same("the method", seen.method(), method.to_string())?;
    same("content-length", seen.text("content-length"), Some("5".to_owned()))?;
    same("the body", seen.body.as_slice(), b"hello")
}

fn post_empty<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let route = probe.route([Reply::ok(b"ok")]);
            probe.send(request(method.clone(), route.url(), "")).await.answer(200, b"ok")?;
            let seen = only(&route.requests())?;
            same("the method", seen.method(), method.to_string())?;
            same("transfer-encoding", seen.header("transfer-encoding"), NONE)?;
            let expected = (method != Method::DELETE).then(|| "0".to_owned());
            let length = seen.text("content-length");
            if length != expected && length.as_deref() != Some("0") {
                return Err(format!("{method} had the length {length:?}"));
            }
        }
        Ok(())
    })
}

fn user_info<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let route = probe.route([Reply::ok(b"ok")]);
        let url = route.url().replace("http://", "http://user:secret@");
        let told = probe.send(get(&url)).await;
        let text = format!("{:?} {}", told.head, told.summary());
        if text.contains("secret") {
            return Err("the error tells the password".to_owned());
        }
        match (told.error(), route.requests().as_slice()) {
            (Some(error), []) if error.sent() == Sent::No => Ok(()),
            (None, [seen]) => same("authorization", seen.header("authorization"), NONE),
            (_, seen) => Err(format!("was told {}, came as {seen:?}", told.summary())),
        }
    })
}

fn other_schemes<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        for url in
            ["ftp://127.0.0.1/", "file://localhost/etc/passwd", "gopher://127.0.0.1:1/", "/no-host"]
        {
            let told = probe.send(get(url)).await;
            match told.error() {
                Some(error) if (error.kind(), error.sent()) == (Kind::InvalidRequest, Sent::No) => {
                }
                _ => return Err(format!("{url}: was told {}", told.summary())),
            }
        }
        Ok(())
    })
}

fn reason<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let route =
            probe.route([Reply::raw("HTTP/1.1 404 Gone fishing\r\nContent-Length: 0\r\n\r\n")]);
        let told = probe.send(get(route.url())).await;
        let mut response = http::Response::new(());
        let parts = told.answer(404, b"")?;
        *response.status_mut() = parts.status;
        *response.extensions_mut() = parts.extensions.clone();
        same("the reason", Reason::of(&response).as_str(), "Gone fishing")
    })
}

fn added(seen: &Seen, given: &HeaderMap) -> Result<(), String> {
    let mut names = seen.headers().into_iter().map(|(name, _)| name);
    match names.find(|name| !given.contains_key(name) && !MAY_ADD.contains(&name.as_str())) {
        Some(name) => Err(format!("{name} was added to a {}", seen.method())),
        None => Ok(()),
    }
}

fn only(seen: &[Seen]) -> Result<Seen, String> {
    match seen {
        [one] => Ok(one.clone()),
        _ => Err(format!("came as {seen:?}")),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it reads as a table")]
fn same<T, U>(what: &str, is: T, should: U) -> Result<(), String>
where
    T: PartialEq<U> + Debug,
    U: Debug,
{
    let error = format!("{what} was {is:?}, not {should:?}");
    (is == should).then_some(()).ok_or(error)
}
