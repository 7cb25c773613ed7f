//! The transport that plays a recording.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{Entry, LINK};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, request,
};
use http_hook::body::Body;
use http_hook::options::{Capabilities, Capability, SendOptions};
use http_hook::response::Reason;
use http_hook::transport::{TimeoutPhase, Transport};
use http_hook::{Hook, Sent, TransportError, TransportErrorKind as Kind, blocking};

use crate::Unmet;
use crate::body::{blocking_broken, broken};
use crate::cassette::{Exchange, Outcome, Told, latin1, latin1_bytes};
use crate::redact::{HIDDEN, Rules};

/// The longest body of a request that is read, in bytes.
const MAX_REQUEST_BYTES: u64 = 64 << 20;

/// No option is dropped where nothing is carried out.
const CAPABILITIES: Capabilities = Capabilities::of(
    "cassette",
    &[
        Capability::ConnectTimeout,
        Capability::HeadTimeout,
        Capability::IdleTimeout,
        Capability::TotalTimeout,
        Capability::VerifyOff,
        Capability::VerifyFile,
        Capability::ClientCert,
        Capability::ClientKey,
        Capability::ProxyHttp,
        Capability::ProxyHttps,
        Capability::ProxyAuth,
        Capability::KeepAlive,
        Capability::StreamRequest,
        Capability::StreamResponse,
        Capability::CustomMethod,
    ],
);

/// Plays a [`Cassette`](crate::Cassette), async and blocking: no socket, and no time passes.
///
/// Made by [`Cassette::strict`](crate::Cassette::strict) and [`Cassette::lenient`](crate::Cassette::lenient). Each
/// exchange is played once. A request that the recording does not have is an error of kind [`Bug`](Kind::Bug), not
/// sent. Clones share what is left.
///
/// What was taken out of a recorded URL stands for any text. Headers and bodies of requests are not compared. In a `Link` it is
/// played with the number of the answer behind it, from the second one on, for one link led elsewhere than the next.
#[derive(Clone)]
pub struct Replay {
    script: Arc<Mutex<Script>>,
}

struct Script {
    lines: VecDeque<Line>,
    order: Order,
    /// How many answers were played.
    played: usize,
    unexpected: Vec<String>,
    rules: Rules,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// The next request is the first that is left, at its origin.
    Strict,
    /// It is any that is left, at any origin.
    Lenient,
}

/// One exchange that is left to be played.
pub(crate) struct Line {
    method: Method,
    uri: Uri,
    outcome: Played,
}

enum Played {
    Answer { response: Box<Response<Bytes>>, breaks_off: bool },
    Error(Kind, Sent),
}

impl Replay {
    pub(crate) fn strict(lines: Vec<Line>) -> Self {
        Self::new(lines, Order::Strict)
    }

    pub(crate) fn lenient(lines: Vec<Line>) -> Self {
        Self::new(lines, Order::Lenient)
    }

    fn new(lines: Vec<Line>, order: Order) -> Self {
        let (lines, unexpected, rules) = (lines.into(), Vec::new(), Rules::default());
        let script = Script { lines, order, played: 0, unexpected, rules };
        Self { script: Arc::new(Mutex::new(script)) }
    }

    /// Hides the path of the connection that the calls go by in what is told of a request that the recording does not have.
    #[must_use]
    pub fn hide_base(self, hook: &Hook) -> Self {
        self.script().rules.hide_base(hook.base_url());
        self
    }

    /// Checks that the recording was played to its end and nothing else was asked for.
    ///
    /// # Errors
    ///
    /// [`Unmet`] names each unexpected request and each exchange that is left.
    pub fn verify(&self) -> Result<(), Unmet> {
        let script = self.script();
        let left = script.lines.iter().map(ToString::to_string).collect();
        Unmet::check("recording", script.unexpected.clone(), left)
    }

    /// Checks as [`verify`](Self::verify) does, for the last line of a test.
    ///
    /// # Panics
    ///
    /// If that is an error.
    #[track_caller]
    pub fn assert_done(&self) {
        if let Err(unmet) = self.verify() {
            panic!("{unmet}");
        }
    }

