//! Heads of requests and answers, for people: what is secret is hidden unless it is asked for on a terminal.

use std::fmt::Write as _;

use http::header::{HeaderMap, HeaderName, PROXY_AUTHENTICATE, SET_COOKIE, WWW_AUTHENTICATE};
use http::{Request, Response};
use http_hook::hook::Layer;
use http_hook::observe::sounds_secret;
use http_hook::response::Reason;
use http_hook::{Explanation, Hook};

use crate::screen;

const HIDDEN: &str = "***";

/// What is told of the heads of a call's requests.
#[derive(Default)]
pub(crate) struct Heads {
    /// The headers whose values may be shown, with these values.
    open: Vec<(String, String)>,
    /// The headers that were typed for this very call.
    typed: Vec<(String, String)>,
    secrets: bool,
    /// Whose connection an answer may repeat.
    hook: Option<Hook>,
}

impl Heads {
    /// Takes from the explanation of a call what may be shown; `secrets` shows everything.
    pub(crate) fn new(explained: Option<&Explanation>, secrets: bool, hook: &Hook) -> Self {
        let facts = explained.map(|explained| explained.facts.as_slice()).unwrap_or_default();
        let open = facts.iter().filter_map(|fact| {
            let name = fact.what.strip_prefix("header ")?;
            let value = fact.value.clone()?;
            // A key that the call is given is for who looks on: it proves nothing of who is calling.
            let is_key = fact.layer == Layer::Call && name == "idempotency-key";
            (!is_key).then(|| (name.to_owned(), value))
        });
        let (open, typed) = (open.collect(), Vec::new());
        Self { open, typed, secrets, hook: Some(hook.clone()) }
    }

    /// Shows these headers of a request to who typed them, unless their names sound secret.
    pub(crate) fn typed(self, typed: &[(String, String)]) -> Self {
        let sound = typed.iter().filter(|(name, _)| !sounds_secret(name));
        Self { typed: sound.cloned().collect(), ..self }
    }

    /// Writes the head of a request, whose URL is as it may be shown; `as_result`: for who asked for it, not for a log.
    pub(crate) fn request<B>(
        &self,
        request: &Request<B>,
        shown_url: &str,
        as_result: bool,
    ) -> String {
        let uri = request.uri();
        let target = if self.secrets {
            uri.path_and_query().map_or("/", |target| target.as_str()).to_owned()
        } else {
            let rest = shown_url.split_once("://").map_or(shown_url, |(_, rest)| rest);
            rest.find(['/', '?']).map_or("/", |begin| &rest[begin..]).to_owned()
        };
        let mut text = format!("{} {target} HTTP/1.1\n", request.method());
        if let Some(authority) = uri.authority() {
            let _ = writeln!(text, "host: {authority}");
        }
        for (name, value) in request.headers() {
            let value = value.to_str().unwrap_or(HIDDEN);
            let own = as_result && self.is_typed(name, value);
            let open = self.secrets || own || self.is_open(name, value);
            let _ = writeln!(text, "{name}: {}", if open { value } else { HIDDEN });
        }
        screen::plain(&text)
    }

    /// Writes the head of an answer, without what it repeats of the connection, and what sounds secret.
    pub(crate) fn response<B>(&self, response: &Response<B>) -> String {
        head_of(response, |name, value| self.shown(name, value))
    }

    /// The headers of an answer as values, for JSON.
    pub(crate) fn to_json(&self, headers: &HeaderMap) -> serde_json::Value {
        let mut all = serde_json::Map::new();
        for name in headers.keys() {
            let values = headers.get_all(name).iter().map(|value| {
                screen::line(&self.shown(name, &String::from_utf8_lossy(value.as_bytes())))
            });
            let values: Vec<_> = values.collect();
            all.insert(name.as_str().to_owned(), values.into());
        }
        all.into()
    }

    /// A value of an answer as logs may have it.
    fn shown(&self, name: &HeaderName, value: &str) -> String {
        let Some(hook) = self.hook.as_ref().filter(|_| !is_secret(name)) else {
            return HIDDEN.to_owned();
        };
        let value = hook.shown(value);
        match name.as_str() {
            "www-authenticate" | "proxy-authenticate" => challenge_shown(&value),
            "location" | "content-location" | "link" | "refresh" => url_shown(&value),
            _ => value.into_owned(),
        }
    }

    fn is_typed(&self, name: &HeaderName, value: &str) -> bool {
        let is_own = |(own, typed): &(String, String)| {
            own.eq_ignore_ascii_case(name.as_str()) && typed == value
        };
        let tells = self.hook.as_ref().is_none_or(|hook| hook.shown(value) == value);
        tells && self.typed.iter().any(is_own)
    }

    fn is_open(&self, name: &HeaderName, value: &str) -> bool {
        match self.open.iter().find(|(own, _)| own == name.as_str()) {
            Some((_, shown)) => shown == value,
            None => is_made(name),
        }
    }
}

/// Writes the head of an answer as it came.
pub(crate) fn response_head<B>(response: &Response<B>) -> String {
    head_of(response, |_, value| value.to_owned())
}

