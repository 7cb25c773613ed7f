//! What is taken out of a recording before it can be written.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use serde_json::Value;

use crate::cassette::{Content, Exchange, Outcome, Told};

/// What stands for something that was taken out.
pub(crate) const HIDDEN: &str = "***";

/// Headers of requests that are kept: their values are never secret.
const HARMLESS: [&str; 6] =
    ["accept", "accept-encoding", "content-length", "content-type", "host", "user-agent"];

/// Headers of answers that are taken out, beside all whose names sound like secrets.
const SECRET_HEADERS: [&str; 3] = ["authentication-info", "authorization", "set-cookie"];

/// Challenges name no secret, and are wanted when they are played.
const CHALLENGES: [&str; 2] = ["www-authenticate", "proxy-authenticate"];

/// What a header of an answer or a field of JSON sounds like if it holds a secret.
const SOUNDS_SECRET: [&str; 8] =
    ["token", "secret", "password", "passwd", "api_key", "api-key", "apikey", "session"];

/// The shortest text that is looked for elsewhere: anything shorter stands in many places by chance.
const SHORTEST: usize = 4;

/// The same for values of a query, which are less often secret.
const SHORTEST_QUERY_VALUE: usize = 8;

/// What to keep, and what to look for.
#[derive(Clone, Default)]
pub(crate) struct Rules {
    pub(crate) keep_query: BTreeSet<String>,
    pub(crate) keep_headers: BTreeSet<String>,
    /// Texts that must not be written wherever they stand: given, or seen in what was taken out.
    pub(crate) secrets: BTreeSet<Vec<u8>>,
}

impl Rules {
    /// Keeps of a URL all but user info and the values of its query.
    pub(crate) fn url(&mut self, uri: &Uri) -> String {
        let mut url = String::new();
        if let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) {
            url = format!("{scheme}://{host}");
            if let Some(port) = uri.port() {
                url = format!("{url}:{port}");
            }
        }
        url + &self.target(uri.path(), uri.query())
    }

    /// Keeps the headers of a request whose values are harmless; the others teach what to look for.
    pub(crate) fn asked(&mut self, headers: &HeaderMap) -> Vec<(String, String)> {
        let mut kept = Vec::new();
        for (name, value) in headers {
            let listed =
                HARMLESS.contains(&name.as_str()) || self.keep_headers.contains(name.as_str());
            if listed && !value.is_sensitive() {
                kept.push((name.as_str().to_owned(), latin1(value)));
            } else {
                self.learn(value.as_bytes());
                kept.push((name.as_str().to_owned(), HIDDEN.to_owned()));
            }
        }
        kept
    }

    /// Keeps the headers of an answer, but for those that hold secrets.
    pub(crate) fn told(&mut self, headers: &HeaderMap) -> Vec<(String, String)> {
        let mut kept = Vec::new();
        for (name, value) in headers {
            kept.push((name.as_str().to_owned(), self.told_value(name, value)));
        }
        kept
    }

    fn told_value(&mut self, name: &HeaderName, value: &HeaderValue) -> String {
        let text = latin1(value);
        if *name == http::header::SET_COOKIE {
            return self.cookie(&text);
        }
        if matches!(name.as_str(), "location" | "content-location") {
            return match text.split_once('?') {
                None => text,
                Some((path, rest)) => {
                    let (query, fragment) = rest.split_once('#').unwrap_or((rest, ""));
                    let mark = if fragment.is_empty() { "" } else { "#" };
                    format!("{}{mark}{fragment}", self.target(path, Some(query)))
                }
            };
        }
        let challenge = CHALLENGES.contains(&name.as_str());
        let secret = SECRET_HEADERS.contains(&name.as_str()) || sounds_secret(name.as_str());
        if !challenge && (secret || value.is_sensitive()) {
            self.learn(value.as_bytes());
            return HIDDEN.to_owned();
        }
        text
    }

    /// Keeps a cookie's name and attributes.
    fn cookie(&mut self, text: &str) -> String {
        let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        self.learn(value.trim().as_bytes());
        let mark = if attributes.is_empty() { "" } else { ";" };
        format!("{name}={HIDDEN}{mark}{attributes}")
    }

    fn target(&mut self, path: &str, query: Option<&str>) -> String {
        let Some(query) = query else { return path.to_owned() };
        let mut pairs = Vec::new();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or(("", pair));
            if self.keep_query.contains(name) || pair.is_empty() {
                pairs.push(pair.to_owned());
                continue;
            }
            if value.len() >= SHORTEST_QUERY_VALUE {
                self.learn(value.as_bytes());
            }
            let equals = if pair.contains('=') { "=" } else { "" };
            pairs.push(format!("{name}{equals}{HIDDEN}"));
        }
        format!("{path}?{}", pairs.join("&"))
    }

    /// Notes a secret, its parts, and what it holds in base64.
    fn learn(&mut self, value: &[u8]) {
        let text = String::from_utf8_lossy(value).into_owned();
        let mut parts = vec![text.as_str()];
        if let Some((_, credential)) = text.split_once(' ') {
            parts.push(credential.trim());
        }
        parts.extend(
            text.split([';', ','])
                .filter_map(|pair| Some(pair.split_once('=')?.1.trim_matches(['"', ' ']))),
        );
        let decoded = parts.last().and_then(|last| STANDARD.decode(last).ok());
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some((_, password)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) {
            parts.push(password);
        }
        for part in parts {
            if part.len() >= SHORTEST && part != HIDDEN {
                self.secrets.insert(part.into());
            }
        }
    }

    /// Takes the noted secrets out of everything that was recorded.
    pub(crate) fn conceal(&self, exchange: &mut Exchange) {
        let mut secrets: Vec<&[u8]> = self.secrets.iter().map(Vec::as_slice).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let text = |text: &mut String| {
            if let Some(new) = replace(text.as_bytes(), &secrets) {
                *text = String::from_utf8_lossy(&new).into_owned();
            }
        };
        text(&mut exchange.request.url);
        exchange.request.headers.iter_mut().for_each(|(_, value)| text(value));
        let Outcome::Answer(told) = &mut exchange.outcome else { return };
        told.headers.iter_mut().for_each(|(_, value)| text(value));
        told.reason.iter_mut().for_each(text);
        conceal_body(told, &secrets);
    }
}