    fn play(&self, head: &request::Parts) -> Result<Played, TransportError> {
        self.script().take(head).map_err(|message| {
            let message = format!("unexpected request: {message}");
            TransportError::new(Kind::Bug, Sent::No).with_message(message)
        })
    }

    /// A test that panicked elsewhere has not harmed the recording.
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Script {
    /// Takes the exchange that is played to a request, or tells why there is none.
    fn take(&mut self, head: &request::Parts) -> Result<Played, String> {
        let candidates = match self.order {
            Order::Strict => 1,
            Order::Lenient => self.lines.len(),
        };
        let mut lines = self.lines.iter().take(candidates);
        let index = lines.position(|line| line.fits(head, self.order));
        if let Some(line) = index.and_then(|index| self.lines.remove(index)) {
            self.played = self.played.saturating_add(1);
            return Ok(line.outcome.numbered(self.played));
        }
        let url = self.rules.url(head.uri.to_string().as_bytes());
        let own = format!("{} {}", head.method, String::from_utf8_lossy(&url));
        let Some(line) = self.lines.front().filter(|_| self.order == Order::Strict) else {
            let message = format!("{own}, where the recording has nothing left for it");
            self.unexpected.push(message.clone());
            return Err(message);
        };
        let differs = line.differs(head, &mut self.rules);
        // What is left is told once, whatever came in its place.
        let recorded = if differs.is_empty() { "" } else { ", recorded" };
        self.unexpected.push(format!("{own}{recorded}{differs}"));
        Err(format!("{own}, where the recording has {line}{differs}"))
    }
}

impl Line {
    /// Reads a recorded exchange, or names the place that is not valid.
    pub(crate) fn read(exchange: &Exchange) -> Result<Self, &'static str> {
        let request = &exchange.request;
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| "method")?;
        let uri: Uri = request.url.parse().map_err(|_| "url")?;
        headers(&request.headers)?;
        let outcome = match &exchange.outcome {
            Outcome::Answer(told) => {
                Played::Answer { response: Box::new(told.response()?), breaks_off: told.breaks_off }
            }
            Outcome::Error { kind, sent } => {
                let kind = KINDS.iter().find(|own| own.name() == kind).ok_or("kind")?;
                let sent = SENT.iter().find(|(name, _)| name == sent).ok_or("sent")?;
                Played::Error(*kind, sent.1)
            }
        };
        Ok(Self { method, uri, outcome })
    }

    fn fits(&self, head: &request::Parts, order: Order) -> bool {
        let (recorded, own) = (&self.uri, &head.uri);
        (order == Order::Lenient || same_origin(recorded, own))
            && self.method == head.method
            && like(recorded.path(), own.path())
            && same_query(recorded.query(), own.query())
    }

    /// Says what is another one where method and path are the same: the origin, else the query, without what may be secret.
    fn differs(&self, head: &request::Parts, rules: &mut Rules) -> String {
        let (recorded, own) = (&self.uri, &head.uri);
        if self.method != head.method || !like(recorded.path(), own.path()) {
            return String::new();
        }
        if !same_origin(recorded, own) {
            return " at another origin".to_owned();
        }
        let url = rules.url(recorded.to_string().as_bytes());
        match String::from_utf8_lossy(&url).split_once('?') {
            Some((_, query)) => format!(" with the query {query}"),
            None => " without a query".to_owned(),
        }
    }
}

fn number_in(link: &mut HeaderValue, number: usize) {
    let (hidden, own) = (format!("={HIDDEN}"), format!("={HIDDEN}{number}"));
    let text = latin1(link.as_bytes()).replace(&hidden, &own);
    if let Some(new) = latin1_bytes(&text).and_then(|new| HeaderValue::from_bytes(&new).ok()) {
        *link = new;
    }
}

/// In the words of a script: `503 for GET /v1/orders`.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Played::Answer { response, .. } => write!(f, "{}", response.status().as_u16())?,
            Played::Error(kind, _) => write!(f, "error {}", kind.name())?,
        }
        write!(f, " for {} {}", self.method, self.uri.path())
    }
}

