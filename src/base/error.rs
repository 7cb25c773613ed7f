//! What can go wrong, by what the caller can do differently.
//!
//! [`Error`]: no request was built. [`TransportError`]: no response came. `Failure`, in [`response`](crate::response): the call
//! gave up.

use std::borrow::Cow;
use std::fmt;
use std::io;

use super::names::named;
use super::quiet::Quiet;

/// Why no request could be built, or no value be read. Nothing was sent.
///
/// The message names the place (`connection.host`, `header x-team`) and never holds a value that may be secret.
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
}

/// What an [`Error`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text of a connection, or one of its fields.
    Connection,
    /// The base URL: scheme, host, port, base path.
    BaseUrl,
    /// A URL scheme other than `http` and `https`.
    UnsupportedScheme,
    /// The endpoint or the parameters.
    Url,
    /// The method.
    Method,
    /// A header's name or value, or one that may not be set.
    Header,
    /// A body that cannot be made of the data.
    Body,
    /// The value of an option.
    Option,
    /// An option that the transport cannot honour.
    Unsupported,
    /// A credential or authentication scheme.
    Auth,
    /// A retry policy.
    Policy,
    /// A redirect that must not be followed.
    Redirect,
    /// One redirect more than the call follows.
    TooManyRedirects,
    /// A gate that is closed: circuit breaker or rate limit.
    Gate,
    /// A size, count or depth over its limit.
    Limit,
    /// A response that a check or a filter of the caller refuses.
    Check,
    /// A call that cannot be stored.
    NotStorable,
    /// A stored call that cannot be taken up.
    Stored,
}

named!(
    ErrorKind,
    "the kind",
    [
        Connection => "connection",
        BaseUrl => "base_url",
        UnsupportedScheme => "unsupported_scheme",
        Url => "url",
        Method => "method",
        Header => "header",
        Body => "body",
        Option => "option",
        Unsupported => "unsupported",
        Auth => "auth",
        Policy => "policy",
        Redirect => "redirect",
        TooManyRedirects => "too_many_redirects",
        Gate => "gate",
        Limit => "limit",
        Check => "check",
        NotStorable => "not_storable",
        Stored => "stored",
    ]
);

impl Error {
    /// Makes an error. `message` must not hold a secret.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Tells what the error is about.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// What it prints: a `main` that returns it shows this.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Whether the server can have seen a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sent {
    /// It certainly has not.
    No,
    /// Nobody knows.
    Maybe,
    /// It certainly has: there was a response, at least its head.
    Yes,
}

named!(Sent, "it", [No => "no", Maybe => "maybe", Yes => "yes"]);

/// What a transport can know about a failed exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host name did not resolve.
    Dns,
    /// No connection was made.
    Connect,
    /// The TLS handshake failed, or the certificate was refused.
    Tls,
    /// The proxy could not be reached, or refused.
    Proxy,
    /// A time limit passed.
    Timeout(TimeoutPhase),
    /// The exchange broke off part-way.
    Interrupted,
    /// What came back is not HTTP, or not a response.
    Protocol,
    /// The body of the response broke off, or could not be decoded.
    Body,
    /// A size limit was passed.
    Limit,
    /// The client refused the request before sending it.
    InvalidRequest,
    /// The caller's source of the request body failed.
    RequestBody,
    /// The exchange was given up on purpose.
    Cancelled,
    /// The client itself failed: a panic, a broken promise.
    Bug,
}

/// What a time limit was waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// A connection.
    Connect,
    /// The head of the response.
    Head,
    /// The next piece of the body.
    Body,
    /// The whole exchange, or the client does not tell.
    Total,
}

named!(
    TransportErrorKind,
    "the kind",
    [
        Dns => "dns",
        Connect => "connect",
        Tls => "tls",
        Proxy => "proxy",
        Timeout(TimeoutPhase::Connect) => "connect_timeout",
        Timeout(TimeoutPhase::Head) => "head_timeout",
        Timeout(TimeoutPhase::Body) => "body_timeout",
        Timeout(TimeoutPhase::Total) => "timeout",
        Interrupted => "interrupted",
        Protocol => "protocol",
        Body => "body",
        Limit => "limit",
        InvalidRequest => "invalid_request",
        RequestBody => "request_body",
        Cancelled => "cancelled",
        Bug => "bug",
    ]
);

