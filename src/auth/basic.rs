//! Basic authentication: login and password, encoded but not hidden.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderValue;

use crate::base::Secret;
use crate::base::{Error, ErrorKind, headers};

/// Makes the value `Basic <login:password>` of an `Authorization` field ([RFC 7617]), marked as sensitive.
///
/// Both texts are encoded as Latin-1, as the original encodes them.
///
/// # Errors
///
/// [`ErrorKind::Auth`] if a character lies outside Latin-1. A colon in the login is sent as it is; the server
/// will part the two there.
///
/// [RFC 7617]: https://www.rfc-editor.org/rfc/rfc7617
pub(super) fn basic(login: &str, password: &Secret) -> Result<HeaderValue, Error> {
    let mut value = Vec::new();
    write_basic(&mut value, login, password.expose())?;
    let mut value = HeaderValue::from_maybe_shared(Bytes::from(value)).map_err(|_| no_header())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Appends the same value to a text; what it appends before an error is of no use.
///
/// # Errors
///
/// As [`basic`].
pub(crate) fn write_basic(text: &mut Vec<u8>, login: &str, password: &str) -> Result<(), Error> {
    const SCHEME: &[u8] = b"Basic ";
    // Room for both: the pair is encoded from behind the place that its encoding takes.
    let most = login.len().saturating_add(password.len()).saturating_add(1);
    let encoded = base64::encoded_len(most, true).unwrap_or(usize::MAX);
    text.reserve(SCHEME.len().saturating_add(encoded).saturating_add(most));
    text.extend_from_slice(SCHEME);
    let start = text.len();
    text.resize(start.saturating_add(encoded), 0);
    let pair = text.len();
    text.extend_from_slice(login.as_bytes());
    text.push(b':');
    text.extend_from_slice(password.as_bytes());
    if !text.get(pair..).is_some_and(<[u8]>::is_ascii) {
        text.truncate(pair);
        latin1(login, "the login", text)?;
        text.push(b':');
        latin1(password, "the password", text)?;
    }
    let (before, pair) = text.split_at_mut_checked(pair).ok_or_else(no_header)?;
    let place = before.get_mut(start..).unwrap_or_default();
    let written = STANDARD.encode_slice(&*pair, place).map_err(|_| no_header())?;
    text.truncate(start.saturating_add(written));
    Ok(())
}

/// Makes a header value that is never printed.
pub(crate) fn sensitive(text: &str) -> Result<HeaderValue, Error> {
    let mut value = headers::value(text.as_bytes()).map_err(|_| no_header())?;
    value.set_sensitive(true);
    Ok(value)
}

#[cold]
fn latin1(text: &str, what: &str, out: &mut Vec<u8>) -> Result<(), Error> {
    for character in text.chars() {
        out.push(u8::try_from(character).map_err(|_| {
            Error::new(ErrorKind::Auth, format!("{what} holds a character outside Latin-1"))
        })?);
    }
    Ok(())
}

#[cold]
fn no_header() -> Error {
    Error::new(ErrorKind::Auth, "a credential holds a character that no header may hold")
}
