//! A recording of exchanges as JSON, and the script that it makes.
//!
//! ```text
//! any transport ◀──▶ Recorder ──▶ Cassette ──▶ JSON ──▶ Cassette ──▶ MockTransport
//!                                 redacted              checked      strict or matching
//! ```

pub(crate) mod redact;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use http_hook::{Error, ErrorKind, Sent, TimeoutPhase, TransportErrorKind as Kind};
use serde::{Deserialize, Serialize};

use crate::reply::Reply;
use crate::{MockTransport, Received};
use redact::HIDDEN;

/// The most exchanges of a cassette.
pub const MAX_EXCHANGES: usize = 10_000;

/// The longest cassette that is read, in bytes.
pub const MAX_CASSETTE_BYTES: usize = 64 << 20;

const VERSION: u32 = 1;

/// Recorded exchanges, redacted: what a [`Recorder`](crate::Recorder) gives, to be kept as JSON and played again.
///
/// # Examples
///
/// ```
/// use http_hook::blocking::HttpHook;
/// use http_hook::{Hook, RequestPlan};
/// use http_hook_mock::{Cassette, MockTransport, Recorder, Reply};
///
/// // In place of the mock, the transport that reaches the real server.
/// let real = MockTransport::new([Reply::status(200).header("set-cookie", "id=s3cret").body("7 orders")]);
/// let recorder = Recorder::new(real.clone());
/// let hook = HttpHook::new(Hook::to("https://api.example.test")?, recorder.clone(), real.clock());
/// hook.run(RequestPlan::get("v1/orders").param("token", "s3cret"))?;
/// let json = recorder.cassette().to_json();
/// assert!(!json.contains("s3cret"));
///
/// let server = Cassette::from_json(&json)?.strict();
/// let hook = HttpHook::new(Hook::to("https://api.example.test")?, server.clone(), server.clock());
/// let answer = hook.run(RequestPlan::get("v1/orders").param("token", "another"))?;
/// assert_eq!(answer.body(), "7 orders");
/// server.assert_done();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cassette {
    version: u32,
    exchanges: Vec<Exchange>,
}

/// One request and what came of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    pub(crate) request: Asked,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) url: String,
    /// Only those whose values are never secret, or that were asked for.
    pub(crate) headers: Vec<(String, String)>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Outcome {
    Answer(Told),
    Error { kind: String, sent: String },
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    pub(crate) status: u16,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) reason: Option<String>,
    /// Values as Latin-1: each character is one byte.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Content,
    /// Whether the body ended in an error.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(crate) breaks_off: bool,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content {
    Text(String),
    Base64(String),
}

impl Content {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(STANDARD.encode(bytes)),
        }
    }

    pub(crate) fn bytes(&self) -> Option<Bytes> {
        match self {
            Self::Text(text) => Some(Bytes::from(text.clone())),
            Self::Base64(text) => STANDARD.decode(text).ok().map(Bytes::from),
        }
    }
}

impl Outcome {
    pub(crate) fn error(kind: Kind, sent: Sent) -> Self {
        let sent = SENT.iter().find(|(_, own)| *own == sent).map_or("maybe", |(name, _)| name);
        Self::Error { kind: kind.name().to_owned(), sent: sent.to_owned() }
    }
}

impl Cassette {
    pub(crate) fn new(exchanges: Vec<Exchange>) -> Self {
        Self { version: VERSION, exchanges }
    }

    /// Counts the exchanges.
    #[must_use]
    pub fn len(&self) -> usize {
        self.exchanges.len()
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// Prints the cassette as indented JSON with a line break at its end, so that changes show line by line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("text and numbers are JSON");
        json + "\n"
    }

    /// Reads a cassette, and checks all of it.
    ///
    /// # Errors
    ///
    /// Kind [`Limit`](ErrorKind::Limit) if there is more of it than [`MAX_CASSETTE_BYTES`] or [`MAX_EXCHANGES`], else
    /// kind [`Stored`](ErrorKind::Stored); the message names the place.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_CASSETTE_BYTES {
            let message = format!("cassette: longer than {MAX_CASSETTE_BYTES} bytes");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let cassette: Self = serde_json::from_str(json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            stored(format!("cassette: not readable at line {line}, column {column}"))
        })?;
        if cassette.version != VERSION {
            return Err(stored(format!("cassette: version {} is not known", cassette.version)));
        }
        if cassette.exchanges.len() > MAX_EXCHANGES {
            let message = format!("cassette: more than {MAX_EXCHANGES} exchanges");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        for (index, exchange) in cassette.exchanges.iter().enumerate() {
            let at = |place| stored(format!("cassette: exchange {}: {place}", index + 1));
            drop(exchange.reply(Match::Everything).map_err(at)?);
        }
        Ok(cassette)
    }

    /// Plays the exchanges in their order; each request must have the recorded origin, method, path and query.
    ///
    /// A query value that was redacted stands for any value.
    #[must_use]
    pub fn strict(&self) -> MockTransport {
        MockTransport::new(self.replies(Match::Everything))
    }

    /// Gives each request the first exchange that is left with its method, path and query, at any origin.
    #[must_use]
    pub fn lenient(&self) -> MockTransport {
        MockTransport::matching(self.replies(Match::AnyOrigin))
    }

    /// Recorded or read, each exchange was checked.
    fn replies(&self, wanted: Match) -> Vec<Reply> {
        self.exchanges.iter().filter_map(|exchange| exchange.reply(wanted).ok()).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    Everything,
    AnyOrigin,
}

