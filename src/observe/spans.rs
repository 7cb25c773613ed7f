//! Events as spans of `tracing`, with the names of OpenTelemetry's [conventions for HTTP].
//!
//! [conventions for HTTP]: https://opentelemetry.io/docs/specs/semconv/http/http-spans/

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use tracing::Span;
use tracing::field::Empty;

use super::target::{REDACTED, Rules};
use super::{Event, Observer, ShownUrl};
use crate::call::{RetryReason, SendCause};
use crate::hook::Hook;
use crate::response::StopReason;

/// Makes one span of each send: retries, redirects, answered challenges and token requests are spans of their own.
///
/// A span is a child of the one that is current where the call runs. It begins before the send and ends when the
/// head of the response has come. `tracing-opentelemetry` makes of it a span of kind CLIENT that is named after the
/// method; its attributes are:
///
/// | attribute | |
/// | --- | --- |
/// | `http.request.method` | `_OTHER` if it is not [known](Spans::known_methods); then `http.request.method_original` |
/// | `server.address`, `server.port` | of the URL |
/// | `url.full` | as everywhere: without what is the connection's, with `REDACTED` in its place |
/// | `http.request.resend_count` | how often the request was sent before, if it was: for whatever reason |
/// | `http.response.status_code` | if there was a response |
/// | `error.type` | the status if it is 400 or above, else the [kind](crate::TransportErrorKind::name) of the error |
///
/// It is current while the client sends, so that what the client tells, or puts into a header of the request, belongs to it. A wait is an event of
/// level DEBUG; a call that was given up is one of level WARN, with what its [failure](crate::Failure) prints, or of level DEBUG where its
/// caller cancelled it. Headers and bodies are never told.
///
/// # A span of each call
///
/// [`with_calls`](Spans::with_calls) puts a span around all sends and waits of a call. It is of kind INTERNAL, named after the id of the
/// connection, else `http_hook`, and has nothing that would count as a request:
///
/// | attribute | |
/// | --- | --- |
/// | `http_hook.connection` | the id of the connection, if it has one |
/// | `http_hook.method` | the method of the plan; `_OTHER` if it is not known |
/// | `http_hook.sends` | how many requests were sent, at the end |
/// | `error.type` | why the call was given up, if it was: the [reason](crate::StopReason::name) |
///
/// The span of a send then has `http_hook.attempt`, too, and lines about waits have `attempt`. So whoever prints lines with
/// `tracing_subscriber::fmt()` reads before each of them, those of the client among them, what it is about:
///
/// ```text
/// INFO http_hook.call{otel.name="orders" otel.kind="internal" http_hook.connection="orders" http_hook.method="GET"}:http.client.request{… http_hook.attempt=1}: my_client: connected
/// DEBUG http_hook.call{otel.name="orders" otel.kind="internal" http_hook.connection="orders" http_hook.method="GET"}: http_hook: waiting wait=2s reason="hint" attempt=1
/// WARN http_hook.call{otel.name="orders" otel.kind="internal" http_hook.connection="orders" http_hook.method="GET"}: http_hook: given up reason="rejected" sends=2 attempt=2 failure=404:Not Found; GET https://api.example.com/v1/orders, 2 attempts; not worth a retry
/// ```
///
/// An attempt that passes prints no line by itself: its span tells it, with its status and how long it took. For a line of each send, the spans
/// have to be printed as they end: `tracing_subscriber::fmt().with_span_events(FmtSpan::CLOSE)`.
///
/// ```text
/// INFO http.client.request{otel.name="GET" … url.full="https://api.example.com/v1/orders?key=REDACTED" http.response.status_code=200}: http_hook: close time.busy=726µs time.idle=5.28ms
/// ```
///
/// A [leg](crate::HttpHook::leg) is a span of its own, and a call that is taken up from a store another one.
///
/// # Examples
///
/// ```
/// use http_hook::observe::{Observer, Spans};
///
/// let spans = Spans::new().with_calls();
/// # let _: &dyn Observer = &spans;
/// // let hook = HttpHook::new(hook, transport, clock).with_observer(spans);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Spans {
    rules: Arc<Rules>,
    calls: bool,
}

impl Spans {
    /// Makes an observer that knows the ten methods of the conventions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells these methods by name, and no others.
    #[must_use]
    pub fn known_methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        let methods = methods.into_iter().map(|method| method.as_str().to_owned());
        Arc::make_mut(&mut self.rules).known = methods.collect();
        self
    }

    /// Makes a [span of each call](Spans#a-span-of-each-call), too. By default there is none.
    #[must_use]
    pub fn with_calls(mut self) -> Self {
        self.calls = true;
        self
    }
}

