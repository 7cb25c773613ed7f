//! What a header may be: one place for every header, whoever gives it.
//!
//! | rule | source |
//! | --- | --- |
//! | a name is a token | [RFC 9110 §5.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.1) |
//! | a value is visible ASCII, blanks and tabs; clients panic or differ on anything else | README, D16 |
//! | a value does not start with a blank or tab; those at its end are dropped | as the original |
//! | framing belongs to the transport: `Connection`, `Content-Length`, `Keep-Alive`, `Proxy-Connection`, `TE`, `Trailer`, `Transfer-Encoding`, `Upgrade` are refused | README, D17 |
//! | `Proxy-Authorization` and `Proxy-Authenticate` are refused: a proxy's credentials go to that proxy only | README, D17 |
//! | what a scheme or a policy adds is not `Host` either; a policy's header carries no credentials and describes no body | README, D17 |
//! | at most 256 headers, and 64 KiB of names and values together, in each request as it is sent | README, D17 |

use http::header::{AUTHORIZATION, COOKIE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::base::{Error, ErrorKind};

/// The largest number of headers of one request.
pub(crate) const MAX_HEADERS: usize = 256;

/// The largest size of all names and values of one request, in bytes.
pub(crate) const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Checks a header; `place` says where it stands, as `connection.extra` or `headers`.
///
/// The caller marks the value as sensitive if it comes from a connection.
///
/// # Errors
///
/// Kind [`Header`](ErrorKind::Header), naming the place and, if it is a token, the name, but never the value. Kind
/// [`Limit`](ErrorKind::Limit) if this header alone is too large.
pub(crate) fn check(
    name: &str,
    value: &str,
    place: &str,
) -> Result<(HeaderName, HeaderValue), Error> {
    check_bytes(name, value.as_bytes(), place)
}

/// Checks a header whose value is bytes, as [`check`] does.
///
/// # Errors
///
/// As [`check`].
pub(crate) fn check_bytes(
    name: &str,
    value: &[u8],
    place: &str,
) -> Result<(HeaderName, HeaderValue), Error> {
    parse(name, value).map_err(|fault| fault.at(place))
}

/// What is wrong with a header.
pub(crate) struct Fault {
    /// The name, if it is one. It may be secret if a connection gives it.
    name: Option<HeaderName>,
    pub(crate) kind: ErrorKind,
    /// Why, without name and value.
    pub(crate) why: &'static str,
}

impl Fault {
    /// Names the header where that tells no secret: what a connection gives as a name may be one, unless it is refused by its name.
    pub(crate) fn shown_name(&self, is_connections: bool) -> Option<&HeaderName> {
        self.name.as_ref().filter(|name| !is_connections || is_refused(name))
    }

    #[cold]
    fn at(&self, place: &str) -> Error {
        let message = match &self.name {
            Some(name) => format!("{place}: header {name}: {}", self.why),
            None => format!("{place}: {}", self.why),
        };
        Error::new(self.kind, message)
    }
}

/// Reads a header.
#[inline]
pub(crate) fn parse(name: &str, value: &[u8]) -> Result<(HeaderName, HeaderValue), Fault> {
    let bad = |name, why| Fault { name, kind: ErrorKind::Header, why };
    if name.len().saturating_add(value.len()) > MAX_HEADER_BYTES {
        let (kind, why) = (ErrorKind::Limit, "a header of more than 64 KiB");
        return Err(Fault { name: None, kind, why });
    }
    // What is no token may be anything, a secret too.
    let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
        return Err(bad(None, "a header's name that is not a token"));
    };
    if is_refused(&name) {
        let why = why_refused(name.as_str());
        return Err(bad(Some(name), why));
    }
    match self::value(value) {
        Ok(value) => Ok((name, value)),
        Err(why) => Err(bad(Some(name), why)),
    }
}

/// Makes a value, without blanks at its end: the one rule for what a header may hold, whoever gives it.
///
/// # Errors
///
/// Why it is none, without the value.
#[inline]
pub(crate) fn value(value: &[u8]) -> Result<HeaderValue, &'static str> {
    if !is_value(value) {
        return Err("a character that is not visible ASCII, blank or tab");
    }
    if matches!(value.first(), Some(b' ' | b'\t')) {
        return Err("a blank before the value");
    }
    HeaderValue::from_bytes(trimmed(value)).map_err(|_| "not a value")
}

/// Returns what a field says, be it in several lines; an empty one says nothing.
///
/// # Errors
///
/// If they differ.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a [u8]>, ()> {
    let values = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    let mut values = values.filter(|value| !value.is_empty());
    let first = values.next();
    if values.all(|other| Some(other) == first) { Ok(first) } else { Err(()) }
}

