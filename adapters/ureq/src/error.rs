//! ureq's errors by what they tell: the kind, and whether the server may have seen the request.

use std::fmt;
use std::io;

use http_hook::transport::{TimeoutPhase, catch_panic};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use ureq::{Error, Timeout};

/// How std's text for a name that does not resolve begins: the error has no kind of its own.
const UNRESOLVED: &str = "failed to lookup address information";

/// What a process, or the machine, is told that may open no more files: std has no kind for it.
const NO_DESCRIPTOR: &[i32] = if cfg!(unix) { &[ENFILE, EMFILE] } else { &[] };
const ENFILE: i32 = 23;
const EMFILE: i32 = 24;

/// The caller's source of the request body failed.
#[derive(Debug)]
pub(crate) struct SourceFailed(pub(crate) &'static str);

impl fmt::Display for SourceFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for SourceFailed {}

/// Reads an error that came instead of a head.
pub(crate) fn of_head(error: Error, proxied: bool) -> TransportError {
    let (kind, sent) = match &error {
        Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl | Error::RequireHttpsOnly(_) => {
            return refused("ureq refused the request"); // the text may hold the URL
        }
        Error::ConnectProxyFailed(_) => {
            let error = TransportError::new(Kind::Proxy, Sent::No);
            return error.with_source("the proxy made no tunnel");
        }
        Error::Io(error) => return of_io(error, proxied),
        Error::HostNotFound => (Kind::Dns, Sent::No),
        Error::ConnectionFailed if proxied => (Kind::Proxy, Sent::No),
        Error::ConnectionFailed => (Kind::Connect, Sent::No),
        Error::Tls(_)
        | Error::TlsRequired
        | Error::Pem(_)
        | Error::Der(_)
        | Error::NativeTls(_) => (Kind::Tls, Sent::No),
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            (Kind::Timeout(TimeoutPhase::Connect), Sent::No)
        }
        Error::Timeout(Timeout::Global | Timeout::PerCall) => {
            (Kind::Timeout(TimeoutPhase::Total), Sent::Maybe)
        }
        Error::Timeout(_) => (Kind::Timeout(TimeoutPhase::Head), Sent::Maybe),
        Error::LargeResponseHeader(..) => (Kind::Limit, Sent::Yes),
        Error::Protocol(_) => (Kind::Protocol, Sent::Maybe),
        _ => (Kind::Interrupted, Sent::Maybe),
    };
    TransportError::new(kind, sent).with_source(error)
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
    if let Some(failed) = error.get_ref().and_then(|inner| inner.downcast_ref::<SourceFailed>()) {
        return TransportError::new(Kind::RequestBody, Sent::Maybe).with_source(failed.0);
    }
    let unresolved = error.to_string().starts_with(UNRESOLVED);
    // Only an attempt to connect ends like this; other kinds come from open connections, too.
    let unconnected =
        matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::AddrNotAvailable)
            || error.raw_os_error().is_some_and(|code| NO_DESCRIPTOR.contains(&code));
    let (kind, sent) = match (unresolved, unconnected) {
        (false, false) => (Kind::Interrupted, Sent::Maybe),
        _ if proxied => (Kind::Proxy, Sent::No),
        (true, _) => (Kind::Dns, Sent::No),
        (false, true) => (Kind::Connect, Sent::No),
    };
    TransportError::new(kind, sent).with_source(error.to_string())
}

/// A request that is not given to the client at all.
pub(crate) fn refused(why: &'static str) -> TransportError {
    TransportError::new(Kind::InvalidRequest, Sent::No).with_source(why)
}

/// Runs a step of the client; its panic is an error.
pub(crate) fn guard<T>(step: impl FnOnce() -> T) -> Result<T, TransportError> {
    catch_panic("ureq panicked", step)
}
