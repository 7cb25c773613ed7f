//! What an attempt came to, seen by a policy.

use std::any::Any;

use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use crate::base::{Sent, TimeoutPhase, TransportError, TransportErrorKind};

/// What an attempt came to, of HTTP or of anything else. Everything has a default: say what you know.
pub trait RetryOutcome {
    /// Whether there is no result, only an error.
    fn failed(&self) -> bool;

    /// Whether the code that was called asks for another attempt, whatever the policy says: tenacity's `TryAgain`.
    fn try_again(&self) -> bool {
        false
    }

    /// Names the kind of the error exactly.
    fn kind(&self) -> Option<&str> {
        None
    }

    /// Whether the error is of this kind, or of one below it.
    fn is_kind(&self, kind: &str) -> bool {
        self.kind() == Some(kind)
    }

    /// Returns the status, if there was a response.
    fn status(&self) -> Option<StatusCode> {
        None
    }

    /// Returns the headers, if there was a response.
    fn headers(&self) -> Option<&HeaderMap> {
        None
    }

    /// Returns the body, if there was a response and it has been read.
    fn body(&self) -> Option<&[u8]> {
        None
    }

    /// Whether the check of the response says failure.
    fn check_failed(&self) -> bool {
        false
    }

    /// Counts the attempts of this call so far, this one included, that came to an outcome of this class: `connect`, `timeout`,
    /// `throttled` (429) or `server_error` (5xx).
    fn attempts_of(&self, _class: &str) -> u32 {
        0
    }

    /// Returns the outcome to code that knows its type.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }

    /// Returns what is passed on where the last error is wanted itself: of a `TryAgain` with a cause, the cause.
    #[must_use]
    fn unwrapped(self) -> Self
    where
        Self: Sized,
    {
        self
    }
}

/// What came of one HTTP attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HttpOutcome<'a> {
    /// The response, or why there is none.
    pub(crate) response: Result<ResponseView<'a>, &'a TransportError>,
    /// Whether the check of the response says failure.
    pub(crate) check_failed: bool,
    /// Whether the caller asks for another attempt, whatever the policy says.
    pub(crate) again: bool,
    /// What the attempts before came to.
    pub(crate) before: ByClass,
}

/// How many attempts came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByClass {
    connect: u16,
    timeout: u16,
    throttled: u16,
    server_error: u16,
}

impl ByClass {
    pub(crate) const NONE: Self = Self { connect: 0, timeout: 0, throttled: 0, server_error: 0 };
    pub(super) const NAMES: [&str; 4] = ["connect", "timeout", "throttled", "server_error"];

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// The same with one more attempt.
    pub(crate) fn with(mut self, outcome: &HttpOutcome<'_>) -> Self {
        let count = match outcome.response {
            Err(error) if error.is_timeout() => &mut self.timeout,
            Err(error) if error.is_connect() => &mut self.connect,
            Ok(response) if response.status == StatusCode::TOO_MANY_REQUESTS => &mut self.throttled,
            Ok(response) if response.status.is_server_error() => &mut self.server_error,
            _ => return self,
        };
        *count = count.saturating_add(1);
        self
    }

    fn of(self, class: &str) -> u32 {
        u32::from(match class {
            "connect" => self.connect,
            "timeout" => self.timeout,
            "throttled" => self.throttled,
            "server_error" => self.server_error,
            _ => 0,
        })
    }
}

/// A response as a policy sees it.
#[derive(Clone, Copy)]
pub(crate) struct ResponseView<'a> {
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers.
    pub(crate) headers: &'a HeaderMap,
    /// The body, if it has been read.
    pub(crate) body: Option<&'a [u8]>,
}

/// What kind of failure a retry is to make good: budgets may ask different prices.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Anything else.
    #[default]
    Error,
    /// A time limit passed.
    Timeout,
    /// The server asks for less: 429.
    Throttled,
}

