//! A transport around a transport that notes what passes through.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, request, response};
use http_hook::body::Body;
use http_hook::options::{Capabilities, SendOptions};
use http_hook::response::Reason;
use http_hook::transport::Transport;
use http_hook::{Hook, Sent, TransportError, TransportErrorKind as Kind, blocking};

use crate::Cassette;
use crate::body::{blocking_broken, broken};
use crate::cassette::{Asked, Content, Exchange, MAX_EXCHANGES, Outcome, Told};
use crate::coding;
use crate::redact::Rules;

/// The longest body of an answer that is recorded, in bytes, unless [`Recorder::max_body_bytes`] says otherwise.
const MAX_BODY_BYTES: u64 = 16 << 20;

/// Records what passes through a transport, async and blocking. Clones share the recording.
///
/// What may be secret is taken out before it can be written:
///
/// | place | what is written |
/// | --- | --- |
/// | headers, either way | all names; values of those that say how a message is framed, cached, negotiated or paced, as bodies are, and whole values of those that are [kept](Self::keep_header) by name |
/// | challenges (`WWW-Authenticate`, `Proxy-Authenticate`) | schemes and parameters that are known, no token |
/// | cookies that are set | name, and the attributes that are known |
/// | path of the connection in URLs, if it is [told](Self::hide_base) | `/***` |
/// | URLs: of the request, in `Location`, `Link`, `Content-Location`, `Refresh`, `Referer`, `Origin`, `Host`, `Access-Control-Allow-Origin` | all but user info, fragment, and values of the query that are not [kept](Self::keep_query) by name |
/// | bodies of responses | all but user info of URLs, and what stands under names that [sound secret](http_hook::observe::sounds_secret), in JSON (lines of it, a part of it, with comments, too), forms (parts of them, too), URLs, lines of text, XML, HTML, YAML and TOML, or in a pair of `name` and `value`, and private keys in PEM, unless [kept](Self::keep_field) by name |
/// | bodies of requests | nothing |
///
/// Then every text that was taken out anywhere, what the body of a request has under such names, and what is
/// [told](Self::hide) is looked for in all that is left, in every form that it may be written in: as it is, with
/// percent, JSON or HTML escapes, in base64 or hexadecimal, one in the other, and in UTF-16 if all of its characters are Latin-1. What is escaped more than 16 times is not
/// written. That costs time and memory in proportion to what is recorded, however many secrets there
/// are: a text that takes more work than going through it 256 times is not written at all, a long secret is found by its beginning
/// and hidden in its length, and where there are more than some 200,000 secrets, nothing is written of any text. Not looked for are texts of less than 8 bytes (of less than 4, if the name sounds secret), and bodies of
/// requests that are streamed teach nothing: tell such secrets.
///
/// Bodies are written without their content coding, or not at all if it cannot be undone: that needs the feature `decode`,
/// which is on by default. Responses are read whole before they are handed on, within a limit. An exchange whose future was
/// dropped is recorded as cancelled. The [crate's page](crate) has an example.
#[derive(Clone)]
pub struct Recorder<T> {
    transport: T,
    tape: Arc<Mutex<Tape>>,
    max_body_bytes: u64,
}

#[derive(Default)]
struct Tape {
    rules: Rules,
    exchanges: Vec<Exchange>,
}

impl<T> Recorder<T> {
    /// Records what passes through `transport`.
    pub fn new(transport: T) -> Self {
        Self { transport, tape: Arc::default(), max_body_bytes: MAX_BODY_BYTES }
    }

    /// Keeps the values of this parameter of queries, so that requests are told apart by them. The name is in plain text,
    /// in the case in which it is sent.
    #[must_use]
    pub fn keep_query(self, name: &str) -> Self {
        self.tape().rules.keep_query(name);
        self
    }

    /// Keeps the values of this header, of requests and of responses.
    #[must_use]
    pub fn keep_header(self, name: &str) -> Self {
        self.tape().rules.keep_header(name);
        self
    }

    /// Keeps what bodies have under this name, though it sounds secret: `next_page_token`, or the `code` and `key` of an API's errors.
    #[must_use]
    pub fn keep_field(self, name: &str) -> Self {
        self.tape().rules.keep_field(name);
        self
    }

    /// Hides the path of the connection that the calls go by, which may be secret: `https://hooks.example.com/***/orders`. Without
    /// this a recording tells it.
    #[must_use]
    pub fn hide_base(self, hook: &Hook) -> Self {
        self.tape().rules.hide_base(hook.base_url());
        self
    }

