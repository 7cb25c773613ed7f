//! What a server asks for: the challenges of `WWW-Authenticate` and `Proxy-Authenticate`.
//!
//! ```text
//! Digest realm="api", nonce="n", Basic realm="old"   ─▶   [Digest (realm, nonce), Basic (realm)]
//! ```

use std::ops::Range;

use crate::base::{Error, ErrorKind};

/// The longest field value that is read, in bytes.
const MAX_BYTES: usize = 16 * 1024;
/// The most challenges in one value.
const MAX_CHALLENGES: usize = 16;
/// The most parameters of one challenge.
const MAX_PARAMETERS: usize = 32;
/// The parameters that have to be read for a challenge to be answered.
const NEEDED: [&str; 2] = ["realm", "nonce"];

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
    /// A comma parts both challenges and parameters, so a word counts as a parameter only if `=` follows. What servers write
    /// beside the grammar is read where it can mean one thing only: a value without quotes reaches to the next comma and may
    /// be empty, a comma behind a quoted value may be missing, and of a parameter that comes twice the last one counts, but
    /// for `realm` and `nonce`, which have to agree. A challenge that cannot be read is left out, and the others stay.
    /// Reading takes time in proportion to the length.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`] if there is something, but no challenge that can be read; [`ErrorKind::Limit`]
    /// past 16 KiB, 16 challenges, or 32 parameters. Such a value asks for nothing that could be answered.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::auth::Challenge;
    ///
    /// let all = Challenge::parse(br#"Digest realm="a, b", nonce=n1==, Basic realm="old""#)?;
    /// assert_eq!(all[0].scheme, "digest");
    /// assert_eq!(all[0].parameter("realm"), Some("a, b"));
    /// assert_eq!(all[0].parameter("nonce"), Some("n1=="));
    /// assert_eq!(all[1].parameter("realm"), Some("old"));
    /// # Ok::<(), http_hook::Error>(())
    /// ```
    ///
    /// [RFC 9110 §11.6.1]: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
    pub fn parse(value: &[u8]) -> Result<Vec<Self>, Error> {
        if value.len() > MAX_BYTES {
            return Err(too_many("the challenge is longer than 16 KiB"));
        }
        let mut reader = Reader::new(value);
        let mut all: Vec<Option<Self>> = Vec::new();
        loop {
            reader.skip_commas();
            if reader.rest.is_empty() {
                break;
            }
            if let Some(last) = all.last_mut() {
                if let Some((name, value)) = reader.parameter() {
                    if let Some(own) = last {
                        if !own.add(name, value)? {
                            *last = None;
                        }
                    }
                    continue;
                }
                if last.as_mut().is_some_and(|last| reader.more_of_qop(last)) {
                    continue;
                }
            }
            if all.len() >= MAX_CHALLENGES {
                return Err(too_many("more than 16 challenges"));
            }
            all.push(reader.challenge());
        }
        let some = !all.is_empty();
        let all: Vec<_> = all.into_iter().flatten().collect();
        if some && all.is_empty() { Err(malformed()) } else { Ok(all) }
    }

    /// Returns the value of a parameter by its name in lower case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Takes a parameter, and tells whether the challenge can still be answered.
    fn add(&mut self, name: String, value: Option<String>) -> Result<bool, Error> {
        if self.token.is_some() {
            return Ok(false);
        }
        let needed = NEEDED.contains(&name.as_str());
        let Some(value) = value else { return Ok(!needed) };
        if let Some((_, own)) = self.parameters.iter_mut().find(|(own, _)| *own == name) {
            let agree = *own == value;
            *own = value;
            return Ok(agree || !needed);
        }
        if self.parameters.len() >= MAX_PARAMETERS {
            return Err(too_many("a challenge with more than 32 parameters"));
        }
        self.parameters.push((name, value));
        Ok(true)
    }
}

