//! A service's errors by what they tell: the kind, and whether the server may have seen the request.
//!
//! The texts are fixed ones: nothing of the request is in them.

use std::error::Error as StdError;
use std::io;

use http_hook::transport::{TimeoutPhase, before_head, in_body, of_io, unsent};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

use crate::BoxError;

/// Reads an error of a service that was not ready: it was never given the request.
pub(crate) fn of_ready(error: BoxError) -> TransportError {
    match read(error, false) {
        Told::Own(own) => unsent(own.kind(), text_of(&own)),
        Told::Read { kind: Kind::Interrupted, text, .. } => unsent(Kind::Connect, text),
        Told::Read { kind, text, .. } => unsent(kind, text),
    }
}

/// Reads an error that came instead of a head. `secure` tells that the connection was to be by TLS.
pub(crate) fn of_head(error: BoxError, secure: bool) -> TransportError {
    match read(error, secure) {
        Told::Own(own) => own,
        Told::Read { kind, text, connecting: true } => unsent(kind, text),
        // It came with the server only.
        Told::Read { kind: Kind::Limit, text, .. } => {
            TransportError::new(Kind::Limit, Sent::Yes).with_source(text)
        }
        Told::Read { kind, text, .. } => before_head(kind, text),
    }
}

/// What a chain of errors tells.
enum Told {
    /// A transport below has told it.
    Own(TransportError),
    /// `connecting` tells that hyper-util had no connection yet.
    Read { kind: Kind, text: &'static str, connecting: bool },
}

fn read(error: BoxError, secure: bool) -> Told {
    let error = match error.downcast::<TransportError>() {
        Ok(own) => return Told::Own(*own),
        Err(error) => error,
    };
    let mut connecting = false;
    let mut last = None;
    let mut source: Option<&(dyn StdError + 'static)> = Some(&*error);
    while let Some(one) = source {
        if let Some(own) = one.downcast_ref::<TransportError>() {
            return Told::Own(again(own));
        }
        connecting |= hyper::is_connecting(one);
        last = hyper::tell(one).or(last);
        if let Some(error) = one.downcast_ref::<io::Error>() {
            last = of_service_io(error).or(last);
            // What an I/O error wraps is not always its source.
            if let Some(own) = error.get_ref().and_then(|own| own.downcast_ref::<TransportError>())
            {
                return Told::Own(again(own));
            }
        }
        if connecting && one.to_string() == "dns error" {
            last = Some((Kind::Dns, "the name did not resolve"));
        }
        source = one.source();
    }
    let (kind, text) = last.unwrap_or((Kind::Interrupted, "the service failed"));
    let kind = match kind {
        own if !connecting => own,
        Kind::Timeout(_) => Kind::Timeout(TimeoutPhase::Connect),
        Kind::Dns | Kind::Connect => kind,
        _ if secure => Kind::Tls,
        _ => Kind::Connect,
    };
    Told::Read { kind, text, connecting }
}

/// Reads an error that came in the body: there was a head, so the request was sent.
pub(crate) fn of_body(error: BoxError) -> TransportError {
    in_body(&of_head(error, false))
}

fn again(own: &TransportError) -> TransportError {
    TransportError::new(own.kind(), own.sent()).with_source(text_of(own))
}

fn text_of(own: &TransportError) -> String {
    own.source().map(ToString::to_string).unwrap_or_default()
}

/// Services connect by themselves, and may have limits of time of their own.
fn of_service_io(error: &io::Error) -> Option<(Kind, &'static str)> {
    use io::ErrorKind as Io;
    match error.kind() {
        Io::HostUnreachable | Io::NetworkUnreachable => Some((Kind::Connect, "unreachable")),
        Io::TimedOut => Some((Kind::Timeout(TimeoutPhase::Total), "timed out")),
        _ => of_io(error),
    }
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

/// Whether a body of HTTP/2 that is over is whole: hyper ends it, too, where its stream is reset without an error. Only hyper's own body
/// tells that; one of a layer around it is believed.
#[cfg(feature = "hyper")]
pub(crate) fn has_ended<B: 'static>(body: &std::pin::Pin<Box<B>>) -> bool {
    let body = (&**body as &dyn std::any::Any).downcast_ref::<::hyper::body::Incoming>();
    body.is_none_or(http_body::Body::is_end_stream)
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
            // What it refuses, and that the task of a connection in use is gone.
            (Kind::Interrupted, "hyper gave up")
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
