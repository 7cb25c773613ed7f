//! Events as spans of `tracing`, with the names of OpenTelemetry's [conventions for HTTP].
//!
//! [conventions for HTTP]: https://opentelemetry.io/docs/specs/semconv/http/http-spans/

use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, StatusCode};
use tracing::Span;
use tracing::field::Empty;

use super::target::{REDACTED, Rules};
use super::{Event, Observer, ShownUrl};
use crate::call::{RetryReason, SendCause};

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
/// Waits, and calls that were given up, are events of level DEBUG. Headers and bodies are never told.
///
/// # Examples
///
/// ```
/// use http_hook::observe::{Observer, Spans};
///
/// let spans = Spans::new();
/// # let _: &dyn Observer = &spans;
/// // let hook = HttpHook::new(hook, transport, clock).with_observer(spans);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Spans(Arc<Rules>);

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
        Arc::make_mut(&mut self.0).known = methods.collect();
        self
    }
}

impl Observer for Spans {
    /// Tells nothing: only the observer of one call knows which request a response belongs to.
    fn event(&self, _: &Event<'_>) {}

    fn for_call(&self) -> Option<Box<dyn Observer>> {
        Some(Box::new(OfCall { rules: Arc::clone(&self.0), state: Mutex::default() }))
    }
}

struct OfCall {
    rules: Arc<Rules>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The send under way.
    span: Option<Span>,
    /// How many sends were for tokens: they are no resends, and neither is what they are for.
    tokens: u32,
}

impl Observer for OfCall {
    fn event(&self, event: &Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Send { method, url, send, cause, .. } => {
                if *cause == SendCause::Token {
                    state.tokens = state.tokens.saturating_add(1);
                }
                let resent = match cause {
                    SendCause::First | SendCause::Token => 0,
                    _ => send.saturating_sub(1).saturating_sub(state.tokens),
                };
                state.span = Some(self.begin(method, *url, resent));
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
                let asked = asked.map(tracing::field::debug);
                tracing::debug!(target: "http_hook", ?wait, reason, again, asked, "waiting");
            }
            Event::GaveUp { failure } => {
                let (reason, sends) = (failure.reason().name(), failure.sends());
                tracing::debug!(target: "http_hook", reason, sends, "given up");
            }
            // Being dropped is no error.
            Event::Dropped { .. } => state.span = None,
            Event::Accepted { .. } => {}
        }
    }
}

impl OfCall {
    fn begin(&self, method: &Method, url: ShownUrl<'_>, resent: u32) -> Span {
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
