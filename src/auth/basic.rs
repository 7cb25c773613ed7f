//! Basic authentication: login and password, encoded but not hidden.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

use crate::base::Secret;
use crate::base::{Error, ErrorKind};

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
    let mut pair = Vec::with_capacity(login.len().saturating_add(password.expose().len()));
    latin1(login, "the login", &mut pair)?;
    pair.push(b':');
    latin1(password.expose(), "the password", &mut pair)?;
    sensitive(&format!("Basic {}", STANDARD.encode(pair)))
}

/// Makes a header value that is never printed.
pub(crate) fn sensitive(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::new(ErrorKind::Auth, "a credential holds a character that no header may hold")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn latin1(text: &str, what: &str, out: &mut Vec<u8>) -> Result<(), Error> {
    for character in text.chars() {
        out.push(u8::try_from(character).map_err(|_| {
            Error::new(ErrorKind::Auth, format!("{what} holds a character outside Latin-1"))
        })?);
    }
    Ok(())
}
