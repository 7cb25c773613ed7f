//! What is taken out of a recording before it can be written.
//!
//! ```text
//! headers, URLs ──▶ written by name, or *** ──┐ what was taken out
//! bodies ─────────▶ members that sound secret ┼──────────────▶ Search ──▶ taken out of everything else, in all written forms
//! hide(…) ────────────────────────────────────┘
//! ```

mod challenge;
mod commands;
mod digits;
mod lines;
mod logins;
mod markup;
mod members;
mod named;
mod names;
mod pairs;
mod places;
mod search;
mod secrets;
mod tables;
#[cfg(test)]
mod tests;
mod undone;
mod url;
mod values;
mod work;

use std::collections::BTreeSet;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_hook::observe::sounds_secret;

use crate::cassette::{Content, Exchange, Outcome, Told, latin1, latin1_bytes};
use members::Kind;
use names::{
    CHALLENGE_PARTS, CHALLENGES, COOKIE_ATTRIBUTES, KEPT_HEADERS, PUBLIC_PARTS, URL_HEADERS,
};
use places::Places;
use search::Search;
use secrets::Secrets;
use undone::undone_once;
use url::{path_of, split, text_of};

pub(crate) use places::HIDDEN;

/// Base64 as clients write it, padded or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What to keep, and what to look for.
#[derive(Clone, Default)]
pub(crate) struct Rules {
    keep_query: BTreeSet<String>,
    keep_headers: BTreeSet<String>,
    keep_fields: BTreeSet<String>,
    /// The parts of the path of a connection, without escapes.
    base: Vec<Vec<u8>>,
    /// Texts that must not be written wherever they stand: given, or seen in what was taken out.
    secrets: Secrets,
}

impl Rules {
    pub(crate) fn keep_query(&mut self, name: &str) {
        self.keep_query.insert(name.to_owned());
    }

    pub(crate) fn keep_header(&mut self, name: &str) {
        self.keep_headers.insert(name.to_ascii_lowercase());
    }

    pub(crate) fn keep_field(&mut self, name: &str) {
        self.keep_fields.insert(names::plain(name));
    }