/// Reads the parameters of `Authentication-Info` and the like: a list without a scheme. What cannot be read is left out.
#[cfg(feature = "digest")]
pub(crate) fn parameters(value: &[u8]) -> Result<Vec<(String, String)>, Error> {
    if value.len() > MAX_BYTES {
        return Err(too_many("the field is longer than 16 KiB"));
    }
    let mut holder = Challenge { scheme: String::new(), token: None, parameters: Vec::new() };
    let mut reader = Reader::new(value);
    loop {
        reader.skip_commas();
        if reader.rest.is_empty() {
            return Ok(holder.parameters);
        }
        match reader.parameter() {
            Some((name, value)) => {
                holder.add(name, value)?;
            }
            None => reader.skip_item(),
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    /// How much is left at the quotes of which it is known that they stay open: each is looked behind once.
    open: Range<usize>,
}

impl<'a> Reader<'a> {
    const fn new(rest: &'a [u8]) -> Self {
        Self { rest, open: 0..0 }
    }

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

    /// Skips what is left of an element of the list: up to the next comma that stands in no quotes.
    fn skip_item(&mut self) {
        loop {
            self.take_while(|byte| !matches!(byte, b',' | b'"'));
            if !self.skip(b'"') {
                return;
            }
            // A quote that stays open is a character like any other.
            let behind = self.rest;
            if self.quoted().is_none() {
                self.rest = behind;
            }
        }
    }

    /// Whether nothing follows but the end of the element.
    fn at_end(&mut self) -> bool {
        self.skip_blanks();
        matches!(self.rest.first(), None | Some(b','))
    }

    /// Reads a scheme, and its token or first parameter; `None` if it cannot be answered, whatever follows.
    fn challenge(&mut self) -> Option<Challenge> {
        let scheme = lower(self.take_while(is_token));
        let blanks = self.skip_blanks();
        let mut challenge = Challenge { scheme, token: None, parameters: Vec::new() };
        if challenge.scheme.is_empty() || !(blanks || self.at_end()) {
            self.skip_item();
            return None;
        }
        if self.at_end() {
            return Some(challenge);
        }
        let start = self.rest;
        let token = self.take_while(is_token68);
        let padding = self.take_while(|byte| byte == b'=');
        // `Digest opaque=` is no token, as none of its kind has one.
        let is_name = challenge.scheme == "digest" && !padding.is_empty();
        if !token.is_empty() && !is_name && self.at_end() {
            challenge.token = Some(text(token) + &text(padding));
            return Some(challenge);
        }
        self.rest = start;
        let Some((name, value)) = self.parameter() else {
            self.skip_item();
            return None;
        };
        // The first of many is within the limit.
        challenge.add(name, value).is_ok_and(|good| good).then_some(challenge)
    }

    /// Reads `name = value`, the value being `None` if it cannot be read; if there is no such thing, nothing is taken.
    fn parameter(&mut self) -> Option<(String, Option<String>)> {
        let start = self.rest;
        let name = self.take_while(is_token);
        self.skip_blanks();
        if name.is_empty() || !self.skip(b'=') {
            self.rest = start;
            return None;
        }
        self.skip_blanks();
        let value = if self.skip(b'"') {
            let behind = self.rest;
            let value = self.quoted();
            if value.is_none() {
                self.rest = behind;
            }
            // A comma may be missing where another parameter follows.
            value.filter(|_| self.at_end() || self.is_parameter())
        } else {
            self.unquoted()
        };
        if value.is_none() {
            self.skip_item();
        }
        Some((lower(name), value))
    }

    fn is_parameter(&self) -> bool {
        let mut ahead = Reader::new(self.rest);
        !ahead.take_while(is_token).is_empty() && {
            ahead.skip_blanks();
            ahead.skip(b'=')
        }
    }

    /// Reads a value up to the next comma. One that seems to hold another parameter, or quotes, can mean several things.
    fn unquoted(&mut self) -> Option<String> {
        let start = self.rest;
        self.skip_item();
        let len = start.len().saturating_sub(self.rest.len());
        let value = start.get(..len).unwrap_or_default().trim_ascii();
        let mut words = value.split(|byte| is_blank(*byte));
        let first = words.next().is_none_or(|word| word.iter().all(|byte| is_text(*byte)));
        let clean = words.all(|word| word.iter().all(|byte| is_text(*byte) && *byte != b'='));
        if first && clean { Some(text(value)) } else { None }
    }

    /// Takes `auth-int` of `qop=auth,auth-int`, which lacks its quotes.
    fn more_of_qop(&mut self, challenge: &mut Challenge) -> bool {
        let mut ahead = Reader::new(self.rest);
        let word = lower(ahead.take_while(is_token));
        if !["auth", "auth-int"].contains(&word.as_str()) || !ahead.at_end() {
            return false;
        }
        match challenge.parameters.last_mut() {
            Some((name, offered)) if name == "qop" => {
                offered.push(',');
                offered.push_str(&word);
                self.rest = ahead.rest;
                true
            }
            _ => false,
        }
    }

    /// Reads the rest of a quoted text, behind its first quote; `None` if it does not end.
    fn quoted(&mut self) -> Option<String> {
        let here = self.rest.len();
        if self.open.contains(&here) {
            return None;
        }
        let value = self.closed();
        if value.is_none() {
            // The quotes on the way are escaped, and as open.
            self.open = self.rest.len()..here.saturating_add(1);
        }
        value
    }

    fn closed(&mut self) -> Option<String> {
        let mut value = Vec::new();
        loop {
            value.extend_from_slice(self.take_while(is_text));
            match self.rest.split_first() {
                Some((b'"', rest)) => {
                    self.rest = rest;
                    return Some(text(&value));
                }
                Some((b'\\', rest)) => {
                    let (byte, rest) = rest.split_first()?;
                    if !is_text(*byte) && !matches!(byte, b'"' | b'\\') {
                        return None;
                    }
                    value.push(*byte);
                    self.rest = rest;
                }
                _ => return None,
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
