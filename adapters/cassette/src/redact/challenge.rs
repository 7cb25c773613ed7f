//! Challenges without the credentials that some of them carry.

use super::names::{CHALLENGE_PARTS, SCHEMES};
use super::places::HIDDEN;
use super::url::{parts, split, text_of};
use super::{Rules, unquoted};

impl Rules {
    /// `Digest realm="a", nonce="b", Negotiate TOKEN`: schemes and parameters that are known are written, and a `***` in the
    /// place of all else.
    pub(super) fn challenges(&mut self, value: &[u8]) -> Vec<u8> {
        let mut new = Vec::new();
        for (part, mark) in parts(value, b",") {
            let inner = part.trim_ascii();
            let blanks = part.len() - part.trim_ascii_start().len();
            new.extend_from_slice(&part[..blanks]);
            new.extend(self.challenge(inner));
            new.extend(mark);
        }
        new
    }

    /// A parameter, or a scheme with its first parameter or with what it says in base64.
    fn challenge(&mut self, part: &[u8]) -> Vec<u8> {
        let (scheme, rest) = split(part, b' ');
        let Some(rest) = rest.map(<[u8]>::trim_ascii).filter(|rest| !rest.starts_with(b"=")) else {
            return if is_scheme(part) || part.is_empty() {
                part.to_vec()
            } else {
                self.parameter(part)
            };
        };
        let scheme = if is_scheme(scheme) { scheme.to_vec() } else { self.hidden(scheme) };
        [&scheme, &b" "[..], &self.parameter(rest)].concat()
    }

    fn parameter(&mut self, part: &[u8]) -> Vec<u8> {
        let (name, value) = split(part, b'=');
        let known = text_of(name.trim_ascii()).to_ascii_lowercase();
        let value = value.filter(|value| !value.trim_ascii_start().starts_with(b"="));
        match value.filter(|value| !value.is_empty()) {
            Some(_) if CHALLENGE_PARTS.contains(&known.as_str()) => part.to_vec(),
            // What the name may be is a part of base64.
            Some(value) if is_name(name.trim_ascii()) => {
                self.learn(&known, unquoted(value.trim_ascii()));
                [name, b"=", HIDDEN.as_bytes()].concat()
            }
            _ => self.hidden(part),
        }
    }

    fn hidden(&mut self, text: &[u8]) -> Vec<u8> {
        self.learn("token", text);
        HIDDEN.into()
    }
}

fn is_scheme(text: &[u8]) -> bool {
    SCHEMES.contains(&text_of(text).to_ascii_lowercase().as_str())
}

/// Whether it looks like the name of a parameter: a word or two, in small letters for the most part.
fn is_name(text: &[u8]) -> bool {
    let is_of_word = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'*');
    text.len() <= 32 && text.iter().all(is_of_word)
}