    /// Hides the path and the query of a connection's URL.
    pub(crate) fn hide_base(&mut self, base: &str) {
        let (base, query) = split(base.as_bytes(), b'?');
        let path = path_of(base);
        let parts = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty());
        self.base = parts.map(|part| undone_once(part, b'%')).collect();
        self.learn("", path);
        if let Some(query) = query {
            self.learn_pairs(query);
        }
    }

    pub(crate) fn hide(&mut self, secret: &[u8]) {
        self.secrets.hide(secret);
    }

    /// Writes headers: all names, and the values of those that are kept. What is left out teaches what to look for.
    pub(crate) fn headers(&mut self, headers: &HeaderMap) -> Vec<(String, String)> {
        let mut written = Vec::new();
        for (name, value) in headers {
            written.push((name.as_str().to_owned(), latin1(&self.header(name, value))));
        }
        written
    }

    fn header(&mut self, name: &HeaderName, value: &HeaderValue) -> Vec<u8> {
        let (name, bytes) = (name.as_str(), value.as_bytes());
        let may_be_kept = !value.is_sensitive();
        if may_be_kept && URL_HEADERS.contains(&name) {
            return self.url_header(name, bytes);
        }
        if may_be_kept && self.keep_headers.contains(name) {
            return bytes.to_vec();
        }
        if may_be_kept && CHALLENGES.contains(&name) {
            return self.challenges(bytes);
        }
        if may_be_kept && KEPT_HEADERS.contains(&name) {
            return bytes.to_vec();
        }
        if name == SET_COOKIE {
            return self.cookie(bytes);
        }
        self.learn_header(name, bytes);
        HIDDEN.into()
    }

    /// Writes a cookie's name and those of its attributes that are known.
    fn cookie(&mut self, text: &[u8]) -> Vec<u8> {
        let (pair, attributes) = split(text, b';');
        let (name, value) = split(pair, b'=');
        let (name, value) = value.map_or((&b""[..], name), |value| (name, value));
        self.learn("cookie", value.trim_ascii());
        let mut new = [name, b"=", HIDDEN.as_bytes()].concat();
        for attribute in attributes.into_iter().flat_map(|all| all.split(|byte| *byte == b';')) {
            let (name, value) = split(attribute, b'=');
            let known = text_of(name.trim_ascii()).to_ascii_lowercase();
            new.push(b';');
            if COOKIE_ATTRIBUTES.contains(&known.as_str()) {
                new.extend_from_slice(attribute);
            } else {
                self.learn(&known, value.unwrap_or(name).trim_ascii());
                new.extend_from_slice(HIDDEN.as_bytes());
            }
        }
        new
    }

    /// Learns of the body of a request, which is not written.
    pub(crate) fn learn_body(&mut self, headers: &HeaderMap, body: &[u8]) {
        let kind = kind_of(headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes));
        let found = self.find(body, kind);
        self.secrets.join(found.secrets);
    }

    fn find(&self, text: &[u8], kind: Kind) -> members::Found {
        members::find(text, kind, &|name| {
            let is_kept = self.keep_fields.contains(&names::plain(name))
                || kind == Kind::Url && self.keep_query.contains(name);
            sounds_secret(name) && !is_kept
        })
    }

    /// Finds what a header that is written has in it: not what it is, and not what is kept by name.
    fn find_in_header(&self, name: &str, value: &[u8]) -> members::Found {
        match name {
            _ if self.keep_headers.contains(name) && !URL_HEADERS.contains(&name) => {
                members::Found::default()
            }
            // Which cookie it is was written with care.
            "set-cookie" => members::find(value, Kind::Text, &|_| false),
            name if CHALLENGES.contains(&name) => members::find(value, Kind::Text, &|name| {
                sounds_secret(name)
                    && !CHALLENGE_PARTS.contains(&name.to_ascii_lowercase().as_str())
            }),
            name if URL_HEADERS.contains(&name) => self.find(value, Kind::Url),
            _ => self.find(value, Kind::Text),
        }
    }

    /// Finds what is in all parts of an exchange, in the order in which [they are concealed](conceal), and learns it.
    fn look(&mut self, exchange: &Exchange) -> Vec<Places> {
        let asked = &exchange.request;
        let mut found = vec![self.find(asked.url.as_bytes(), Kind::Url)];
        let header = |(name, value): &(String, String)| {
            self.find_in_header(name, &latin1_bytes(value).unwrap_or_default())
        };
        found.extend(asked.headers.iter().map(header));
        if let Outcome::Answer(told) = &exchange.outcome {
            let types = told.headers.iter().filter(|(name, _)| name.as_str() == CONTENT_TYPE);
            let mut kinds = types.map(|(_, value)| kind_of(Some(value.as_bytes())));
            let kind = kinds.next_back().unwrap_or(Kind::Text);
            found.extend(told.reason.iter().map(|text| self.find(text.as_bytes(), Kind::Text)));
            found.push(self.find(&told.body.bytes().unwrap_or_default(), kind));
            found.extend(told.headers.iter().map(header));
        }
        let mut places = Vec::new();
        for found in found {
            self.secrets.join(found.secrets);
            places.push(found.places);
        }
        places
    }

    /// Learns the value of a header, its parts, and what it holds in base64.
    fn learn_header(&mut self, name: &str, value: &[u8]) {
        let value = value.trim_ascii();
        self.learn(name, value);
        let blank = value.iter().position(|byte| matches!(byte, b' ' | b'\t'));
        let (scheme, credential) = value.split_at(blank.unwrap_or_default());
        let credential = credential.trim_ascii();
        self.learn(name, credential);
        // There may be no scheme: then the first part is one like the others.
        for pair in value.split(|byte| matches!(byte, b';' | b',')) {
            let (own, Some(value)) = split(pair.trim_ascii(), b'=') else { continue };
            let own = text_of(own).to_ascii_lowercase();
            let own = own.split_ascii_whitespace().next_back().unwrap_or_default();
            let value = unquoted(value.trim_ascii());
            if name == "cookie" {
                self.learn(name, value);
            } else if !PUBLIC_PARTS.contains(&own) {
                self.learn(own, value);
            }
        }
        match LENIENT.decode(credential).map(String::from_utf8) {
            Ok(Ok(login)) => self.learn_login(login.as_bytes()),
            Ok(Err(error)) if scheme.eq_ignore_ascii_case(b"basic") => {
                self.learn_login(latin1(error.as_bytes()).as_bytes());
            }
            _ => {}
        }
    }

    /// Learns `login:password`, where it is that.
    fn learn_login(&mut self, text: &[u8]) {
        let (login, password) = split(text, b':');
        self.learn("login", login);
        self.learn("password", password.unwrap_or_default());
    }

    /// Notes a secret, unless it is one that stands in many places by chance.
    fn learn(&mut self, name: &str, value: &[u8]) {
        self.secrets.learn(sounds_secret(name), value);
    }

    /// Takes out of all that was recorded what bodies have under names that sound secret, and then every secret that is
    /// known by then.
    pub(crate) fn redact(&self, exchanges: &[Exchange]) -> Vec<Exchange> {
        let (mut rules, mut exchanges) = (self.clone(), exchanges.to_vec());
        let found: Vec<_> = exchanges.iter().map(|exchange| rules.look(exchange)).collect();
        let mut search = Search::new(&rules.secrets);
        for (exchange, found) in exchanges.iter_mut().zip(found) {
            conceal(exchange, found, &mut search);
        }
        exchanges
    }
}

