//! A text that is never printed.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};

use secrecy::{ExposeSecret, SecretString};

/// A text that is never printed and is overwritten when dropped.
///
/// It has no `Display` and no `Serialize`; its `Debug` is `***`. [`expose`](Secret::expose) is the one way to read it.
///
/// # Examples
///
/// ```
/// use http_hook::Secret;
///
/// let secret = Secret::new("open sesame");
/// assert_eq!(format!("{secret:?}"), "***");
/// assert_eq!(secret.expose(), "open sesame");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Keeps `text` secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// Reads the text. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl Hash for Secret {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.expose().hash(state);
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// Returns 32 hexadecimal digits of the HMAC-SHA-256 of `text` ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)): they tell
/// whether two secrets are the same, and nothing of them but to whoever guesses all of it.
pub(crate) fn keyed_digest(key: &str, text: &str) -> String {
    let sum = hmac_sha256::HMAC::mac(text.as_bytes(), key.as_bytes());
    let mut digits = String::with_capacity(32);
    for byte in sum.iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
