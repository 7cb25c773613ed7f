//! Hosts and origins: one normal form, whatever is read. The fuzz target compares with another reader of URLs besides.

use core::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{Response, Uri};
use http_hook::{Call, Hook, Origin, RequestPlan, Step, Timestamp};

use super::{MARKER, everything};

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));
/// Where redirects start.
pub(crate) const HOME: &str = "https://api.example.com/v1/orders";

/// The text as a URL, and as the authority of one.
pub(crate) fn origin(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for url in [text.to_owned(), format!("https://{text}/v1"), format!("http://u:{MARKER}@{text}")]
    {
        match url.parse::<Origin>() {
            Ok(origin) => check(&origin, &url),
            Err(error) => assert!(!error.to_string().contains(MARKER), "{url:?}: {error}"),
        }
    }
    if let Some(origin) = location(text) {
        check(&origin, text);
    }
}

/// What an origin is, whatever it was read from.
fn check(origin: &Origin, url: &str) {
    let again: Origin = origin.to_string().parse().expect("an origin is a URL");
    assert_eq!(&again, origin, "{url:?}");
    let written: Uri =
        format!("{}://{}/", origin.http_scheme(), origin.authority()).parse().expect("a URL");
    assert_eq!(written.host(), Some(origin.host()), "{url:?}");
    assert_eq!(
        written.port_u16().unwrap_or(if origin.http_scheme() == Scheme::HTTPS { 443 } else { 80 }),
        origin.port(),
        "{url:?}"
    );
    assert_eq!(origin.host_header().host(), origin.host(), "{url:?}");

    let host = origin.host();
    assert!(host.is_ascii() && !host.ends_with('.'), "{url:?}: {host}");
    assert_eq!(host, host.to_ascii_lowercase(), "{url:?}");
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let address: Ipv6Addr = inner.parse().expect("an address");
        assert_eq!(address.to_string(), inner, "{url:?}");
    } else if host.split('.').all(is_number) {
        assert!(host.parse::<Ipv4Addr>().is_ok(), "{url:?}: {host} is an address to resolvers");
    }
}

/// Whether resolvers take a label for a number.
pub(crate) fn is_number(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Where a redirect to `text` is followed to, if it is.
pub(crate) fn location(text: &str) -> Option<Origin> {
    let hook = Hook::to(HOME).expect("a hook").for_client(everything());
    let Step::Send { attempt, .. } =
        Call::new(&hook, RequestPlan::get(""), 7, NOW).step(&hook, NOW)
    else {
        panic!("a call is sent");
    };
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = http::StatusCode::FOUND;
    response.headers_mut().insert("location", http::HeaderValue::from_bytes(text.as_bytes()).ok()?);
    match attempt.finish(&hook, Ok(response), NOW) {
        Step::Send { request, .. } => Some(request.uri().to_string().parse().expect("an origin")),
        _ => None,
    }
}