impl Exchange {
    /// Makes a line of a script, or names the place that is not valid.
    fn reply(&self, wanted: Match) -> Result<Reply, &'static str> {
        let method = Method::from_bytes(self.request.method.as_bytes()).map_err(|_| "method")?;
        let uri: Uri = self.request.url.parse().map_err(|_| "url")?;
        let path = uri.path().to_owned();
        let reply = match &self.outcome {
            Outcome::Answer(told) => told.reply()?,
            Outcome::Error { kind, sent } => {
                let kind = KINDS.iter().find(|own| own.name() == kind).ok_or("kind")?;
                let sent = SENT.iter().find(|(name, _)| name == sent).ok_or("sent")?;
                Reply::error(*kind, sent.1)
            }
        };
        let fits = move |received: &Received| {
            let own = &received.uri;
            let here = (own.scheme_str(), own.authority()) == (uri.scheme_str(), uri.authority());
            (here || wanted == Match::AnyOrigin)
                && method == received.method
                && like(uri.path(), own.path())
                && same_query(uri.query(), own.query())
        };
        Ok(reply.when(fits).named(format!("{} {path}", self.request.method)))
    }
}

impl Told {
    fn reply(&self) -> Result<Reply, &'static str> {
        StatusCode::from_u16(self.status).map_err(|_| "status")?;
        let mut reply = Reply::status(self.status).body(self.body.bytes().ok_or("body")?);
        for (name, value) in &self.headers {
            let name: HeaderName = name.parse().map_err(|_| "header name")?;
            reply = reply.append(name, latin1(value).ok_or("header value")?);
        }
        if let Some(reason) = &self.reason {
            reply = reply.reason(reason);
        }
        Ok(if self.breaks_off { reply.breaks_off() } else { reply })
    }
}

fn latin1(text: &str) -> Option<HeaderValue> {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    HeaderValue::from_maybe_shared(Bytes::from(bytes?)).ok()
}

/// Compares two queries pair by pair.
fn same_query(recorded: Option<&str>, own: Option<&str>) -> bool {
    let pairs = |query: Option<&str>| -> Vec<(String, String)> {
        let pairs = query.into_iter().flat_map(|query| query.split('&'));
        let split = pairs.map(|pair| pair.split_once('=').unwrap_or(("", pair)));
        split.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let (recorded, own) = (pairs(recorded), pairs(own));
    recorded.len() == own.len()
        && recorded.iter().zip(&own).all(|(was, is)| like(&was.0, &is.0) && like(&was.1, &is.1))
}

/// Compares two texts; what was taken out of the recorded one is like anything.
fn like(recorded: &str, own: &str) -> bool {
    let Some((start, rest)) = recorded.split_once(HIDDEN) else { return recorded == own };
    let (Some(mut own), parts) = (own.strip_prefix(start), rest.split(HIDDEN)) else {
        return false;
    };
    let mut last = rest;
    for part in parts {
        last = part;
        let Some(at) = own.find(part) else { return false };
        own = &own[at + part.len()..];
    }
    own.is_empty() || last.is_empty()
}

fn stored(message: String) -> Error {
    Error::new(ErrorKind::Stored, message)
}

const SENT: [(&str, Sent); 3] = [("no", Sent::No), ("maybe", Sent::Maybe), ("yes", Sent::Yes)];

const KINDS: [Kind; 16] = [
    Kind::Dns,
    Kind::Connect,
    Kind::Tls,
    Kind::Proxy,
    Kind::Timeout(TimeoutPhase::Connect),
    Kind::Timeout(TimeoutPhase::Head),
    Kind::Timeout(TimeoutPhase::Body),
    Kind::Timeout(TimeoutPhase::Total),
    Kind::Interrupted,
    Kind::Protocol,
    Kind::Body,
    Kind::Limit,
    Kind::InvalidRequest,
    Kind::RequestBody,
    Kind::Cancelled,
    Kind::Bug,
];

/// Without URLs and bodies: what was not recognised as a secret may still be one.
impl fmt::Debug for Cassette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cassette").field("exchanges", &self.len()).finish_non_exhaustive()
    }
}