#[cfg(test)]
impl<'a> HttpOutcome<'a> {
    /// Makes the outcome of an attempt that was answered.
    pub(crate) const fn answered(status: StatusCode, headers: &'a HeaderMap) -> Self {
        Self {
            response: Ok(ResponseView { status, headers, body: None }),
            check_failed: false,
            again: false,
            before: ByClass::NONE,
        }
    }

    /// Makes the outcome of an attempt that got no response.
    pub(crate) const fn lost(error: &'a TransportError) -> Self {
        Self { response: Err(error), check_failed: false, again: false, before: ByClass::NONE }
    }

    /// Adds the body.
    pub(crate) fn with_body(mut self, body: &'a [u8]) -> Self {
        if let Ok(response) = &mut self.response {
            response.body = Some(body);
        }
        self
    }
}

impl HttpOutcome<'_> {
    /// Tells whether the server can have acted on the request.
    ///
    /// A 421 and a 425 say that it has not ([RFC 9110 §15.5.20](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20),
    /// [RFC 8470 §5.2](https://www.rfc-editor.org/rfc/rfc8470#section-5.2)); any other answer counts as sent.
    pub(crate) fn sent(&self) -> Sent {
        match self.response {
            Ok(response) if matches!(response.status.as_u16(), 421 | 425) => Sent::No,
            Ok(_) => Sent::Yes,
            Err(error) => error.sent(),
        }
    }

    /// Tells what kind of failure this is, for a budget.
    pub(crate) fn class(&self) -> FailureClass {
        match self.response {
            Ok(response) if response.status == StatusCode::TOO_MANY_REQUESTS => {
                FailureClass::Throttled
            }
            Ok(response) if response.status == StatusCode::REQUEST_TIMEOUT => FailureClass::Timeout,
            Err(error) if matches!(error.kind(), TransportErrorKind::Timeout(_)) => {
                FailureClass::Timeout
            }
            _ => FailureClass::Error,
        }
    }
}

impl RetryOutcome for HttpOutcome<'_> {
    fn failed(&self) -> bool {
        self.response.is_err()
    }

    fn try_again(&self) -> bool {
        self.again
    }

    fn attempts_of(&self, class: &str) -> u32 {
        self.before.with(self).of(class)
    }

    fn kind(&self) -> Option<&str> {
        self.response.as_ref().err().map(|error| error.kind().name())
    }

    /// `timeout` stands for each of the time limits, `connection` for all that `requests` calls a `ConnectionError`; every
    /// other kind for itself.
    fn is_kind(&self, kind: &str) -> bool {
        self.response.is_err_and(|error| error.kind().name() == kind || is_of(error.kind(), kind))
    }

    fn status(&self) -> Option<StatusCode> {
        self.response.as_ref().ok().map(|response| response.status)
    }

    fn headers(&self) -> Option<&HeaderMap> {
        self.response.as_ref().ok().map(|response| response.headers)
    }

    fn body(&self) -> Option<&[u8]> {
        self.response.as_ref().ok().and_then(|response| response.body)
    }

    fn check_failed(&self) -> bool {
        self.check_failed
    }
}

/// The name of the family that `requests` calls `ConnectionError`.
pub(super) const CONNECTION: &str = "connection";

/// Whether errors of this kind belong to the family of this name.
fn is_of(kind: TransportErrorKind, family: &str) -> bool {
    use TransportErrorKind as Kind;
    match family {
        "timeout" => matches!(kind, Kind::Timeout(_)),
        // A body that stalls is one of them, a head that does not come is not.
        CONNECTION => matches!(
            kind,
            Kind::Dns
                | Kind::Connect
                | Kind::Tls
                | Kind::Proxy
                | Kind::Timeout(TimeoutPhase::Connect | TimeoutPhase::Body)
                | Kind::Interrupted
                | Kind::Protocol
        ),
        _ => false,
    }
}

/// Without the headers and the body: both may hold secrets.
impl std::fmt::Debug for ResponseView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseView").field("status", &self.status).finish_non_exhaustive()
    }
}
