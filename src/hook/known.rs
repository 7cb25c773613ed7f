//! What a hook knows that nobody else may be told: what a server repeats of it is not written down.

use super::Hook;
use crate::auth::AuthScheme;
use crate::base::redact::{is_open, sounds_secret, unescaped};

/// Texts that are shorter stand in many others by chance, in bytes.
const SHORT: usize = 4;

/// So are values of headers that need not be secret.
const LONG: usize = 8;

impl Hook {
    /// Whether a text, perhaps escaped, repeats a credential, a header's value, or a part of the base that is not shown.
    pub(crate) fn is_told_by(&self, text: &str) -> bool {
        let mut forms = vec![text.to_owned()];
        // As often as a server escapes what it was given, and a form besides.
        for _ in 0..4 {
            let last = forms.last().map(|last| unescaped(last).into_owned());
            if let Some(next) = last.filter(|next| forms.last() != Some(next)) {
                forms.push(next);
            }
        }
        let blanks = forms.iter().map(|form| form.replace('+', " ")).collect::<Vec<_>>();
        let mut told = false;
        self.known(&mut |known| {
            let all = || forms.iter().chain(&blanks);
            told |= known.len() >= SHORT && all().any(|form| form.contains(known));
        });
        told
    }

    fn known(&self, tell: &mut dyn FnMut(&str)) {
        let Some(own) = self.own().at(self.origin()) else { return };
        match own.auth.scheme() {
            AuthScheme::Basic { password, .. } | AuthScheme::Digest { password, .. } => {
                tell(password.expose());
            }
            AuthScheme::Bearer { token: secret }
            | AuthScheme::ApiKey { value: secret, .. }
            | AuthScheme::ApiKeyInQuery { value: secret, .. } => tell(secret.expose()),
            AuthScheme::OAuth2(own) => {
                let secrets = own.client_secret.iter().chain(&own.refresh_token);
                let fields = own.fields.iter().map(|(_, value)| value);
                secrets.chain(fields).for_each(|secret| tell(secret.expose()));
            }
            AuthScheme::None | AuthScheme::Custom(_) => {}
        }
        for (name, value) in &own.headers {
            let name = name.as_str();
            let is_told = |value: &&str| {
                !is_open(name, value) && (value.len() >= LONG || sounds_secret(name))
            };
            if let Some(value) = value.to_str().ok().filter(is_told) {
                tell(value);
            }
        }
        if self.shows_base() {
            return;
        }
        let rest = self.base().rest().split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        for part in path.split('/').filter(|part| is_odd(part)) {
            tell(&unescaped(part));
        }
        for (_, value) in form_urlencoded::parse(query.as_bytes()) {
            tell(&value);
        }
    }
}

/// Whether a part of a path is more than a word or a version, which stand in other paths, too.
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