/// A value as it is sent: without blanks at its end.
#[inline]
pub(crate) fn trimmed(value: &[u8]) -> &[u8] {
    match value.last() {
        Some(last) if last.is_ascii_whitespace() => value.trim_ascii_end(),
        _ => value,
    }
}

/// Appends a name in lower case and the [trimmed] value that is `sent` behind each other, if both are what [`parse`] takes; else
/// what it appends is of no use.
#[inline]
pub(crate) fn append_clean(text: &mut Vec<u8>, name: &str, value: &[u8], sent: &[u8]) -> bool {
    let mut odd = name.is_empty() || name.len().saturating_add(value.len()) > MAX_HEADER_BYTES;
    if is_usual(name.as_bytes()) {
        text.extend_from_slice(name.as_bytes());
        let may_be = matches!(name.as_bytes().first(), Some(b'c' | b'k' | b'p' | b't' | b'u'));
        odd |= may_be && is_framing(name.as_bytes());
    } else {
        odd |= append_lower(text, name);
    }
    odd |= matches!(value.first(), Some(b' ' | b'\t'));
    odd |= !is_value(value);
    text.extend_from_slice(sent);
    !odd
}

/// Appends a name in lower case, and tells whether it is none that may be set.
#[inline(never)]
fn append_lower(text: &mut Vec<u8>, name: &str) -> bool {
    let start = text.len();
    let lower = |byte: u8| TOKEN.get(usize::from(byte)).copied().unwrap_or(NONE);
    text.extend(name.bytes().map(lower));
    text.get(start..).is_some_and(|name| name.contains(&NONE) || is_framing(name))
}

/// Whether all bytes are visible ASCII, blanks or tabs.
#[inline]
fn is_value(value: &[u8]) -> bool {
    let legal = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~');
    let odd = match value.last_chunk() {
        None => short_word(value).map_or(1, seems_odd),
        Some(last) => {
            let words = value.chunks_exact(WORD).filter_map(<[u8]>::first_chunk);
            let last = seems_odd(u64::from_le_bytes(*last));
            words.fold(last, |odd, word| odd | seems_odd(u64::from_le_bytes(*word)))
        }
    };
    odd == 0 || value.iter().all(legal)
}

/// Whether all bytes are small letters, digits or `-`, as in most names; perhaps `false` if they are.
#[inline]
fn is_usual(name: &[u8]) -> bool {
    if let (Some(first), Some(last), 0..=16) = (name.first_chunk(), name.last_chunk(), name.len()) {
        let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        return seems_unusual(first) | seems_unusual(last) == 0;
    }
    short_word(name).is_some_and(|word| seems_unusual(word) == 0)
}

/// So many bytes are looked at together.
const WORD: usize = 8;

/// All bytes of a text that is not longer than a word, some of them twice; `None` if it is too short for that, or too long.
#[inline]
fn short_word(text: &[u8]) -> Option<u64> {
    match (text.first_chunk::<4>(), text.last_chunk::<4>(), text.len()) {
        (Some(first), Some(last), 0..=WORD) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            Some(u64::from(first) | u64::from(last) << 32)
        }
        _ => None,
    }
}

/// The same byte in each place of a word.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; WORD])
}

/// The highest bit of each byte.
const HIGH: u64 = each(0x80);

/// Not 0 if there is a byte that is no visible ASCII and no blank; perhaps also if there is a tab.
const fn seems_odd(word: u64) -> u64 {
    (word | word.wrapping_sub(each(b' ')) | (word ^ each(0x7f)).wrapping_sub(each(1))) & HIGH
}

/// Has the highest bit set in each byte that is not below this one.
const fn from(low: u64, byte: u8) -> u64 {
    low.wrapping_add(each(0x80_u8.wrapping_sub(byte)))
}

/// Not 0 if there is a byte that is no small letter, no digit and no `-`.
const fn seems_unusual(word: u64) -> u64 {
    // Without the highest bits nothing is carried from one byte to the next.
    let low = word & !HIGH;
    let letter = from(low, b'a') & !from(low, b'{');
    let digit = from(low, b'0') & !from(low, b':');
    let dash = !(low ^ each(b'-')).wrapping_add(each(0x7f));
    (word | !(letter | digit | dash)) & HIGH
}

/// No byte of a text in UTF-8.
const NONE: u8 = 0xff;

/// What may stand in a token, in lower case ([RFC 9110 §5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)); [`NONE`] elsewhere.
static TOKEN: [u8; 256] = token();

