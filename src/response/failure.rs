//! How a call ends without a response that passes: why, and what came last.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};

use super::Reason;
use super::limit::{Ends, Limit, no_room, no_time, too_long};
use super::stop_reason::StopReason;
use crate::base::{Error, ErrorKind, Sent, TransportError, TransportErrorKind};

/// A call that ended without a response that passes.
///
/// `Display` is Airflow's text, `404:Not Found` for a status, else what went wrong; then, in a second clause, what was asked for,
/// without what may be secret, and how often; then why it was not sent again, where the first does not say so:
/// `503:Service Unavailable; GET https://api.example.com/v1/orders?page=2, 4 attempts; no more are allowed`. [`Cause`] prints the
/// first clause alone. The last response is kept, its body as far as the limit of the call lets it.
///
/// # Examples
///
/// What is asked first counts: a connection that no time was left for is both no connection and a timeout, and a 503 that was retried
/// until the deadline is a timeout that has a status.
///
/// ```
/// use http_hook::transport::TimeoutPhase;
/// use http_hook::{Failure, StopReason};
/// use http_hook_mock::{Reply, blocking::connect};
///
/// fn kind(failure: &Failure) -> &'static str {
///     match failure.status().map(|status| status.as_u16()) {
///         _ if failure.reason() == StopReason::Cancelled => "cancelled", // by `FanoutIter::cancel`, say
///         _ if failure.is_decode() => "not the JSON expected",
///         _ if failure.is_connect() => "no connection",
///         Some(404) => "not found",
///         Some(500..) => "the server fails, and it was given up",
///         _ if failure.is_timeout() => "too late",
///         _ => "something else",
///     }
/// }
///
/// let replies = [Reply::refused(), Reply::timeout(TimeoutPhase::Head), Reply::status(404), Reply::status(503), Reply::json(200, "<html>")];
/// let api = connect("https://api.example.test", replies)?;
/// let kinds = [(); 5].map(|()| kind(&api.get("v1/orders").read_json::<Vec<u32>>().unwrap_err()));
/// let all = ["no connection", "too late", "not found", "the server fails, and it was given up", "not the JSON expected"];
/// assert_eq!(kinds, all);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Failure(Box<Inner>);

struct Inner {
    reason: StopReason,
    /// Whether the server can have seen any request of the call.
    seen: Sent,
    cause: Cause,
    sends: u32,
    attempts: u32,
    idle_for: Duration,
    hint: Option<Duration>,
    /// What refused another attempt.
    limit: Option<Limit>,
    ends: Option<Ends>,
    asked: Option<Asked>,
}

impl Inner {
    /// Says why nothing more was sent, unless what came last says so itself.
    fn say_why(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use StopReason as Why;
        let Self { reason, cause, hint, limit, ends, asked, .. } = self;
        let method = asked.as_ref().map_or("it", |asked| asked.method.as_str());
        let by_gate = matches!(cause, Cause::Request(error) if error.kind() == ErrorKind::Gate);
        match (reason, limit) {
            (Why::Invalid | Why::Auth | Why::Redirect | Why::MaxSends | Why::Check, _) => Ok(()),
            (Why::Breaker | Why::Budget | Why::RateLimit | Why::Deadline, _) if by_gate => Ok(()),
            (Why::Rejected, _) if asked.as_ref().is_some_and(|asked| asked.no_retries) => {
                f.write_str("; no retries are set")
            }
            (Why::Attempts, Some(Limit::Outcomes(class, most))) => {
                write!(f, "; no more than {most} that come to `{class}` are allowed")
            }
            (Why::Attempts, _) => f.write_str("; no more are allowed"),
            (Why::RateLimit, _) => {
                f.write_str("; the rate limit leaves no room in time")?;
                no_room(f, *limit, *ends)
            }
            (Why::Deadline, _) => no_time(f, *limit, *ends),
            (Why::HintTooLong, _) => too_long(f, *hint, *limit, *ends),
            (Why::NotIdempotent, _) => {
                write!(f, "; the server may have acted on it, and {method} is not idempotent")
            }
            (Why::Stopped | Why::Cancelled | Why::NotStored, _) if self.says_so() => Ok(()),
            (reason, _) => write!(f, "; {reason}"),
        }
    }

