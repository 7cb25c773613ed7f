//! Where a transport may send to.

use core::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::Scheme;
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
    if !matches!(uri.scheme(), Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS)
    {
        return Err(refused("the URL is neither http nor https"));
    }
    let Some(authority) = uri.authority() else {
        return Err(refused("the URL has no host"));
    };
    match host(authority.as_str()) {
        None => Err(refused("the URL holds user info")),
        Some(host) if is_odd_address(host) => {
            Err(refused("the host is an address in another spelling than the usual one"))
        }
        Some(_) => Ok(()),
    }
}

/// The host of an authority, unless that holds user info. Each send is asked: once over the text, for [`Uri::host`] goes over it twice.
fn host(authority: &str) -> Option<&str> {
    let (mut end, mut in_brackets) = (None, authority.starts_with('['));
    for (at, byte) in authority.bytes().enumerate() {
        match byte {
            b'@' => return None,
            b']' if in_brackets => (end, in_brackets) = (Some(at.saturating_add(1)), false),
            b':' if !in_brackets => end = end.or(Some(at)),
            _ => {}
        }
    }
    authority.get(..end.unwrap_or(authority.len()))
}

/// Whether a host is an address, which is what one is whose last label is a number, but not written as addresses are: in four decimal
/// numbers, or as [RFC 5952](https://www.rfc-editor.org/rfc/rfc5952) says.
fn is_odd_address(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').unwrap_or(inner);
        let address = inner.parse::<Ipv6Addr>();
        return !address.is_ok_and(|own| own.to_string().eq_ignore_ascii_case(inner));
    }
    let bare = host.as_bytes();
    let bare = bare.strip_suffix(b".").unwrap_or(bare);
    let last = bare.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let is_number = match last {
        [b'0', b'x' | b'X', digits @ ..] => digits.iter().all(u8::is_ascii_hexdigit),
        digits => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
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

#[cfg(test)]
mod tests {
    use http::uri::Authority;
    use proptest::prelude::*;

    use super::host;

    proptest! {
        #[test]
        fn the_host_is_that_of_the_authority(text in r"([a:@\[\]]|[a-c.]{1,3}|\[(::)?1?\]|:[0-9]{0,3}){1,5}") {
            if let Ok(authority) = text.parse::<Authority>() {
                let has_user_info = text.contains('@');
                prop_assert_eq!(host(&text), (!has_user_info).then(|| authority.host()));
            }
        }
    }
}