fn head_of<B>(response: &Response<B>, shown: impl Fn(&HeaderName, &str) -> String) -> String {
    let reason = Reason::of(response);
    let reason = screen::line(reason.as_str());
    let mut text = format!("{:?} {} {reason}", response.version(), response.status().as_u16())
        .trim_end()
        .to_owned();
    text.push('\n');
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        let _ = writeln!(text, "{name}: {}", screen::line(&shown(name, &value)));
    }
    text
}

/// Whether a header of a request is made here, where no layer sets it.
fn is_made(name: &HeaderName) -> bool {
    matches!(name.as_str(), "content-length" | "content-type" | "host" | "idempotency-key")
}

/// Whether a header of an answer is better not told to logs.
pub(crate) fn is_secret(name: &HeaderName) -> bool {
    let asks = *name == WWW_AUTHENTICATE || *name == PROXY_AUTHENTICATE;
    *name == SET_COOKIE || !asks && sounds_secret(name.as_str())
}

/// A challenge: its schemes, and those of its parameters that tell what is asked for.
fn challenge_shown(value: &str) -> String {
    const OPEN: [&str; 10] = [
        "realm",
        "qop",
        "algorithm",
        "charset",
        "stale",
        "scope",
        "error",
        "error_description",
        "resource_metadata",
        "userhash",
    ];
    let (mut quoted, mut escaped) = (false, false);
    let parts = value.split(|c: char| {
        let ends = c == ',' && !quoted;
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let shown = parts.map(|part| {
        let part = part.trim();
        let (scheme, rest) = match part.split_once(' ') {
            Some((scheme, rest)) if !scheme.contains('=') => (scheme, rest.trim_start()),
            _ if part.contains('=') => ("", part),
            _ => (part, ""),
        };
        let name = rest.split('=').next().unwrap_or_default().trim();
        let is_open = OPEN.iter().any(|open| open.eq_ignore_ascii_case(name));
        let rest = match rest.split_once('=') {
            _ if rest.is_empty() || is_open => rest.to_owned(),
            // What stands behind a scheme alone is no parameter: a token.
            Some((_, value)) if !value.trim_matches('=').is_empty() => format!("{name}={HIDDEN}"),
            _ => HIDDEN.to_owned(),
        };
        format!("{scheme} {rest}").trim().to_owned()
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// A text with URLs: their user info and the values of parameters that sound secret are hidden.
fn url_shown(text: &str) -> String {
    const ENDS: [char; 6] = ['&', '#', '>', ';', ',', ' '];
    let mut out = String::new();
    let mut parts = text.split("//");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(['/', '?', '#', '>', ' ']).unwrap_or(part.len());
        let (authority, rest) = part.split_at(end);
        let host = authority.rsplit_once('@').map(|(_, host)| host);
        out.push_str("//");
        out.push_str(if host.is_some() { "***@" } else { "" });
        out.push_str(host.unwrap_or(authority));
        out.push_str(rest);
    }
    let mut shown = String::new();
    let mut rest = out.as_str();
    while let Some(at) = rest.find('=') {
        let (before, after) = rest.split_at(at + 1);
        let name = before.trim_end_matches('=');
        let name = &name[name.rfind(['?', '&', '#', ';', ',', ' ']).map_or(0, |at| at + 1)..];
        shown.push_str(before);
        rest = after;
        if sounds_secret(name) {
            shown.push_str(HIDDEN);
            rest = &after[after.find(ENDS).unwrap_or(after.len())..];
        }
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::{challenge_shown, url_shown};

    #[test]
    fn a_challenge_tells_what_it_asks_for() {
        for (value, shown) in [
            ("Basic", "Basic"),
            ("Basic realm=\"a, b\"", "Basic realm=\"a, b\""),
            (
                "Digest realm=\"r\", qop=\"auth,auth-int\", nonce=\"n0nce\", opaque=x, Basic realm=q",
                "Digest realm=\"r\", qop=\"auth,auth-int\", nonce=***, opaque=***, Basic realm=q",
            ),
            ("Negotiate YII=, NTLM", "Negotiate ***, NTLM"),
            ("Bearer error=\"invalid_token\", x=1", "Bearer error=\"invalid_token\", x=***"),
        ] {
            assert_eq!(challenge_shown(value), shown);
        }
    }

    #[test]
    fn urls_of_answers_tell_no_secret() {
        for (value, shown) in [
            ("/next?page=2", "/next?page=2"),
            (
                "https://u:p@h/a?token=t&b=1#access_token=x",
                "https://***@h/a?token=***&b=1#access_token=***",
            ),
            ("//u@h?api_key=k", "//***@h?api_key=***"),
            (
                "<https://h/a?page=2&token=t>; rel=\"next\", </b?sig=1>",
                "<https://h/a?page=2&token=***>; rel=\"next\", </b?sig=***>",
            ),
            ("5; url=https://u@h/?q=1", "5; url=https://***@h/?q=1"),
        ] {
            assert_eq!(url_shown(value), shown);
        }
    }
}