impl Observer for Spans {
    /// Tells nothing: only the observer of one call knows which request a response belongs to.
    fn event(&self, _: &Event<'_>) {}

    fn for_call(&self, hook: &Hook, method: Option<&Method>) -> Option<Box<dyn Observer>> {
        let call = self.calls.then(|| {
            let id = hook.id();
            let known = method.map(|method| self.rules.method(method).unwrap_or("_OTHER"));
            tracing::info_span!(
                target: "http_hook",
                "http_hook.call",
                "otel.name" = id.unwrap_or("http_hook"),
                "otel.kind" = "internal",
                "otel.status_code" = Empty,
                "http_hook.connection" = id,
                "http_hook.method" = known,
                "http_hook.sends" = Empty,
                "error.type" = Empty,
            )
        });
        let state = Mutex::new(State { call, ..State::default() });
        Some(Box::new(OfCall { rules: Arc::clone(&self.rules), state }))
    }
}

struct OfCall {
    rules: Arc<Rules>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The call, if it has a span.
    call: Option<Span>,
    /// The number of the attempt under way, or the last one; only for calls that have a span.
    attempt: Option<u32>,
    /// The send under way.
    span: Option<Span>,
    /// How many sends were for tokens: they are no resends, and neither is what they are for.
    tokens: u32,
}

impl State {
    /// Does something within the span of the call.
    fn in_call<T>(&self, what: impl FnOnce() -> T) -> T {
        match &self.call {
            Some(call) => call.in_scope(what),
            None => what(),
        }
    }

    fn ended(&mut self, sends: u32) {
        self.span = None;
        if let Some(call) = &self.call {
            call.record("http_hook.sends", i64::from(sends));
        }
    }
}

impl Observer for OfCall {
    fn event(&self, event: &Event<'_>) {
        let mut state = self.state();
        match event {
            Event::Send { method, url, send, cause, attempt_number, .. } => {
                if *cause == SendCause::Token {
                    state.tokens = state.tokens.saturating_add(1);
                }
                let resent = match cause {
                    SendCause::First | SendCause::Token => 0,
                    _ => send.saturating_sub(1).saturating_sub(state.tokens),
                };
                state.attempt = state.call.as_ref().map(|_| *attempt_number);
                let span = state.in_call(|| self.begin(method, *url, resent, state.attempt));
                state.span = Some(span);
            }
            Event::Answer { status, .. } => {
                if let Some(span) = state.span.take() {
                    answered(&span, *status);
                }
            }
            Event::Error { error, .. } => {
                // An error in the body comes after the end of the span.
                if let Some(span) = state.span.take() {
                    span.record("error.type", error.kind().name());
                    span.record("otel.status_code", "ERROR");
                }
            }
            Event::Wait { wait, reason, again, asked } => {
                let (reason, again) = (reason.name(), again.map(RetryReason::name));
                let (asked, attempt) = (asked.map(tracing::field::debug), state.attempt);
                state.in_call(|| {
                    tracing::debug!(target: "http_hook", ?wait, reason, again, asked, attempt, "waiting");
                });
            }
            Event::GaveUp { failure } => {
                let (reason, sends) = (failure.reason().name(), failure.sends());
                let attempt = state.attempt;
                // A call that its caller gave up has not failed.
                let failed = failure.reason() != StopReason::Cancelled;
                state.in_call(|| {
                    if failed {
                        tracing::warn!(target: "http_hook", reason, sends, attempt, %failure, "given up");
                    } else {
                        tracing::debug!(target: "http_hook", reason, sends, attempt, "given up");
                    }
                });
                state.ended(sends);
                if let Some(call) = state.call.as_ref().filter(|_| failed) {
                    call.record("error.type", reason);
                    call.record("otel.status_code", "ERROR");
                }
            }
            // Being dropped is no error.
            Event::Dropped { .. } => state.span = None,
            Event::Accepted { sends, .. } => state.ended(*sends),
        }
    }

    fn within(&self, work: &mut dyn FnMut()) {
        let state = self.state();
        let span = state.span.clone().or_else(|| state.call.clone());
        drop(state);
        match span {
            Some(span) => span.in_scope(work),
            None => work(),
        }
    }
}

impl OfCall {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, method: &Method, url: ShownUrl<'_>, resent: u32, attempt: Option<u32>) -> Span {
        let known = self.rules.method(method);
        let span = tracing::info_span!(
            target: "http_hook",
            "http.client.request",
            "otel.name" = known.unwrap_or("HTTP"),
            "otel.kind" = "client",
            "otel.status_code" = Empty,
            "http.request.method" = known.unwrap_or("_OTHER"),
            "http.request.method_original" = Empty,
            "http.request.resend_count" = Empty,
            "http.response.status_code" = Empty,
            "server.address" = url.host(),
            "server.port" = i64::from(url.port()),
            "url.full" = url.with_mark(REDACTED),
            "error.type" = Empty,
            "http_hook.attempt" = attempt.map(i64::from),
        );
        if known.is_none() {
            span.record("http.request.method_original", method.as_str());
        }
        if resent > 0 {
            span.record("http.request.resend_count", i64::from(resent));
        }
        span
    }
}

fn answered(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.as_u16() >= 400 {
        span.record("error.type", status.as_str());
        span.record("otel.status_code", "ERROR");
    }
}