impl Told {
    fn response(&self) -> Result<Response<Bytes>, &'static str> {
        let mut response = Response::new(self.body.bytes().ok_or("body")?);
        *response.status_mut() = StatusCode::from_u16(self.status).map_err(|_| "status")?;
        *response.headers_mut() = headers(&self.headers)?;
        if let Some(reason) = &self.reason {
            if reason.chars().any(char::is_control) {
                return Err("reason");
            }
            response.extensions_mut().insert(Reason::new(reason));
        }
        Ok(response)
    }
}

/// Reads headers, or names what is not valid: there may be too many of them as well.
fn headers(written: &[(String, String)]) -> Result<HeaderMap, &'static str> {
    let mut headers = HeaderMap::new();
    for (name, value) in written {
        let name: HeaderName = name.parse().map_err(|_| "header name")?;
        let value = latin1_bytes(value).and_then(|value| HeaderValue::from_bytes(&value).ok());
        headers.try_append(name, value.ok_or("header value")?).map_err(|_| "too many headers")?;
    }
    Ok(headers)
}

impl Played {
    /// Has what was taken out of links differ from one answer to the next, as it did: links that are the same lead in a circle.
    fn numbered(mut self, number: usize) -> Self {
        if let (Self::Answer { response, .. }, 2..) = (&mut self, number) {
            if let Entry::Occupied(mut links) = response.headers_mut().entry(LINK) {
                links.iter_mut().for_each(|link| number_in(link, number));
            }
        }
        self
    }

    /// Makes a response of it, by what makes a body of bytes and one that breaks off.
    fn respond<B>(
        self,
        whole: impl FnOnce(Bytes) -> B,
        broken: impl FnOnce(Bytes, TransportError) -> B,
    ) -> Result<Response<B>, TransportError> {
        match self {
            Self::Error(kind, sent) => Err(TransportError::new(kind, sent)),
            Self::Answer { response, breaks_off: false } => Ok(response.map(whole)),
            Self::Answer { response, breaks_off: true } => {
                let error = TransportError::new(Kind::Body, Sent::Yes);
                let error = error.with_source("the recorded body breaks off here");
                Ok(response.map(|bytes| broken(bytes, error)))
            }
        }
    }
}

#[async_trait]
impl Transport for Replay {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(
        &self,
        request: Request<Body>,
        _options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let (head, body) = request.into_parts();
        body.collect(MAX_REQUEST_BYTES).await.map_err(request_body)?;
        self.play(&head)?.respond(Body::from, broken)
    }
}

impl blocking::Transport for Replay {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn send(
        &self,
        request: Request<blocking::Body>,
        _options: &SendOptions,
    ) -> Result<Response<blocking::Body>, TransportError> {
        let (head, body) = request.into_parts();
        body.collect(MAX_REQUEST_BYTES).map_err(request_body)?;
        self.play(&head)?.respond(blocking::Body::from, blocking_broken)
    }
}

/// The source of a request's body is the caller's: what breaks off there is no recorded body.
fn request_body(error: TransportError) -> TransportError {
    TransportError::new(Kind::RequestBody, Sent::Maybe).with_source(error)
}

/// Compares scheme, host and port; user info was not written.
fn same_origin(recorded: &Uri, own: &Uri) -> bool {
    let (was, is) = (recorded.host().unwrap_or_default(), own.host().unwrap_or_default());
    recorded.scheme() == own.scheme() && recorded.port_u16() == own.port_u16() && like(was, is)
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
    let (middle, end) = rest.rsplit_once(HIDDEN).unwrap_or(("", rest));
    let own = own.strip_prefix(start).and_then(|own| own.strip_suffix(end));
    let mut parts = middle.split(HIDDEN);
    own.is_some_and(|own| {
        parts.try_fold(own, |own, part| own.split_once(part).map(|(_, rest)| rest)).is_some()
    })
}

pub(crate) const SENT: [(&str, Sent); 3] =
    [("no", Sent::No), ("maybe", Sent::Maybe), ("yes", Sent::Yes)];

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

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("left", &self.script().lines.len()).finish_non_exhaustive()
    }
}