    /// Whether what came last is an error that was made where the call was ended.
    fn says_so(&self) -> bool {
        match (self.reason, &self.cause) {
            (StopReason::Cancelled, Cause::Transport(error)) => {
                error.kind() == TransportErrorKind::Cancelled
            }
            (StopReason::NotStored, Cause::Request(error)) => {
                error.kind() == ErrorKind::NotStorable
            }
            (StopReason::Stopped, Cause::Request(_) | Cause::Refused { .. }) => true,
            _ => false,
        }
    }
}

/// What was asked for, as it may be shown.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) url: String,
    /// Where redirects had led.
    pub(crate) led_to: Option<String>,
    /// Whether it would have been sent again, had anybody set retries.
    pub(crate) no_retries: bool,
    /// Whether the endpoint was a whole URL, which goes below the base.
    pub(crate) whole_url: bool,
}

/// What becomes of an endpoint that is a whole URL.
pub(crate) const BELOW_THE_BASE: &str =
    "it is appended to the base URL as a path, and goes to no other host";

/// The text of a call that ends by [`MAX_SENDS`](crate::Call::MAX_SENDS).
pub(crate) const MAX_SENDS_TEXT: &str = "a call sends at most 1000 requests";

/// What came last. `Display` prints `404:Not Found` for a status, else what went wrong.
#[non_exhaustive]
pub enum Cause {
    /// No request could be built, or no token could be had for it.
    Request(Error),
    /// No response came.
    Transport(TransportError),
    /// A response that does not pass.
    Response(Response<Bytes>),
    /// A response that could not be acted upon: a redirect that cannot or must not be followed, a challenge that cannot be answered.
    Refused {
        /// Why not.
        error: Error,
        /// The response.
        response: Box<Response<Bytes>>,
    },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) | Self::Refused { error, .. } => error.fmt(f),
            Self::Transport(error) => error.fmt(f),
            Self::Response(response) => {
                write!(f, "{}:{}", response.status().as_u16(), Reason::of(response))
            }
        }
    }
}

/// A response as its status: its headers and its body may hold secrets.
impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => f.debug_tuple("Request").field(error).finish(),
            Self::Transport(error) => f.debug_tuple("Transport").field(error).finish(),
            Self::Response(response) => {
                f.debug_tuple("Response").field(&response.status()).finish()
            }
            Self::Refused { error, response } => f
                .debug_struct("Refused")
                .field("error", error)
                .field("response", &response.status())
                .finish(),
        }
    }
}

impl Failure {
    /// The longest part of a failed response's body that is kept, in bytes.
    pub const MAX_BODY: usize = 64 << 10;

    pub(crate) fn new(reason: StopReason, cause: Cause) -> Self {
        Self(Box::new(Inner {
            reason,
            seen: cause.sent(),
            cause,
            sends: 0,
            attempts: 0,
            idle_for: Duration::ZERO,
            hint: None,
            limit: None,
            ends: None,
            asked: None,
        }))
    }

    /// Replaces the reason.
    pub(crate) fn because(mut self, reason: StopReason) -> Self {
        self.0.reason = reason;
        self
    }

    /// Notes what became of earlier requests.
    pub(crate) fn with_seen(mut self, seen: Sent) -> Self {
        self.0.seen = self.0.seen.max(seen);
        self
    }

    pub(crate) fn with_counts(mut self, sends: u32, attempts: u32, idle_for: Duration) -> Self {
        self.0.sends = sends;
        self.0.attempts = attempts;
        self.0.idle_for = idle_for;
        self
    }

    pub(crate) fn with_hint(mut self, hint: Option<Duration>) -> Self {
        self.0.hint = hint;
        self
    }

    /// Puts the deadline of a whole in the place of a part's own, unless that was `own` to it.
    pub(crate) fn within(mut self, whole: Duration, own: Option<Duration>) -> Self {
        let after = |part| if own == Some(part) { part } else { whole };
        self.0.ends = self.0.ends.map(|ends| Ends { after: after(ends.after), ..ends });
        self
    }

    /// Notes what refused another attempt.
    pub(crate) fn with_limit(mut self, limit: Option<Limit>, ends: Option<Ends>) -> Self {
        (self.0.limit, self.0.ends) = (limit, ends);
        self
    }

