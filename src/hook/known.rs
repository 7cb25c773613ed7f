//! What a hook knows that nobody else may be told: what a server repeats of it is not written down.
//!
//! ```text
//! scheme, tokens, headers, base ──▶ Known ──▶ a text, its escapes undone, what its base64 and hexadecimal say
//! ```

use std::borrow::Cow;

use http::header::{AUTHORIZATION, PROXY_AUTHORIZATION};

use super::Hook;
use super::digits::says;
use crate::auth::AuthScheme;
use crate::base::Secret;
use crate::base::redact::{is_open, somewhere, sounds_secret, unescaped};

/// Texts that are shorter stand in many others by chance, in bytes.
const SHORT: usize = 4;

/// So are values of headers that need not be secret.
const LONG: usize = 8;

/// The texts that a hook knows.
#[derive(Default)]
pub(super) struct Known<'a> {
    texts: Vec<Cow<'a, str>>,
    /// Names, which count where they stand as a word.
    words: Vec<&'a str>,
}

impl Known<'_> {
    /// Whether a text repeats one of them, escaped as often as may be, or in base64 or hexadecimal.
    pub(super) fn told_by(&self, text: &str) -> bool {
        let any = |text: &str| self.stands_in(text) || says(text, &|said| self.stands_in(said));
        let is_any = !self.texts.is_empty() || !self.words.is_empty();
        let with_blanks = |text: &str| text.contains('+') && any(&text.replace('+', " "));
        is_any && somewhere(text, |text| any(text) || with_blanks(text))
    }

    fn stands_in(&self, text: &str) -> bool {
        let is_apart = |at: usize, word: &str| {
            let (before, rest) = text.split_at_checked(at).unwrap_or_default();
            let after = rest.get(word.len()..).unwrap_or_default();
            !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
        };
        let is_word = |word: &str| text.match_indices(word).any(|(at, _)| is_apart(at, word));
        self.texts.iter().any(|known| text.contains(&**known))
            || self.words.iter().any(|word| is_word(word))
    }
}

impl<'a> Known<'a> {
    fn text(&mut self, text: impl Into<Cow<'a, str>>) {
        let text = text.into();
        if text.len() >= SHORT {
            self.texts.push(text);
        }
    }

    fn name(&mut self, name: &'a str) {
        if name.len() >= SHORT && is_odd(name) {
            self.words.push(name);
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
            | AuthScheme::ApiKeyInQuery { value: secret, .. } => self.text(secret.expose()),
            AuthScheme::OAuth2(own) => {
                self.name(&own.client_id);
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
            known.text(value);
            if [AUTHORIZATION, PROXY_AUTHORIZATION].contains(name) {
                known.text(value.split_once(' ').unwrap_or_default().1.trim());
            }
        }
        if self.shows_base() {
            return known;
        }
        let rest = self.base().rest().split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        for part in path.split('/').filter(|part| is_odd(part)) {
            known.text(unescaped(part));
        }
        for (_, value) in form_urlencoded::parse(query.as_bytes()) {
            known.text(value);
        }
        known
    }
}

/// Whether a part of a path, or a name, is more than a word or a version, which stand in other paths, too.
fn is_odd(part: &str) -> bool {
    let is_version = part
        .strip_prefix(['v', 'V'])
        .unwrap_or(part)
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    let is_word = part.len() <= 12
        && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'_');
    !is_version && !is_word
}
