//! Names of hosts: one normal form, so that what is checked is what a client connects to.
//!
//! | written | normal form |
//! | --- | --- |
//! | name | in lower case, without the dot at its end |
//! | IPv4 address | four decimal numbers |
//! | IPv6 address in brackets | as [RFC 5952] writes it |
//!
//! Resolvers read other numbers as addresses, too: `127.1`, `0x7f.0.0.1`, `0177.0.0.1`, `2130706433`, `127.0.0.1.`. Clients differ
//! about them, so that they are errors, which give the address in four numbers.
//!
//! [RFC 5952]: https://www.rfc-editor.org/rfc/rfc5952

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::base::{Error, ErrorKind};

/// The longest name of a host, in bytes ([RFC 1035 §2.3.4](https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4)).
const MAX_HOST: usize = 254;
const MAX_LABEL: usize = 63;

/// Returns the normal form of a host.
///
/// # Errors
///
/// Kind [`BaseUrl`](ErrorKind::BaseUrl) if it is not a name in ASCII, an IPv4 address, or an IPv6 address in brackets. The
/// message repeats nothing, but tells the address that a number stands for.
pub(crate) fn normal(host: &str) -> Result<String, Error> {
    if host.is_empty() {
        return Err(bad("there is no host"));
    }
    if let Some(inner) = host.strip_prefix('[') {
        let address = inner.strip_suffix(']').and_then(|inner| inner.parse::<Ipv6Addr>().ok());
        let address = address.ok_or_else(|| bad("not an IPv6 address in brackets"))?;
        return Ok(format!("[{address}]"));
    }
    if !host.is_ascii() {
        return Err(bad("a name that is not ASCII: write its IDNA form (xn--…)"));
    }
    if host.len() > MAX_HOST {
        return Err(bad("the name of the host is too long"));
    }
    if host.contains(':') {
        return Err(bad("more than one port, or an IPv6 address without brackets"));
    }
    if !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
        return Err(bad("a character that no name of a host has"));
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.split('.').any(|label| label.is_empty() || label.len() > MAX_LABEL) {
        return Err(bad("a part of the name is empty or longer than 63 characters"));
    }
    check_numbers(host)?;
    Ok(name.to_ascii_lowercase())
}

/// Refuses numbers that are no IPv4 address, or one in another form than four decimal numbers.
///
/// # Errors
///
/// Kind [`BaseUrl`](ErrorKind::BaseUrl), telling the address that a resolver would read.
pub(crate) fn check_numbers(host: &str) -> Result<(), Error> {
    let name = host.strip_suffix('.').unwrap_or(host);
    if !name.split('.').all(is_number) || host.parse::<Ipv4Addr>().is_ok() {
        return Ok(());
    }
    Err(match resolved(name) {
        Some(address) => Error::new(
            ErrorKind::BaseUrl,
            format!("a number that resolvers read as an address: write {address}"),
        ),
        None => bad("numbers that are no address"),
    })
}

/// Whether a host in its normal form is an address: none is a part of another one, as names are.
#[cfg(feature = "cookies")]
pub(crate) fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.rsplit('.').next().is_some_and(is_number)
}

/// Reads an address, with or without brackets; one of IPv4 that is written as IPv6 is the same.
pub(crate) fn address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse().ok(),
    }
    .map(|address| address.to_canonical())
}

/// Whether a text, as people write hosts in lists, means this host in its normal form: in any letter case, with a dot at its
/// end, an IPv6 address without brackets.
pub(crate) fn means(text: &str, host: &str) -> bool {
    if text == host {
        return true;
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return normal(&format!("[{text}]")).is_ok_and(|own| own == host);
    }
    normal(text).is_ok_and(|own| own == host)
}

/// Whether a label is a number to a resolver: decimal or octal digits, or `0x` and hexadecimal ones.
fn is_number(label: &str) -> bool {
    match hexadecimal(label) {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

fn hexadecimal(label: &str) -> Option<&str> {
    label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"))
}

/// Reads one to four numbers as `inet_aton` does: the last one fills what is left of the address.
fn resolved(name: &str) -> Option<Ipv4Addr> {
    let numbers = name.split('.').map(number).collect::<Option<Vec<_>>>()?;
    let (last, first) = numbers.split_last()?;
    let left = 4_usize.checked_sub(first.len()).filter(|left| *left > 0)?;
    let mut bits = u64::from(*last);
    if bits.checked_shr(u32::try_from(left.saturating_mul(8)).ok()?).unwrap_or(0) != 0 {
        return None;
    }
    for (place, number) in first.iter().enumerate() {
        let octet = u8::try_from(*number).ok()?;
        let shift = 24_usize.saturating_sub(place.saturating_mul(8));
        bits |= u64::from(octet).checked_shl(u32::try_from(shift).ok()?)?;
    }
    u32::try_from(bits).ok().map(Ipv4Addr::from)
}

fn number(label: &str) -> Option<u32> {
    match (hexadecimal(label), label.strip_prefix('0')) {
        (Some(""), _) | (None, Some("")) => Some(0),
        (Some(digits), _) => u32::from_str_radix(digits, 16).ok(),
        (None, Some(digits)) => u32::from_str_radix(digits, 8).ok(),
        (None, None) => label.parse().ok(),
    }
}

fn bad(message: &'static str) -> Error {
    Error::new(ErrorKind::BaseUrl, message)
}
