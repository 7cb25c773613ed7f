//! Errors that every transport tells.

use std::error::Error;
use std::io;

use crate::base::{Sent, TimeoutPhase, TransportError, TransportErrorKind as Kind};

/// Tells that a request is not given to the client at all: kind [`InvalidRequest`](Kind::InvalidRequest) and
/// [`Sent::No`]. What is `why` must not hold the URL or a header's value.
#[must_use]
pub fn refused(why: &'static str) -> TransportError {
    unsent(Kind::InvalidRequest, why)
}

/// Tells that an exchange failed before anything of the request could be sent: [`Sent::No`].
///
/// The caller has to know that from where it stands: the client was still connecting, or had not been called. A kind is proof only
/// where the client gives it in no later phase. That a connection is refused, unreachable or out of time, Linux tells in the
/// middle of an exchange, too.
///
/// # Examples
///
/// ```
/// use http_hook::transport::unsent;
/// use http_hook::{Sent, TransportErrorKind as Kind};
///
/// let error = unsent(Kind::Dns, "no such name");
/// assert_eq!((error.kind(), error.sent()), (Kind::Dns, Sent::No));
/// ```
#[must_use]
pub fn unsent(kind: Kind, why: impl Into<Box<dyn Error + Send + Sync>>) -> TransportError {
    TransportError::new(kind, Sent::No).with_source(why)
}

/// Tells that an exchange failed before the head of the response, and no more is known: [`Sent::Maybe`]. A kind that says that there was
/// no connection, or no request, would claim more; it becomes [`Interrupted`](Kind::Interrupted), or a limit of time the one
/// [for all](TimeoutPhase::Total).
///
/// # Examples
///
/// ```
/// use http_hook::transport::before_head;
/// use http_hook::{Sent, TransportErrorKind as Kind};
///
/// let error = before_head(Kind::Connect, "refused, or so an open connection said");
/// assert_eq!((error.kind(), error.sent()), (Kind::Interrupted, Sent::Maybe));
/// ```
#[must_use]
pub fn before_head(kind: Kind, why: impl Into<Box<dyn Error + Send + Sync>>) -> TransportError {
    use Kind::{Connect, Dns, InvalidRequest, Proxy, Timeout, Tls};
    let kind = match kind {
        Dns | Connect | Tls | Proxy | InvalidRequest => Kind::Interrupted,
        Timeout(TimeoutPhase::Connect) => Timeout(TimeoutPhase::Total),
        other => other,
    };
    TransportError::new(kind, Sent::Maybe).with_source(why)
}

/// Reads an I/O error that came before the head of the response: its kind, and a text that holds nothing of the request. `None` where
/// it might be anything. The kind is no proof of the phase: see [`unsent`].
///
/// # Examples
///
/// ```
/// use http_hook::TransportErrorKind as Kind;
/// use http_hook::transport::of_io;
/// use std::io;
///
/// let error = io::Error::from(io::ErrorKind::ConnectionRefused);
/// assert_eq!(of_io(&error), Some((Kind::Connect, "connection refused")));
/// assert_eq!(of_io(&io::ErrorKind::HostUnreachable.into()), Some((Kind::Connect, "unreachable")));
/// assert_eq!(of_io(&io::Error::other("?")), None);
/// ```
#[must_use]
pub fn of_io(error: &io::Error) -> Option<(Kind, &'static str)> {
    use io::ErrorKind as Io;
    Some(match error.kind() {
        Io::ConnectionRefused => (Kind::Connect, "connection refused"),
        Io::AddrNotAvailable => (Kind::Connect, "no address"),
        Io::HostUnreachable | Io::NetworkUnreachable => (Kind::Connect, "unreachable"),
        Io::ConnectionReset => (Kind::Interrupted, "connection reset"),
        Io::ConnectionAborted => (Kind::Interrupted, "connection aborted"),
        Io::BrokenPipe => (Kind::Interrupted, "broken pipe"),
        Io::UnexpectedEof => (Kind::Interrupted, "closed too early"),
        Io::InvalidData => (Kind::Protocol, "not HTTP"),
        // ENFILE and EMFILE.
        _ if cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24)) => {
            (Kind::Connect, "no descriptor is left")
        }
        // The one error of getaddrinfo that std has no kind for.
        _ if error.to_string().starts_with("failed to lookup address") => {
            (Kind::Dns, "the name did not resolve")
        }
        _ => return None,
    })
}

/// Tells an error again that came in the body: there was a head, so the request was sent. A kind that tells no more than that the
/// exchange failed becomes [`Body`](Kind::Body).
///
/// # Examples
///
/// ```
/// use http_hook::transport::in_body;
/// use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
///
/// let again = |kind| in_body(&TransportError::new(kind, Sent::Maybe).with_source("reset"));
/// assert_eq!((again(Kind::Interrupted).kind(), again(Kind::Interrupted).sent()), (Kind::Body, Sent::Yes));
/// assert_eq!(again(Kind::Protocol).kind(), Kind::Protocol);
/// ```
#[must_use]
pub fn in_body(error: &TransportError) -> TransportError {
    let kind = match error.kind() {
        kind @ (Kind::Protocol | Kind::Limit | Kind::RequestBody | Kind::Timeout(_)) => kind,
        _ => Kind::Body,
    };
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    TransportError::new(kind, Sent::Yes).with_source(text)
}
