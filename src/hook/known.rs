//! What a hook knows that nobody else may be told: what a server repeats of it is not written down.
//!
//! ```text
//! scheme, tokens, headers, base ──▶ Known ──▶ a text, its escapes undone, what its base64 and hexadecimal say
//! ```

use std::borrow::Cow;
use std::cell::Cell;

use super::Hook;
use super::digits::{says, says_pair};
use crate::auth::AuthScheme;
use crate::base::Secret;
use crate::base::redact::{is_open, somewhere, sounds_secret, unescaped};

/// Texts that are shorter stand in many others by chance, in bytes.
const SHORT: usize = 4;

/// So are values of headers that need not be secret, and parts of values.
const LONG: usize = 8;

/// How often base64 and hexadecimal are read in one another.
const DEPTH: u8 = 2;

/// How many bytes are looked at for each one of a text, in all its forms: a long number takes some 50. What is escaped and encoded in one
/// another beyond that may say anything.
const LOOKS: usize = 200;

/// How many bytes more: a short text may be a form of a form of a form.
const MORE_LOOKS: usize = 50_000;

/// The texts that a hook knows.
#[derive(Default)]
pub(super) struct Known<'a> {
    texts: Vec<Cow<'a, str>>,
    /// Those that no other text is by chance, whatever the case of its letters; in small ones.
    folded: Vec<String>,
    /// Names, which count where they stand as a word.
    words: Vec<Cow<'a, str>>,
}

impl Known<'_> {
    /// Whether a text repeats one of them, in whatever form; that takes time in proportion to the text.
    pub(super) fn told_by(&self, text: &str) -> bool {
        if self.texts.is_empty() && self.folded.is_empty() && self.words.is_empty() {
            return false;
        }
        let left = Cell::new(text.len().saturating_mul(LOOKS).saturating_add(MORE_LOOKS));
        self.in_forms_of(text, DEPTH, &left)
    }

    /// As it stands, escaped as often as may be, in base64 or hexadecimal, and those in one another.
    fn in_forms_of(&self, text: &str, depth: u8, left: &Cell<usize>) -> bool {
        let holds = |text: &str| {
            let Some(rest) = left.get().checked_sub(text.len()) else { return true };
            left.set(rest);
            let inner = |said: &str| self.in_forms_of(said, depth.saturating_sub(1), left);
            self.stands_in(text) || depth > 0 && says(text, &inner)
        };
        somewhere(text, |text| {
            let with_blanks = || unescaped(&text.replace('+', " ")).into_owned();
            holds(text)
                || text.contains('+') && holds(&with_blanks())
                || latin(text).is_some_and(|text| self.stands_in(&text))
        })
    }

    fn stands_in(&self, text: &str) -> bool {
        let is_apart = |at: usize, word: &str| {
            let (before, rest) = text.split_at_checked(at).unwrap_or_default();
            let after = rest.get(word.len()..).unwrap_or_default();
            !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
        };
        let is_word = |word: &str| text.match_indices(word).any(|(at, _)| is_apart(at, word));
        let in_any_case = || {
            let text = text.to_ascii_lowercase();
            self.folded.iter().any(|known| text.contains(known))
        };
        self.texts.iter().any(|known| text.contains(&**known))
            || !self.folded.is_empty() && in_any_case()
            || self.words.iter().any(|word| is_word(word))
    }
}

/// A text whose percent escapes are meant in Latin-1, if there are any beyond ASCII.
fn latin(text: &str) -> Option<String> {
    let bytes = text
        .contains('%')
        .then(|| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>())?;
    std::str::from_utf8(&bytes).is_err().then(|| bytes.into_iter().map(char::from).collect())
}

impl<'a> Known<'a> {
    fn text(&mut self, text: impl Into<Cow<'a, str>>) {
        let text = text.into();
        if text.len() >= LONG && text.bytes().any(|byte| byte.is_ascii_digit()) {
            self.folded.push(text.to_ascii_lowercase());
        } else if text.len() >= SHORT {
            self.texts.push(text);
        }
    }