/// Takes secrets out of a body, and tells its new length where the old one was told.
fn conceal_body(told: &mut Told, secrets: &[&[u8]]) {
    let Some(old) = told.body.bytes() else { return };
    let mut new = old.to_vec();
    if let Some(redacted) = json(&new) {
        new = redacted;
    }
    if let Some(replaced) = replace(&new, secrets) {
        new = replaced;
    }
    if new == old {
        return;
    }
    let (was, is) = (old.len().to_string(), new.len().to_string());
    for (name, value) in &mut told.headers {
        if name == "content-length" && *value == was {
            value.clone_from(&is);
        }
    }
    told.body = Content::of(&new);
}

/// Takes the values out of fields of JSON that sound like secrets; `None` if there are none.
fn json(body: &[u8]) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    if !hide_fields(&mut value) {
        return None;
    }
    serde_json::to_vec(&value).ok()
}

fn hide_fields(value: &mut Value) -> bool {
    let mut found = false;
    match value {
        Value::Array(items) => {
            for item in items {
                found |= hide_fields(item);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                // What kind of token it is says nothing of it, and is needed to play it.
                let secret = sounds_secret(name) && name != "token_type";
                if let (true, Value::String(text)) = (secret, &mut *field) {
                    HIDDEN.clone_into(text);
                    found = true;
                } else {
                    found |= hide_fields(field);
                }
            }
        }
        _ => {}
    }
    found
}

fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SOUNDS_SECRET.iter().any(|sound| name.contains(sound))
}

fn latin1(value: &HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}

/// Replaces each of `secrets`; `None` if none is there.
fn replace(text: &[u8], secrets: &[&[u8]]) -> Option<Vec<u8>> {
    let mut new = Vec::new();
    let (mut rest, mut found) = (text, false);
    while let Some(first) = rest.first() {
        if let Some(secret) = secrets.iter().find(|secret| rest.starts_with(secret)) {
            new.extend_from_slice(HIDDEN.as_bytes());
            rest = &rest[secret.len()..];
            found = true;
        } else {
            new.push(*first);
            rest = &rest[1..];
        }
    }
    found.then_some(new)
}
