//! reqwest's errors by what they tell: the kind, and whether the server may have seen the request.

use std::error::Error as StdError;
use std::io;

use http_hook::transport::{TimeoutPhase, refused};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

/// Reads an error that came instead of a head.
pub(crate) fn of_head(error: reqwest::Error, secure: bool, proxied: bool) -> TransportError {
    let (kind, sent) = if error.is_builder() {
        return refused("reqwest refused the request"); // the source may hold the URL
    } else if error.is_connect() {
        (of_connect(&error, secure, proxied), Sent::No)
    } else if let Some(hyper) = find::<hyper::Error>(&error) {
        match () {
            // hyper's name for it comes with the server only.
            () if hyper.is_parse() && hyper.to_string().contains("too large") => {
                (Kind::Limit, Sent::Yes)
            }
            () if hyper.is_parse() => (Kind::Protocol, Sent::Maybe),
            () => (Kind::Interrupted, Sent::Maybe),
        }
    } else {
        (Kind::Interrupted, Sent::Maybe)
    };
    explained(kind, sent, error)
}

/// Reads an error that came in the body: there was a head, so the request was sent.
pub(crate) fn of_body(error: reqwest::Error) -> TransportError {
    let garbage = find::<io::Error>(&error).is_some_and(|error| {
        matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
    });
    let kind = if garbage { Kind::Protocol } else { Kind::Body };
    explained(kind, Sent::Yes, error)
}

/// No connection was made. hyper's layers have no kinds of their own, so that their texts decide; what is none of them is the
/// handshake, of whatever TLS there is.
fn of_connect(error: &reqwest::Error, secure: bool, proxied: bool) -> Kind {
    let says = |start| chain(error).any(|error| error.to_string().starts_with(start));
    if error.is_timeout() {
        Kind::Timeout(TimeoutPhase::Connect)
    } else if says("tunnel error") || proxied && (error.is_dns() || says("tcp ")) {
        Kind::Proxy
    } else if error.is_dns() {
        Kind::Dns
    } else if secure && !says("tcp ") {
        Kind::Tls
    } else if proxied {
        Kind::Proxy
    } else {
        Kind::Connect
    }
}

fn explained(kind: Kind, sent: Sent, error: reqwest::Error) -> TransportError {
    TransportError::new(kind, sent).with_source(error.without_url())
}

fn find<T: StdError + 'static>(error: &reqwest::Error) -> Option<&T> {
    chain(error).find_map(|error| error.downcast_ref())
}

fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |error| (*error).source())
}
