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
use http_hook::{Sent, TransportError, TransportErrorKind as Kind, blocking};

use crate::Cassette;
use crate::body::{blocking_broken, broken};
use crate::cassette::{Asked, Content, Exchange, MAX_EXCHANGES, Outcome, Told};
use crate::redact::Rules;

/// The longest body of an answer that is recorded, in bytes, unless [`Recorder::max_body_bytes`] says otherwise.
const MAX_BODY_BYTES: u64 = 16 << 20;

/// Records what passes through a transport, async and blocking. Clones share the recording.
///
/// What is secret is taken out before it can be written: user info, values of the query, cookies, every header of a
/// request but the harmless ones, headers and JSON fields of an answer whose names sound like secrets; and what was
/// taken out anywhere is looked for in everything else. Bodies of requests are not recorded at all. A secret that
/// none of this finds has to be [told](Recorder::hide).
///
/// Answers are read whole before they are handed on, within a limit. An exchange whose future was dropped is recorded as
/// cancelled. The [crate's page](crate) has an example.
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

    /// Keeps the values of this parameter of the query, so that requests are told apart by them.
    #[must_use]
    pub fn keep_query(self, name: &str) -> Self {
        self.tape().rules.keep_query.insert(name.to_owned());
        self
    }

    /// Keeps the values of this header of requests.
    #[must_use]
    pub fn keep_header(self, name: &str) -> Self {
        self.tape().rules.keep_headers.insert(name.to_ascii_lowercase());
        self
    }

    /// Takes this text out wherever it stands.
    #[must_use]
    pub fn hide(self, secret: &str) -> Self {
        if !secret.is_empty() {
            self.tape().rules.secrets.insert(secret.into());
        }
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
        let mut exchanges = tape.exchanges.clone();
        for exchange in &mut exchanges {
            tape.rules.conceal(exchange);
        }
        Cassette::new(exchanges)
    }

    /// Notes a request, as one that was cancelled until more is known.
    fn begin(&self, head: &request::Parts) -> Result<usize, TransportError> {
        let mut tape = self.tape();
        let index = tape.exchanges.len();
        if index >= MAX_EXCHANGES {
            let error = TransportError::new(Kind::Limit, Sent::No);
            return Err(error.with_source(format!("more than {MAX_EXCHANGES} exchanges to record")));
        }
        let url = tape.rules.url(&head.uri);
        let headers = tape.rules.asked(&head.headers);
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
        let headers = self.tape().rules.told(&head.headers);
        let reason = head.extensions.get::<Reason>().map(|reason| reason.as_str().to_owned());
        let (status, breaks_off) = (head.status.as_u16(), body.is_none());
        let body = Content::of(body.map_or(&[][..], |body| body));
        self.end(index, Outcome::Answer(Told { status, reason, headers, body, breaks_off }));
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
        let index = self.begin(&head)?;
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
        let index = self.begin(&head)?;
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