#[expect(
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "worked out by the compiler, where a mistake is an error"
)]
const fn token() -> [u8; 256] {
    let mut table = [NONE; 256];
    let mut byte = 0_u8;
    loop {
        if byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
            )
        {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

/// Tells whether nobody may set this header but the transport (D17).
#[must_use]
pub(crate) fn is_refused(name: &HeaderName) -> bool {
    is_framing(name.as_str().as_bytes())
}

/// The same of a name in lower case.
#[inline(never)]
fn is_framing(name: &[u8]) -> bool {
    matches!(
        name,
        b"connection"
            | b"content-length"
            | b"keep-alive"
            | b"proxy-authenticate"
            | b"proxy-authorization"
            | b"proxy-connection"
            | b"te"
            | b"trailer"
            | b"transfer-encoding"
            | b"upgrade"
    )
}

/// Why nobody may set this header but the transport.
#[cold]
fn why_refused(name: &str) -> &'static str {
    match name {
        "proxy-authenticate" | "proxy-authorization" => {
            "only the transport may set it; login and password of a proxy belong into its URL"
        }
        "content-length" | "te" | "trailer" | "transfer-encoding" => {
            "only the transport may set it, as it frames the body"
        }
        "host" => "only the transport may set it, as the URL says",
        _ => "only the transport may set it, as it keeps the connections",
    }
}

/// Checks the name of a header that a scheme adds: none that the transport or the origin decides.
///
/// # Errors
///
/// Kind [`Header`](ErrorKind::Header), naming place and name.
pub(crate) fn check_scheme_name(name: &HeaderName, place: &str) -> Result<(), Error> {
    if is_refused(name) || *name == HOST {
        return Err(bad(format!("{place}: header {name}: {}", why_refused(name.as_str()))));
    }
    Ok(())
}

/// Checks a header that a scheme adds, as any other, and marks its value as sensitive.
///
/// # Errors
///
/// Kind [`Header`](ErrorKind::Header), naming place and name.
pub(crate) fn of_scheme(
    name: &HeaderName,
    given: &HeaderValue,
    place: &str,
) -> Result<HeaderValue, Error> {
    check_scheme_name(name, place)?;
    let mut value =
        value(given.as_bytes()).map_err(|why| bad(format!("{place}: header {name}: {why}")))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Checks the name of a header that a policy adds: besides, it may not take the place of credentials or speak of the body.
///
/// # Errors
///
/// Kind [`Header`](ErrorKind::Header), naming the place.
pub(crate) fn check_policy_name(name: &str, place: &str) -> Result<HeaderName, Error> {
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| bad(format!("{place}: a header's name that is not a token")))?;
    check_scheme_name(&name, place)?;
    if [AUTHORIZATION, COOKIE].contains(&name)
        || name == "idempotency-key"
        || name.as_str().starts_with("content-")
    {
        // Any name may follow the prefix, and a secret may stand there by mistake.
        return Err(bad(format!("{place}: the header's name means something else")));
    }
    Ok(name)
}

/// Checks that a request, with everything that any layer, scheme, jar or policy has added, keeps to [`MAX_HEADERS`] and
/// [`MAX_HEADER_BYTES`].
///
/// # Errors
///
/// Kind [`Limit`](ErrorKind::Limit).
pub(crate) fn check_room(headers: &HeaderMap) -> Result<(), Error> {
    if headers.len() > MAX_HEADERS || size_of(headers) > MAX_HEADER_BYTES {
        return Err(no_room());
    }
    Ok(())
}

/// How long the value of one more header of this name can be; `None` if there is no room for another header.
#[cfg(feature = "cookies")]
pub(crate) fn room_for(headers: &HeaderMap, name: &HeaderName) -> Option<usize> {
    let taken = size_of(headers).saturating_add(name.as_str().len());
    let left = MAX_HEADER_BYTES.checked_sub(taken)?;
    (headers.len() < MAX_HEADERS).then_some(left)
}

/// The size of all names and values, in bytes.
pub(crate) fn size_of(headers: &HeaderMap) -> usize {
    headers.iter().fold(0, |bytes, (name, value)| {
        bytes.saturating_add(name.as_str().len()).saturating_add(value.len())
    })
}

/// Whether there is certainly room for so many headers of no more than this size, so that none need be counted.
pub(crate) const fn surely_fit(count: usize, size: usize) -> bool {
    count <= MAX_HEADERS && size <= MAX_HEADER_BYTES
}

#[cold]
fn no_room() -> Error {
    Error::new(ErrorKind::Limit, "headers: more than 256, or more than 64 KiB")
}

#[cold]
fn bad(message: String) -> Error {
    Error::new(ErrorKind::Header, message)
}
