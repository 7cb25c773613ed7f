//! What a server asks for: the challenges of `WWW-Authenticate` and `Proxy-Authenticate`.
//!
//! ```text
//! Digest realm="api", nonce="n", Basic realm="old"   ─▶   [Digest (realm, nonce), Basic (realm)]
//! ```

use crate::base::{Error, ErrorKind};

/// The longest field value that is read, in bytes.
const MAX_BYTES: usize = 16 * 1024;
/// The most challenges in one value.
const MAX_CHALLENGES: usize = 16;
/// The most parameters of one challenge.
const MAX_PARAMETERS: usize = 32;

/// One challenge: a scheme, and either one token or named parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// The scheme in lower case, such as `digest`.
    pub scheme: String,
    /// The single token, as `Negotiate` has it.
    pub token: Option<String>,
    /// `(name in lower case, value without quotes)`, in the order written; no name comes twice.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Reads all challenges of one field value ([RFC 9110 §11.6.1]).
    ///
    /// A comma parts both challenges and parameters, so a word counts as a parameter only if `=` and a value
    /// follow. Reading takes time in proportion to the length.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`] if the value is no list of challenges, or names a parameter twice; [`ErrorKind::Limit`]
    /// past 16 KiB, 16 challenges, or 32 parameters. Such a value asks for nothing that could be answered.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::auth::Challenge;
    ///
    /// let all = Challenge::parse(br#"Digest realm="a, b", nonce=n1, Basic realm="old""#)?;
    /// assert_eq!(all[0].scheme, "digest");
    /// assert_eq!(all[0].parameter("realm"), Some("a, b"));
    /// assert_eq!(all[1].parameter("realm"), Some("old"));
    /// # Ok::<(), http_hook::Error>(())
    /// ```
    ///
    /// [RFC 9110 §11.6.1]: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
    pub fn parse(value: &[u8]) -> Result<Vec<Self>, Error> {
        if value.len() > MAX_BYTES {
            return Err(too_many("the challenge is longer than 16 KiB"));
        }
        let mut reader = Reader { rest: value };
        let mut all: Vec<Self> = Vec::new();
        loop {
            reader.skip_commas();
            if reader.rest.is_empty() {
                return Ok(all);
            }
            if let Some(last) = all.last_mut() {
                if let Some((name, value)) = reader.parameter()? {
                    last.add(name, value)?;
                    reader.end_of_item()?;
                    continue;
                }
            }
            if all.len() >= MAX_CHALLENGES {
                return Err(too_many("more than 16 challenges"));
            }
            all.push(reader.challenge()?);
            reader.end_of_item()?;
        }
    }

    /// Returns the value of a parameter by its name in lower case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn add(&mut self, name: String, value: String) -> Result<(), Error> {
        if self.token.is_some() {
            return Err(malformed());
        }
        if self.parameters.len() >= MAX_PARAMETERS {
            return Err(too_many("a challenge with more than 32 parameters"));
        }
        if self.parameter(&name).is_some() {
            return Err(malformed());
        }
        self.parameters.push((name, value));
        Ok(())
    }
}

/// Reads the parameters of `Authentication-Info` and the like: a list without a scheme.
#[cfg(feature = "digest")]
pub(crate) fn parameters(value: &[u8]) -> Result<Vec<(String, String)>, Error> {
    if value.len() > MAX_BYTES {
        return Err(too_many("the field is longer than 16 KiB"));
    }
    let mut holder = Challenge { scheme: String::new(), token: None, parameters: Vec::new() };
    let mut reader = Reader { rest: value };
    loop {
        reader.skip_commas();
        if reader.rest.is_empty() {
            return Ok(holder.parameters);
        }
        let (name, value) = reader.parameter()?.ok_or_else(malformed)?;
        holder.add(name, value)?;
        reader.end_of_item()?;
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| !wanted(*byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    fn skip(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn skip_blanks(&mut self) -> bool {
        !self.take_while(is_blank).is_empty()
    }

    fn skip_commas(&mut self) {
        self.take_while(|byte| is_blank(byte) || byte == b',');
    }

    fn end_of_item(&mut self) -> Result<(), Error> {
        self.skip_blanks();
        match self.rest.first() {
            None | Some(b',') => Ok(()),
            Some(_) => Err(malformed()),
        }
    }

    fn challenge(&mut self) -> Result<Challenge, Error> {
        let scheme = lower(self.take_while(is_token));
        if scheme.is_empty() {
            return Err(malformed());
        }
        let mut challenge = Challenge { scheme, token: None, parameters: Vec::new() };
        if self.skip_blanks() && !matches!(self.rest.first(), None | Some(b',')) {
            if let Some((name, value)) = self.parameter()? {
                challenge.add(name, value)?;
            } else {
                let token = self.take_while(is_token68);
                let padding = self.take_while(|byte| byte == b'=');
                if token.is_empty() {
                    return Err(malformed());
                }
                challenge.token = Some(text(token) + &text(padding));
            }
        }
        Ok(challenge)
    }

    /// Reads `name = value`; if there is none, nothing is taken.
    fn parameter(&mut self) -> Result<Option<(String, String)>, Error> {
        let start = self.rest;
        let name = self.take_while(is_token);
        self.skip_blanks();
        if name.is_empty() || !self.skip(b'=') {
            self.rest = start;
            return Ok(None);
        }
        self.skip_blanks();
        if self.skip(b'"') {
            return Ok(Some((lower(name), self.quoted()?)));
        }
        let value = self.take_while(is_token);
        if value.is_empty() {
            self.rest = start;
            return Ok(None);
        }
        Ok(Some((lower(name), text(value))))
    }

    /// Reads the rest of a quoted text, behind its first quote.
    fn quoted(&mut self) -> Result<String, Error> {
        let mut value = Vec::new();
        loop {
            value.extend_from_slice(self.take_while(is_text));
            match self.rest.split_first() {
                Some((b'"', rest)) => {
                    self.rest = rest;
                    return Ok(text(&value));
                }
                Some((b'\\', rest)) => match rest.split_first() {
                    Some((byte, rest)) if is_text(*byte) || matches!(byte, b'"' | b'\\') => {
                        value.push(*byte);
                        self.rest = rest;
                    }
                    _ => return Err(malformed()),
                },
                _ => return Err(malformed()),
            }
        }
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

const fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
}

/// What stands for itself between quotes: no quote, no backslash, no control character but the tab.
const fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~' | 0x80..) && !matches!(byte, b'"' | b'\\')
}

fn lower(bytes: &[u8]) -> String {
    text(&bytes.to_ascii_lowercase())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn malformed() -> Error {
    Error::new(ErrorKind::Auth, "the challenge of the server is malformed")
}

fn too_many(what: &'static str) -> Error {
    Error::new(ErrorKind::Limit, what)
}
