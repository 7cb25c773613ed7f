//! Heads of requests and answers, for people: what is secret is hidden unless it is asked for on a terminal.

use std::fmt::Write as _;

use http::header::{HeaderMap, HeaderName, SET_COOKIE};
use http::{Request, Response};
use http_hook::Explanation;
use http_hook::observe::sounds_secret;
use http_hook::response::Reason;

use crate::screen;

const HIDDEN: &str = "***";

/// What is told of the heads of a call's requests.
#[derive(Default)]
pub(crate) struct Heads {
    /// The headers whose values may be shown, with these values.
    open: Vec<(String, String)>,
    secrets: bool,
}

impl Heads {
    /// Takes from the explanation of a call what may be shown; `secrets` shows everything.
    pub(crate) fn new(explained: Option<&Explanation>, secrets: bool) -> Self {
        let facts = explained.map(|explained| explained.facts.as_slice()).unwrap_or_default();
        let open = facts.iter().filter_map(|fact| {
            let name = fact.what.strip_prefix("header ")?;
            Some((name.to_owned(), fact.value.clone()?))
        });
        Self { open: open.collect(), secrets }
    }

    /// Writes the head of a request, whose URL is as it may be shown.
    pub(crate) fn request<B>(&self, request: &Request<B>, shown_url: &str) -> String {
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
            let open = self.secrets || self.is_open(name, value);
            let _ = writeln!(text, "{name}: {}", if open { value } else { HIDDEN });
        }
        screen::plain(&text)
    }

    fn is_open(&self, name: &HeaderName, value: &str) -> bool {
        match self.open.iter().find(|(own, _)| own == name.as_str()) {
            Some((_, shown)) => shown == value,
            None => is_made(name),
        }
    }
}

/// Writes the head of an answer.
pub(crate) fn response_head<B>(response: &Response<B>, hides: bool) -> String {
    let reason = Reason::of(response);
    let reason = screen::line(reason.as_str());
    let mut text = format!("{:?} {} {reason}", response.version(), response.status().as_u16())
        .trim_end()
        .to_owned();
    text.push('\n');
    for (name, value) in response.headers() {
        let shown = String::from_utf8_lossy(value.as_bytes());
        let shown = if hides && is_secret(name) { HIDDEN } else { &shown };
        let _ = writeln!(text, "{name}: {}", screen::line(shown));
    }
    text
}

/// Whether a header of a request is made here, where no layer sets it.
pub(crate) fn is_made(name: &HeaderName) -> bool {
    matches!(name.as_str(), "content-length" | "content-type" | "host" | "idempotency-key")
}

/// Whether a header of an answer is better not told to logs.
pub(crate) fn is_secret(name: &HeaderName) -> bool {
    *name == SET_COOKIE || sounds_secret(name.as_str())
}

/// The headers of an answer as values, for JSON.
pub(crate) fn to_json(headers: &HeaderMap) -> serde_json::Value {
    let mut all = serde_json::Map::new();
    for name in headers.keys() {
        let values = headers.get_all(name).iter().map(|value| {
            if is_secret(name) {
                HIDDEN.to_owned()
            } else {
                screen::line(&String::from_utf8_lossy(value.as_bytes()))
            }
        });
        let values: Vec<_> = values.collect();
        all.insert(name.as_str().to_owned(), values.into());
    }
    all.into()
}
