//! Where a transport may send to.

use core::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;
use percent_encoding::percent_decode_str;

use super::errors::refused;
use crate::base::TransportError;

/// Refuses a URL that no transport may send to: one that is neither `http` nor `https`, has no host, or holds user info, which some
/// clients would send as credentials ([RFC 9110 §4.2.4](https://www.rfc-editor.org/rfc/rfc9110#section-4.2.4)), and one whose host is an
/// address in another spelling than the usual one, as `127.1`: some clients would name another host than was checked.
///
/// The machine makes no such URL; a transport can be used without it.
///
/// # Errors
///
/// Kind [`InvalidRequest`](crate::TransportErrorKind::InvalidRequest) and [`Sent::No`](crate::Sent::No), saying which of these, without the URL.
///
/// # Examples
///
/// ```
/// use http_hook::Sent;
/// use http_hook::transport::check_target;
///
/// assert!(check_target(&"https://api.example.com/a".parse()?).is_ok());
/// let error = check_target(&"https://reader:secret@api.example.com/a".parse()?).unwrap_err();
/// assert_eq!(error.sent(), Sent::No);
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
pub fn check_target(uri: &Uri) -> Result<(), TransportError> {
    let why = match (uri.scheme_str(), uri.authority()) {
        (Some("http" | "https"), Some(own)) if own.as_str().contains('@') => {
            "the URL holds user info"
        }
        (Some("http" | "https"), Some(own)) if is_odd_address(own.host()) => {
            "the host is an address in another spelling than the usual one"
        }
        (Some("http" | "https"), Some(_)) => return Ok(()),
        (Some("http" | "https"), None) => "the URL has no host",
        _ => "the URL is neither http nor https",
    };
    Err(refused(why))
}

/// Whether a host is an address, which is what one is whose last label is a number, but not written as addresses are: in four decimal
/// numbers, or as [RFC 5952](https://www.rfc-editor.org/rfc/rfc5952) says.
fn is_odd_address(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').unwrap_or(inner);
        let address = inner.parse::<Ipv6Addr>();
        return !address.is_ok_and(|own| own.to_string().eq_ignore_ascii_case(inner));
    }
    let bare = host.strip_suffix('.').unwrap_or(host);
    let last = bare.rsplit('.').next().unwrap_or_default();
    let is_number = match last.strip_prefix("0x").or_else(|| last.strip_prefix("0X")) {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
    };
    is_number && host.parse::<Ipv4Addr>().is_err()
}

/// Refuses a URL that a client reads as another one, as browsers do: `0x7f.1` is `127.0.0.1` to them, and `/a/../b` is `/b`. It may be
/// escaped otherwise. The rest is what the client has read, with the port that it takes where none is written.
///
/// # Errors
///
/// Kind [`InvalidRequest`](crate::TransportErrorKind::InvalidRequest) and [`Sent::No`](crate::Sent::No), without the URL.
///
/// # Examples
///
/// ```
/// use http_hook::transport::check_reading;
///
/// let uri = "http://api.example.com/a/../%7Bb%7D?c".parse()?;
/// let read = |path| check_reading(&uri, Some("api.example.com"), Some(80), path, Some("c"));
/// assert!(read("/a/../{b}").is_ok());
/// assert!(read("/%7Bb%7D").is_err());
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
pub fn check_reading(
    uri: &Uri,
    host: Option<&str>,
    port: Option<u16>,
    path: &str,
    query: Option<&str>,
) -> Result<(), TransportError> {
    let own_host = uri.host().unwrap_or_default();
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let own_port = uri.port_u16().unwrap_or(usual);
    if !host.is_some_and(|host| host.eq_ignore_ascii_case(own_host)) || port != Some(own_port) {
        return Err(refused("the client would read the host as another one"));
    }
    let query = query.unwrap_or_default();
    if !same(path, uri.path()) || !same(query, uri.query().unwrap_or_default()) {
        return Err(refused("the client would read the path as another one"));
    }
    Ok(())
}

/// Whether two texts differ in nothing but what is escaped.
fn same(one: &str, other: &str) -> bool {
    one == other || percent_decode_str(one).eq(percent_decode_str(other))
}