/// Takes out of one exchange what was found in its parts, and the secrets. Both are looked for in the text as it was: what is
/// found may be a piece of a secret, and the rest of it is none that anybody looks for.
fn conceal(exchange: &mut Exchange, found: Vec<Places>, search: &mut Search) {
    let mut found = found.into_iter();
    let mut hide = |text: &[u8]| {
        let mut places = found.next().unwrap_or_default();
        places.join(search.places(text));
        places.hide(text)
    };
    let text = |new: Vec<u8>| String::from_utf8_lossy(&new).into_owned();
    let asked = &mut exchange.request;
    if let Some(new) = hide(asked.url.as_bytes()).map(text) {
        asked.url = url::readable(&asked.url, new);
    }
    let header = |value: &mut String, hide: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>| {
        if let Some(new) = hide(&latin1_bytes(value).unwrap_or_default()) {
            *value = latin1(&new);
        }
    };
    asked.headers.iter_mut().for_each(|(_, value)| header(value, &mut hide));
    let Outcome::Answer(told) = &mut exchange.outcome else { return };
    let reason = told.reason.as_ref().and_then(|reason| hide(reason.as_bytes()));
    if let Some(new) = reason {
        told.reason = Some(text(new));
    }
    told.change_body(hide(&told.body.bytes().unwrap_or_default()));
    told.headers.iter_mut().for_each(|(_, value)| header(value, &mut hide));
}

impl Told {
    /// Puts another body in place of the one there, and tells its length where the old one was told.
    pub(crate) fn change_body(&mut self, new: Option<Vec<u8>>) {
        let (Some(new), Some(old)) = (new, self.body.bytes()) else { return };
        let (was, is) = (old.len().to_string(), new.len().to_string());
        for (name, value) in &mut self.headers {
            if name == "content-length" && *value == was {
                value.clone_from(&is);
            }
        }
        self.body = Content::of(&new);
    }
}

fn unquoted(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text)
}

fn kind_of(content_type: Option<&[u8]>) -> Kind {
    let (media_type, _) = split(content_type.unwrap_or_default(), b';');
    let form = b"application/x-www-form-urlencoded";
    if media_type.trim_ascii().eq_ignore_ascii_case(form) { Kind::Form } else { Kind::Text }
}
