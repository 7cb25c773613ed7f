//! ureq's errors by what they tell: the kind, and whether the server may have seen the request.

use std::io;

use http_hook::transport::{TimeoutPhase, before_head, refused, unsent};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use ureq::{Error, Timeout};

/// How std's text for a name that does not resolve begins: the error has no kind of its own.
const UNRESOLVED: &str = "failed to lookup address information";

pub(crate) const PANICKED: &str = "ureq panicked";

/// Reads an error that came instead of a head, after something was `sent` or not. `last` is what had to be made last before that.
pub(crate) fn of_head(error: Error, sent: bool, last: Kind) -> TransportError {
    let kind = match &error {
        Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl | Error::RequireHttpsOnly(_) => {
            return refused("ureq refused the request"); // the text may hold the URL
        }
        Error::LargeResponseHeader(..) => {
            return TransportError::new(Kind::Limit, Sent::Yes).with_source(error);
        }
        Error::ConnectProxyFailed(_) if !sent => {
            return unsent(Kind::Proxy, "the proxy made no tunnel");
        }
        Error::Io(error) if error.to_string().starts_with(UNRESOLVED) => Kind::Dns,
        Error::Io(_) if sent => Kind::Interrupted,
        // rustls has no errors of its own in a handshake: std's kind for them is no socket's.
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => Kind::Tls,
        Error::Io(error) => of_connecting(error).unwrap_or(last),
        Error::HostNotFound => Kind::Dns,
        Error::ConnectionFailed => Kind::Connect,
        Error::Tls(_) | Error::TlsRequired => Kind::Tls,
        #[cfg(any(feature = "native-tls", feature = "rustls"))]
        Error::Pem(_) => Kind::Tls,
        #[cfg(feature = "native-tls")]
        Error::NativeTls(_) | Error::Der(_) => Kind::Tls,
        #[cfg(feature = "rustls")]
        Error::Rustls(_) => Kind::Tls,
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => Kind::Timeout(TimeoutPhase::Connect),
        Error::Timeout(Timeout::Global | Timeout::PerCall) => Kind::Timeout(TimeoutPhase::Total),
        Error::Timeout(_) => Kind::Timeout(TimeoutPhase::Head),
        Error::Protocol(_) if sent => Kind::Protocol,
        _ if sent => Kind::Interrupted,
        _ => last,
    };
    match kind {
        _ if sent => before_head(kind, error),
        Kind::Dns | Kind::Connect if last == Kind::Proxy => unsent(last, error),
        _ => unsent(kind, error),
    }
}

/// What connecting itself tells; whatever comes later, before anything is sent, is of TLS or the proxy.
fn of_connecting(error: &io::Error) -> Option<Kind> {
    use io::ErrorKind as Io;
    let is_known = matches!(
        error.kind(),
        Io::ConnectionRefused | Io::AddrNotAvailable | Io::HostUnreachable | Io::NetworkUnreachable
    );
    // No descriptor is left (ENFILE, EMFILE).
    let is_short = cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24));
    (is_known || is_short).then_some(Kind::Connect)
}

/// Reads an error that came in the body: there was a head, so the request was sent.
pub(crate) fn of_body(error: io::Error) -> TransportError {
    let error = Error::from(error);
    let kind = match &error {
        Error::Timeout(Timeout::PerRead) => Kind::Timeout(TimeoutPhase::Body),
        Error::Timeout(_) => Kind::Timeout(TimeoutPhase::Total),
        Error::LargeResponseHeader(..) => Kind::Limit,
        Error::Protocol(_) => Kind::Protocol,
        _ => Kind::Body,
    };
    TransportError::new(kind, Sent::Yes).with_source(error)
}