    fn name(&mut self, name: impl Into<Cow<'a, str>>) {
        let name = name.into();
        if name.len() >= SHORT && is_odd(&name) {
            self.words.push(name);
        }
    }

    /// A value and its parts: what stands behind the scheme in it, a cookie of many, login and password in base64.
    fn value(&mut self, value: &'a str) {
        self.text(value);
        for part in value.split([' ', '\t', ';', ',', '"']) {
            let inner = part.split_once('=').map_or("", |(_, inner)| inner);
            for part in [part, inner].map(|part| part.trim_end_matches('=')) {
                if part.len() >= LONG && part.len() < value.len() && is_odd(part) {
                    self.text(part);
                }
                says_pair(part, |login, password| {
                    self.name(login.to_owned());
                    self.text(password.to_owned());
                });
            }
        }
    }

    /// The parts of a path that are more than words, and the values of a query.
    fn target(&mut self, target: &'a str) {
        let target = target.split('#').next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        for part in path.split('/').filter(|part| is_odd(part)) {
            let part = unescaped(part);
            for half in part.split(':').filter(|half| half.len() >= LONG && is_odd(half)) {
                self.text(half.to_owned());
            }
            self.text(part);
        }
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            self.text(if value.is_empty() { name } else { value });
        }
    }

    fn scheme(&mut self, scheme: &'a AuthScheme) {
        match scheme {
            AuthScheme::Basic { login, password } | AuthScheme::Digest { login, password } => {
                self.name(login);
                self.text(password.expose());
            }
            AuthScheme::Bearer { token: secret }
            | AuthScheme::ApiKey { value: secret, .. }
            | AuthScheme::ApiKeyInQuery { value: secret, .. } => self.value(secret.expose()),
            AuthScheme::OAuth2(own) => {
                self.name(&own.client_id);
                let url = own.token_url.split_once("://").map_or("", |(_, rest)| rest);
                self.target(url.find('/').and_then(|path| url.get(path..)).unwrap_or_default());
                let secrets = own.client_secret.iter().chain(&own.refresh_token);
                let fields = own.fields.iter().map(|(_, value)| value);
                secrets.chain(fields).map(Secret::expose).for_each(|secret| self.text(secret));
            }
            AuthScheme::None | AuthScheme::Custom(_) => {}
        }
    }
}

impl Hook {
    /// Whether a text, in whatever form, repeats a credential, a header's value, or a part of the base that is not shown.
    pub(crate) fn is_told_by(&self, text: &str) -> bool {
        self.known().told_by(text)
    }

    pub(super) fn known(&self) -> Known<'_> {
        let mut known = Known::default();
        let Some(own) = self.own().at(self.origin()) else { return known };
        known.scheme(own.auth.scheme());
        for token in own.auth.tokens_at_hand() {
            known.text(token.expose().to_owned());
        }
        for (name, value) in &own.headers {
            let is_told = |value: &&str| {
                let name = name.as_str();
                !is_open(name, value) && (value.len() >= LONG || sounds_secret(name))
            };
            let Some(value) = value.to_str().ok().filter(is_told) else { continue };
            known.value(value);
        }
        #[cfg(feature = "cookies")]
        for value in self.cookies().values(self.origin()) {
            let value = value.expose();
            if value.len() >= LONG && is_odd(value) {
                known.text(value.to_owned());
            }
        }
        for (login, password) in self.proxy_logins() {
            known.name(login);
            known.text(password.expose());
        }
        if self.shows_base() {
            return known;
        }
        known.target(self.base().rest());
        known
    }
}

/// Whether a part of a path, or a name, is more than a word or a version, which stand in other paths, too. A long number is.
fn is_odd(part: &str) -> bool {
    let is_version = part.len() < LONG
        && part
            .strip_prefix(['v', 'V'])
            .unwrap_or(part)
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    let is_word = part.len() <= 12
        && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'_');
    !is_version && !is_word
}