impl TransportErrorKind {
    pub(crate) const fn says(self) -> &'static str {
        match self {
            Self::Dns => "the host name did not resolve",
            Self::Connect => "no connection could be made",
            Self::Tls => "TLS failed",
            Self::Proxy => "the proxy failed",
            Self::Timeout(TimeoutPhase::Connect) => "connecting took too long",
            Self::Timeout(TimeoutPhase::Head) => "the answer took too long",
            Self::Timeout(TimeoutPhase::Body) => "the body stalled",
            Self::Timeout(TimeoutPhase::Total) => "the exchange took too long",
            Self::Interrupted => "the exchange broke off",
            Self::Protocol => "the answer is not valid HTTP",
            Self::Body => "the body of the answer is not whole",
            Self::Limit => "the answer is too large",
            Self::InvalidRequest => "the client refused the request",
            Self::RequestBody => "the source of the request body failed",
            Self::Cancelled => "the exchange was cancelled",
            Self::Bug => "the client failed",
        }
    }
}

/// Why there is no response, and whether the server can have seen the request.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    sent: Sent,
    message: Option<Box<str>>,
    /// It is of a client or of the caller, and its end may panic.
    source: Quiet<Box<dyn std::error::Error + Send + Sync>>,
}

impl TransportError {
    /// Makes an error without a cause of its own.
    #[must_use]
    pub const fn new(kind: TransportErrorKind, sent: Sent) -> Self {
        Self { kind, sent, message: None, source: Quiet::nothing() }
    }

    /// Prints `message` in place of the words of its kind. It must not hold a secret: no URL of a connection, no header value.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Sent, TransportError, TransportErrorKind};
    ///
    /// let error = TransportError::new(TransportErrorKind::Limit, Sent::Yes);
    /// assert_eq!(error.to_string(), "the answer is too large");
    /// let error = error.with_message("the answer has more than 100 headers");
    /// assert_eq!(error.to_string(), "the answer has more than 100 headers");
    /// ```
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Box<str>>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Adds the cause, for people to read. It must not hold a secret: no URL, no header value.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Quiet::new(source.into());
        self
    }

    /// Adds which limits may have passed to the words of its kind, if there are any and no other message is given.
    #[cold]
    pub(crate) fn of_limit(mut self, limits: Option<String>) -> Self {
        if let (Some(limits), None) = (limits, &self.message) {
            self.message = Some(format!("{} ({limits})", self.kind.says()).into());
        }
        self
    }

    /// Reads an error of a body's reader: a [`TransportError`] inside it is taken out, anything else broke off.
    #[must_use]
    pub fn from_body_io(error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::TimedOut => TransportErrorKind::Timeout(TimeoutPhase::Body),
            _ => TransportErrorKind::Body,
        };
        match error.downcast::<Self>() {
            Ok(inner) => inner,
            Err(error) => Self::new(kind, Sent::Yes).with_source(error),
        }
    }

    /// Tells what happened.
    #[must_use]
    pub const fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether a time limit passed, whichever it was.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self.kind, TransportErrorKind::Timeout(_))
    }

    /// Whether no connection came about: no address, nobody there, no TLS, no way through the proxy, or no time left for it.
    #[must_use]
    pub const fn is_connect(&self) -> bool {
        use TransportErrorKind as Kind;
        matches!(
            self.kind,
            Kind::Dns
                | Kind::Connect
                | Kind::Tls
                | Kind::Proxy
                | Kind::Timeout(TimeoutPhase::Connect)
        )
    }

    /// Tells whether the server can have seen the request.
    #[must_use]
    pub const fn sent(&self) -> Sent {
        self.sent
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.as_deref().unwrap_or(self.kind.says()))
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.source.get() {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}
