//! ureq's errors by what they tell: the kind, and whether the server may have seen the request.

use std::io;

use http_hook::transport::{TimeoutPhase, before_head, refused};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use ureq::{Error, Timeout};

/// How std's text for a name that does not resolve begins: the error has no kind of its own.
const UNRESOLVED: &str = "failed to lookup address information";

/// What a process, or the machine, is told that may open no more files: std has no kind for it.
const NO_DESCRIPTOR: &[i32] = if cfg!(unix) { &[ENFILE, EMFILE] } else { &[] };
const ENFILE: i32 = 23;
const EMFILE: i32 = 24;

pub(crate) const PANICKED: &str = "ureq panicked";

/// Reads an error that came instead of a head.
pub(crate) fn of_head(error: Error, proxied: bool) -> TransportError {
    let kind = match &error {
        Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl | Error::RequireHttpsOnly(_) => {
            return refused("ureq refused the request"); // the text may hold the URL
        }
        Error::ConnectProxyFailed(_) => {
            return before_head(Kind::Proxy, "the proxy made no tunnel");
        }
        Error::Io(error) => return of_io(error, proxied),
        Error::LargeResponseHeader(..) => {
            return TransportError::new(Kind::Limit, Sent::Yes).with_source(error);
        }
        Error::HostNotFound => Kind::Dns,
        Error::ConnectionFailed if proxied => Kind::Proxy,
        Error::ConnectionFailed => Kind::Connect,
        Error::Tls(_) | Error::TlsRequired | Error::NativeTls(_) => Kind::Tls,
        Error::Pem(_) | Error::Der(_) => Kind::Tls,
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => Kind::Timeout(TimeoutPhase::Connect),
        Error::Timeout(Timeout::Global | Timeout::PerCall) => Kind::Timeout(TimeoutPhase::Total),
        Error::Timeout(_) => Kind::Timeout(TimeoutPhase::Head),
        Error::Protocol(_) => Kind::Protocol,
        _ => Kind::Interrupted,
    };
    before_head(kind, error)
}

/// Reads an error that came in the body: there was a head, so the request was sent.
pub(crate) fn of_body(error: io::Error) -> TransportError {
    let error = Error::from(error);
    let kind = match &error {
        Error::Timeout(Timeout::PerRead) => Kind::Timeout(TimeoutPhase::Body),
        Error::Timeout(_) => Kind::Timeout(TimeoutPhase::Total),
        Error::Protocol(_) => Kind::Protocol,
        _ => Kind::Body,
    };
    TransportError::new(kind, Sent::Yes).with_source(error)
}

fn of_io(error: &io::Error, proxied: bool) -> TransportError {
    let unresolved = error.to_string().starts_with(UNRESOLVED);
    // Only an attempt to connect ends like this; other kinds come from open connections, too.
    let unconnected =
        matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::AddrNotAvailable)
            || error.raw_os_error().is_some_and(|code| NO_DESCRIPTOR.contains(&code));
    let kind = match (unresolved, unconnected) {
        (false, false) => Kind::Interrupted,
        _ if proxied => Kind::Proxy,
        (true, _) => Kind::Dns,
        (false, true) => Kind::Connect,
    };
    before_head(kind, error.to_string())
}