    /// Takes this text out wherever it stands, however short it is.
    #[must_use]
    pub fn hide(self, secret: &str) -> Self {
        self.tape().rules.hide(secret.as_bytes());
        self
    }

    /// Records bodies of at most this many bytes, by default 16 MiB. A longer one is an error of kind
    /// [`Limit`](Kind::Limit) to the caller.
    #[must_use]
    pub fn max_body_bytes(self, max_body_bytes: u64) -> Self {
        Self { max_body_bytes, ..self }
    }

    /// Returns what was recorded so far, redacted by all that is known by now.
    #[must_use]
    pub fn cassette(&self) -> Cassette {
        let tape = self.tape();
        Cassette::new(tape.rules.redact(&tape.exchanges))
    }

    /// Notes a request, as one that was cancelled until more is known.
    fn begin(&self, head: &request::Parts, body: Option<&Bytes>) -> Result<usize, TransportError> {
        let mut tape = self.tape();
        let index = tape.exchanges.len();
        if index >= MAX_EXCHANGES {
            let error = TransportError::new(Kind::Limit, Sent::No);
            return Err(error.with_source(format!("more than {MAX_EXCHANGES} exchanges to record")));
        }
        let url = tape.rules.url(head.uri.to_string().as_bytes());
        let url = String::from_utf8_lossy(&url).into_owned();
        let headers = tape.rules.headers(&head.headers);
        tape.rules.learn_body(&head.headers, body.map_or(&[][..], |body| body));
        let request = Asked { method: head.method.to_string(), url, headers };
        let outcome = Outcome::error(Kind::Cancelled, Sent::Maybe);
        tape.exchanges.push(Exchange { request, outcome });
        Ok(index)
    }

    fn failed(&self, index: usize, error: TransportError) -> TransportError {
        self.end(index, Outcome::error(error.kind(), error.sent()));
        error
    }

    fn answered(&self, index: usize, head: &response::Parts, body: Option<&Bytes>) {
        let headers = self.tape().rules.headers(&head.headers);
        let reason = head.extensions.get::<Reason>().map(|reason| reason.as_str().to_owned());
        let (status, breaks_off) = (head.status.as_u16(), body.is_none());
        let body = Content::of(body.map_or(&[][..], |body| body));
        let mut told = Told { status, reason, headers, body, breaks_off };
        coding::undo(&mut told, &head.headers, self.max_body_bytes);
        self.end(index, Outcome::Answer(told));
    }

    fn end(&self, index: usize, outcome: Outcome) {
        if let Some(exchange) = self.tape().exchanges.get_mut(index) {
            exchange.outcome = outcome;
        }
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<T: Transport> Transport for Recorder<T> {
    fn capabilities(&self) -> Capabilities {
        self.transport.capabilities()
    }

    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let (head, own) = request.into_parts();
        let in_memory = if let Body::Bytes(bytes) = &own { Some(bytes) } else { None };
        let index = self.begin(&head, in_memory)?;
        let answer = self.transport.send(Request::from_parts(head, own), options).await;
        let (head, own) = answer.map_err(|error| self.failed(index, error))?.into_parts();
        let bytes = own.collect(self.max_body_bytes).await;
        self.answered(index, &head, bytes.as_ref().ok());
        Ok(Response::from_parts(
            head,
            bytes.map_or_else(|error| broken(Bytes::new(), error), Body::from),
        ))
    }
}

impl<T: blocking::Transport> blocking::Transport for Recorder<T> {
    fn capabilities(&self) -> Capabilities {
        self.transport.capabilities()
    }

    fn send(
        &self,
        request: Request<blocking::Body>,
        options: &SendOptions,
    ) -> Result<Response<blocking::Body>, TransportError> {
        let (head, own) = request.into_parts();
        let in_memory = if let blocking::Body::Bytes(bytes) = &own { Some(bytes) } else { None };
        let index = self.begin(&head, in_memory)?;
        let answer = self.transport.send(Request::from_parts(head, own), options);
        let (head, own) = answer.map_err(|error| self.failed(index, error))?.into_parts();
        let bytes = own.collect(self.max_body_bytes);
        self.answered(index, &head, bytes.as_ref().ok());
        let ends = |error| blocking_broken(Bytes::new(), error);
        let own = bytes.map_or_else(ends, blocking::Body::from);
        Ok(Response::from_parts(head, own))
    }
}

impl<T> fmt::Debug for Recorder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("exchanges", &self.tape().exchanges.len())
            .finish_non_exhaustive()
    }
}