    pub(crate) fn with_asked(mut self, asked: Option<Asked>) -> Self {
        self.0.asked = asked;
        self
    }

    /// Tells why the call was given up.
    #[must_use]
    pub fn reason(&self) -> StopReason {
        self.0.reason
    }

    /// Returns what came last.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// Takes out what came last.
    #[must_use]
    pub fn into_cause(self) -> Cause {
        self.0.cause
    }

    /// Returns the last response.
    #[must_use]
    pub fn response(&self) -> Option<&Response<Bytes>> {
        match &self.0.cause {
            Cause::Response(response) => Some(response),
            Cause::Refused { response, .. } => Some(response),
            _ => None,
        }
    }

    /// Whether the server can have acted on a request of the call, be it an earlier one; `Maybe` is one that broke off.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::Sent;
    /// use http_hook_mock::{Reply, blocking::connect};
    ///
    /// let api = connect("https://api.example.test", [Reply::refused(), Reply::interrupted()])?;
    /// assert_eq!(api.post("v1/orders").send().unwrap_err().sent(), Sent::No);
    /// let failure = api.post("v1/orders").retries(3).send().unwrap_err();
    /// assert_eq!(failure.sent(), Sent::Maybe); // the order may be there: it was not sent again
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sent(&self) -> Sent {
        self.0.seen
    }

    /// Returns the method of the call; `None` if the failure is of no call.
    #[must_use]
    pub fn method(&self) -> Option<&Method> {
        self.0.asked.as_ref().map(|asked| &asked.method)
    }

    /// Returns the URL of the call as it may be shown: what is the connection's, and what sounds secret, is `***`.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.0.asked.as_ref().map(|asked| asked.url.as_str())
    }

    /// Returns the status of the last response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.response().map(Response::status)
    }

    /// Returns the headers of the last response.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.response().map(Response::headers)
    }

    /// Returns the body of the last response, cut at the limit of the call.
    #[must_use]
    pub fn body(&self) -> Option<&Bytes> {
        self.response().map(Response::body)
    }

    /// Reads the last response as a problem in the sense of RFC 9457, if it says that it is one.
    #[must_use]
    pub fn problem(&self) -> Option<super::problem::ProblemDetails> {
        self.response()
            .and_then(|last| super::problem::ProblemDetails::read(last.headers(), last.body()))
    }

    /// Counts the requests that were sent: retries, redirects, challenges and tokens included.
    #[must_use]
    pub fn sends(&self) -> u32 {
        self.0.sends
    }

    /// Counts the attempts, from 1.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the time spent waiting between sends.
    #[must_use]
    pub fn idle_for(&self) -> Duration {
        self.0.idle_for
    }

    /// Returns the wait that the server asked for last.
    #[must_use]
    pub fn hint(&self) -> Option<Duration> {
        self.0.hint
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { reason, cause, attempts, asked, .. } = &*self.0;
        // What came last does not tell that it was the last that could come.
        if *reason == StopReason::MaxSends && !matches!(cause, Cause::Request(_)) {
            write!(f, "{MAX_SENDS_TEXT}: ")?;
        }
        cause.fmt(f)?;
        let Some(Asked { method, url, led_to, whole_url, .. }) = asked else { return Ok(()) };
        write!(f, "; {method} {url}")?;
        if let Some(led_to) = led_to {
            write!(f, ", led to {led_to}")?;
        }
        // Who reads an answer afterwards does not know what it took.
        if *attempts > 0 || *reason != StopReason::Check {
            write!(f, ", {attempts} attempt{}", if *attempts == 1 { "" } else { "s" })?;
        }
        self.0.say_why(f)?;
        if *whole_url && !matches!(cause, Cause::Request(_)) {
            write!(f, "; the endpoint is a whole URL: {BELOW_THE_BASE}")?;
        }
        Ok(())
    }
}

/// What it prints: a `main` that returns it shows this. Without bodies and header values: both may hold secrets.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {
    /// What is behind the cause, which prints its own text already.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Cause::Request(error) | Cause::Refused { error, .. } => error.source(),
            Cause::Transport(error) => error.source(),
            Cause::Response(_) => None,
        }
    }
}
