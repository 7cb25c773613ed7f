//! The scripted transport.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_hook::blocking::Clock;
use http_hook::body::Body;
use http_hook::options::{Capabilities, SendOptions};
use http_hook::transport::TimeoutPhase;
use http_hook::{Sent, TransportError, TransportErrorKind, blocking};

use crate::pieces::{blocking_body, body};
use crate::reply::{Answer, Outcome, Reply};
use crate::script::{Order, Script};
use crate::{Received, Unmet, VirtualClock};

/// The largest request body that is kept in the log, in bytes.
const MAX_REQUEST_BYTES: u64 = 64 << 20;

/// A transport that plays a script, async and blocking, and keeps a log.
///
/// Clones share script, log and clock: keep one, give the other to the code under test. A request that the script
/// does not expect is an error of kind [`Bug`](TransportErrorKind::Bug), not sent.
///
/// # Examples
///
/// ```
/// use http_hook_mock::{MockTransport, Reply};
///
/// let server = MockTransport::matching([
///     Reply::status(200).on("GET", "/a"),
///     Reply::status(404).always(),
/// ]);
/// let unmet = server.verify().unwrap_err();
/// assert_eq!(unmet.to_string(), "the script still has: 200 for GET /a");
/// ```
#[derive(Clone)]
pub struct MockTransport {
    script: Arc<Mutex<Script>>,
    clock: VirtualClock,
    capabilities: Capabilities,
}

impl MockTransport {
    /// Plays `replies` in this order: each is for the next request, which must be the one it expects, if it does.
    #[must_use]
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::play(replies.into_iter().collect(), Order::Strict)
    }

    /// Gives each request the first of `replies` that is left and expects it.
    #[must_use]
    pub fn matching(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::play(replies.into_iter().collect(), Order::Matching)
    }

    fn play(replies: Vec<Reply>, order: Order) -> Self {
        Self {
            script: Arc::new(Mutex::new(Script::new(replies, order))),
            clock: VirtualClock::new(),
            capabilities: crate::everything("mock"),
        }
    }

    /// Lets time pass on this clock instead of one of its own.
    #[must_use]
    pub fn with_clock(mut self, clock: VirtualClock) -> Self {
        self.clock = clock;
        self
    }

    /// Claims these capabilities instead of all.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Gives the clock on which replies take their time.
    #[must_use]
    pub fn clock(&self) -> VirtualClock {
        self.clock.clone()
    }

    /// Gives every request so far, in order, unexpected ones included.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.script().log.clone()
    }

    /// Checks that the script was played to its end and nothing else was asked for.
    ///
    /// # Errors
    ///
    /// [`Unmet`] names each unexpected request and each reply that is left.
    pub fn verify(&self) -> Result<(), Unmet> {
        self.script().verify()
    }

    /// Checks as [`verify`](MockTransport::verify) does, for the last line of a test.
    ///
    /// # Panics
    ///
    /// If that gives an error.
    #[track_caller]
    pub fn assert_done(&self) {
        if let Err(unmet) = self.verify() {
            panic!("{unmet}");
        }
    }

    /// Notes the request, lets the time of its reply pass, and gives what comes of it: nothing if it hangs.
    fn exchange(
        &self,
        request: Request<Bytes>,
        options: &SendOptions,
    ) -> Result<Option<Answer>, TransportError> {
        let (head, body) = request.into_parts();
        let (outcome, time) = self.script().take(Received {
            method: head.method,
            uri: head.uri,
            headers: head.headers,
            body,
            options: options.clone(),
            at: self.clock.now(),
        })?;
        let hangs = matches!(outcome, Outcome::Hang);
        if let Some((limit, phase)) = limit(options).filter(|(limit, _)| hangs || *limit < time) {
            self.clock.advance(limit);
            return Err(TransportError::new(TransportErrorKind::Timeout(phase), Sent::Maybe));
        }
        self.clock.advance(time);
        match outcome {
            Outcome::Answer(answer) => Ok(Some(answer)),
            Outcome::Error(kind, sent) => Err(TransportError::new(kind, sent)),
            Outcome::Hang => Ok(None),
        }
    }

    /// A test that panicked elsewhere has not harmed the script.
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Plays them in their order, as [`MockTransport::new`] does.
impl<const N: usize> From<[Reply; N]> for MockTransport {
    fn from(script: [Reply; N]) -> Self {
        Self::new(script)
    }
}

/// Plays them in their order, as [`MockTransport::new`] does.
impl From<Vec<Reply>> for MockTransport {
    fn from(script: Vec<Reply>) -> Self {
        Self::new(script)
    }
}

/// The same server: clones share everything.
impl From<&Self> for MockTransport {
    fn from(server: &Self) -> Self {
        server.clone()
    }
}

#[async_trait]
impl http_hook::transport::Transport for MockTransport {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let (head, body_sent) = request.into_parts();
        let bytes = body_sent.collect(MAX_REQUEST_BYTES).await.map_err(request_body)?;
        match self.exchange(Request::from_parts(head, bytes), options)? {
            Some(answer) => Ok(response(answer, body)),
            None => std::future::pending().await,
        }
    }
}

impl blocking::Transport for MockTransport {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn send(
        &self,
        request: Request<blocking::Body>,
        options: &SendOptions,
    ) -> Result<Response<blocking::Body>, TransportError> {
        let (head, body_sent) = request.into_parts();
        let bytes = body_sent.collect(MAX_REQUEST_BYTES).map_err(request_body)?;
        match self.exchange(Request::from_parts(head, bytes), options)? {
            Some(answer) => Ok(response(answer, blocking_body)),
            None => Err(TransportError::new(TransportErrorKind::Bug, Sent::Maybe)
                .with_message("the script hangs, and the request has no time limit")),
        }
    }
}

/// The limit that is reached first while the head of an answer is awaited.
fn limit(options: &SendOptions) -> Option<(Duration, TimeoutPhase)> {
    let timeouts = options.timeouts;
    let head = timeouts.head.map(|limit| (limit, TimeoutPhase::Head));
    let total = timeouts.total.map(|limit| (limit, TimeoutPhase::Total));
    head.into_iter().chain(total).min_by_key(|(limit, _)| *limit)
}

fn response<B>(answer: Answer, body: impl FnOnce(Answer) -> B) -> Response<B> {
    let (status, headers, reason) = (answer.status, answer.headers.clone(), answer.reason.clone());
    let mut response = Response::new(body(answer));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if let Some(reason) = reason {
        response.extensions_mut().insert(reason);
    }
    response
}

/// The source of a request's body is the caller's: what breaks off there is not an answer's body.
fn request_body(error: TransportError) -> TransportError {
    TransportError::new(TransportErrorKind::RequestBody, Sent::Maybe).with_source(error)
}

impl fmt::Debug for MockTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockTransport")
            .field("received", &self.script().log)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
