//! A service's errors by what they tell: the kind, and whether the server may have seen the request.
//!
//! The texts are fixed ones: nothing of the request is in them.

use std::error::Error as StdError;
use std::io;

use http_hook::transport::{TimeoutPhase, catch_panic};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

use crate::BoxError;

/// Runs a step of the service; its panic is an error.
pub(crate) fn guard<T>(step: impl FnOnce() -> T) -> Result<T, TransportError> {
    catch_panic("the service panicked", step)
}

/// Reads an error that came instead of a head. `secure` tells that the connection was to be by TLS.
pub(crate) fn of_head(error: BoxError, secure: bool) -> TransportError {
    let error = match error.downcast::<TransportError>() {
        Ok(own) => return *own,
        Err(error) => error,
    };
    let mut connecting = false;
    let mut last = None;
    let mut source: Option<&(dyn StdError + 'static)> = Some(&*error);
    while let Some(one) = source {
        if let Some(own) = one.downcast_ref::<TransportError>() {
            return again(own);
        }
        connecting |= hyper::is_connecting(one);
        last = hyper::tell(one).or(last);
        if let Some(error) = one.downcast_ref::<io::Error>() {
            last = of_io(error).or(last);
            // What an I/O error wraps is not always its source.
            if let Some(own) = error.get_ref().and_then(|own| own.downcast_ref::<TransportError>())
            {
                return again(own);
            }
        }
        if connecting && one.to_string() == "dns error" {
            last = Some((Kind::Dns, "the name did not resolve"));
        }
        source = one.source();
    }
    let (kind, text) = last.unwrap_or((Kind::Interrupted, "the service failed"));
    if !connecting {
        return TransportError::new(kind, sent(kind)).with_source(text);
    }
    let kind = match kind {
        Kind::Timeout(_) => Kind::Timeout(TimeoutPhase::Connect),
        Kind::Dns | Kind::Connect => kind,
        _ if secure => Kind::Tls,
        _ => Kind::Connect,
    };
    TransportError::new(kind, Sent::No).with_source(text)
}

/// Reads an error that came in the body: there was a head, so the request was sent.
pub(crate) fn of_body(error: BoxError) -> TransportError {
    let error = of_head(error, false);
    let kind = match error.kind() {
        kind @ (Kind::Protocol | Kind::Limit | Kind::RequestBody | Kind::Timeout(_)) => kind,
        _ => Kind::Body,
    };
    TransportError::new(kind, Sent::Yes).with_source(text(&error))
}

/// What is known of the request if nothing but the kind of the error is.
fn sent(kind: Kind) -> Sent {
    match kind {
        Kind::Connect | Kind::Dns | Kind::InvalidRequest => Sent::No,
        _ => Sent::Maybe,
    }
}

fn again(own: &TransportError) -> TransportError {
    TransportError::new(own.kind(), own.sent()).with_source(text(own))
}

fn text(error: &TransportError) -> String {
    StdError::source(error).map(ToString::to_string).unwrap_or_default()
}

fn of_io(error: &io::Error) -> Option<(Kind, &'static str)> {
    use io::ErrorKind as Io;
    Some(match error.kind() {
        Io::ConnectionRefused => (Kind::Connect, "connection refused"),
        Io::HostUnreachable | Io::NetworkUnreachable => (Kind::Connect, "unreachable"),
        Io::AddrNotAvailable => (Kind::Connect, "no address"),
        Io::ConnectionReset => (Kind::Interrupted, "connection reset"),
        Io::ConnectionAborted => (Kind::Interrupted, "connection aborted"),
        Io::BrokenPipe => (Kind::Interrupted, "broken pipe"),
        Io::UnexpectedEof => (Kind::Interrupted, "closed too early"),
        Io::TimedOut => (Kind::Timeout(TimeoutPhase::Total), "timed out"),
        Io::InvalidData => (Kind::Protocol, "not HTTP"),
        _ => return None,
    })
}

/// Hands on the reason phrase that hyper keeps beside the response.
#[cfg(feature = "hyper")]
pub(crate) fn with_reason<B>(mut response: http::Response<B>) -> http::Response<B> {
    if let Some(reason) = response.extensions_mut().remove::<::hyper::ext::ReasonPhrase>() {
        let reason = String::from_utf8_lossy(reason.as_bytes());
        response.extensions_mut().insert(http_hook::response::Reason::new(&reason));
    }
    response
}

/// What hyper and hyper-util tell.
#[cfg(feature = "hyper")]
mod hyper {
    use super::{Kind, StdError};

    pub(super) fn is_connecting(error: &(dyn StdError + 'static)) -> bool {
        let error = error.downcast_ref::<hyper_util::client::legacy::Error>();
        error.is_some_and(hyper_util::client::legacy::Error::is_connect)
    }

    pub(super) fn tell(error: &(dyn StdError + 'static)) -> Option<(Kind, &'static str)> {
        let error = error.downcast_ref::<hyper::Error>()?;
        // What tells them apart is there for servers only.
        Some(if error.is_parse() && error.to_string() == "message head is too large" {
            (Kind::Limit, "the head is too large")
        } else if error.is_parse() {
            (Kind::Protocol, "not HTTP")
        } else if error.is_incomplete_message() {
            (Kind::Interrupted, "closed too early")
        } else if error.is_canceled() {
            (Kind::Interrupted, "the connection went away")
        } else if error.is_user() {
            (Kind::InvalidRequest, "hyper refused the request")
        } else {
            return None;
        })
    }
}

/// Without the feature nothing is known of hyper.
#[cfg(not(feature = "hyper"))]
mod hyper {
    use super::{Kind, StdError};

    pub(super) fn is_connecting(_: &(dyn StdError + 'static)) -> bool {
        false
    }

    pub(super) fn tell(_: &(dyn StdError + 'static)) -> Option<(Kind, &'static str)> {
        None
    }
}
