//! What a header may be: one place for every header that comes from a connection or a call.
//!
//! | rule | source |
//! | --- | --- |
//! | a name is a token | [RFC 9110 §5.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.1) |
//! | a value is visible ASCII, blanks and tabs; clients panic or differ on anything else | DESIGN D16 |
//! | a value does not start with a blank or tab; those at its end are dropped | recorded |
//! | framing belongs to the transport: `Connection`, `Content-Length`, `Keep-Alive`, `Proxy-Connection`, `TE`, `Trailer`, `Transfer-Encoding`, `Upgrade` are refused | DESIGN D17 |
//! | `Proxy-Authorization` and `Proxy-Authenticate` are refused: a proxy's credential goes to that proxy only | safety I19 |
//! | at most 256 headers, and 64 KiB of names and values together | safety I10 |

use http::{HeaderName, HeaderValue};

use crate::error::{Error, ErrorKind};

/// The largest number of headers of one request.
pub const MAX_HEADERS: usize = 256;

/// The largest size of all names and values of one request, in bytes.
pub const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Headers that nobody may set but the transport. They are in lower case.
const REFUSED: [&str; 10] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Checks a header; `place` says where it stands, as `connection.extra` or `headers`.
///
/// The caller marks the value as sensitive if it comes from a connection.
///
/// # Errors
///
/// Kind [`Header`](ErrorKind::Header), naming the place and, if it is a token, the name, but never the value. Kind
/// [`Limit`](ErrorKind::Limit) if this header alone is too large.
///
/// # Examples
///
/// ```
/// use http_hook::headers::check;
///
/// let (name, value) = check("X-Team", "sales", "headers")?;
/// assert_eq!((name.as_str(), value.as_bytes()), ("x-team", &b"sales"[..]));
/// let error = check("X-Team", "a\r\nX-More: b", "headers").unwrap_err();
/// assert_eq!(error.to_string(), "headers: header x-team: a character that is not visible ASCII, blank or tab");
/// # Ok::<(), http_hook::Error>(())
/// ```
pub fn check(name: &str, value: &str, place: &str) -> Result<(HeaderName, HeaderValue), Error> {
    check_bytes(name, value.as_bytes(), place)
}

/// Checks a header whose value is bytes, as [`check`] does.
///
/// # Errors
///
/// As [`check`].
pub fn check_bytes(
    name: &str,
    value: &[u8],
    place: &str,
) -> Result<(HeaderName, HeaderValue), Error> {
    if name.len().saturating_add(value.len()) > MAX_HEADER_BYTES {
        return Err(Error::new(ErrorKind::Limit, format!("{place}: a header of more than 64 KiB")));
    }
    // What is no token may be anything, a secret too.
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| bad(format!("{place}: a header's name that is not a token")))?;
    if is_refused(&name) {
        return Err(bad(format!("{place}: header {name}: only the transport may set it")));
    }
    let value = check_value(&name, value, place)?;
    Ok((name, value))
}

/// Tells whether nobody may set this header but the transport (D17).
#[must_use]
pub fn is_refused(name: &HeaderName) -> bool {
    REFUSED.contains(&name.as_str())
}

/// Checks the value of a header whose name is known to be right.
///
/// # Errors
///
/// Kind [`Header`](ErrorKind::Header), naming the place and the name, never the value.
pub(crate) fn check_value(
    name: &HeaderName,
    value: &[u8],
    place: &str,
) -> Result<HeaderValue, Error> {
    let bad_value = |why: &str| bad(format!("{place}: header {name}: {why}"));
    let legal = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~');
    if !value.iter().all(legal) {
        return Err(bad_value("a character that is not visible ASCII, blank or tab"));
    }
    if matches!(value.first(), Some(b' ' | b'\t')) {
        return Err(bad_value("a blank before the value"));
    }
    HeaderValue::from_bytes(value.trim_ascii_end()).map_err(|_| bad_value("not a value"))
}

/// Counts the headers of one request, so that too many are an error.
///
/// # Examples
///
/// ```
/// use http_hook::headers::{Room, check};
///
/// let mut room = Room::new();
/// let (name, value) = check("X-Team", "sales", "headers")?;
/// room.take(&name, &value)?;
/// # Ok::<(), http_hook::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Room {
    headers: usize,
    bytes: usize,
}

impl Room {
    /// Starts with room for [`MAX_HEADERS`] and [`MAX_HEADER_BYTES`].
    #[must_use]
    pub const fn new() -> Self {
        Self { headers: MAX_HEADERS, bytes: MAX_HEADER_BYTES }
    }

    /// Takes room for one header.
    ///
    /// # Errors
    ///
    /// Kind [`Limit`](ErrorKind::Limit) if there is none left.
    pub fn take(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), Error> {
        let size = name.as_str().len().saturating_add(value.len());
        match (self.headers.checked_sub(1), self.bytes.checked_sub(size)) {
            (Some(headers), Some(bytes)) => {
                *self = Self { headers, bytes };
                Ok(())
            }
            _ => Err(Error::new(ErrorKind::Limit, "headers: more than 256, or more than 64 KiB")),
        }
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::Header, message)
}
