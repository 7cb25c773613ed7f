//! ureq's errors by what they tell: the kind, and whether the server may have seen the request.

use std::io;

use http_hook::transport::{TimeoutPhase, before_head, of_io, refused, unsent};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use ureq::{Error, Timeout};

/// Reads an error that came instead of a head, after something was `sent` or not. `last` is what had to be made last before that.
pub(crate) fn of_head(error: Error, sent: bool, last: Kind) -> TransportError {
    let kind = match &error {
        Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl | Error::RequireHttpsOnly(_) => {
            return refused("ureq refused the request"); // the text may hold the URL
        }
        Error::LargeResponseHeader(..) => {
            return TransportError::new(Kind::Limit, Sent::Yes).with_source(error);
        }
        // ureq has no public type for it.
        Error::Protocol(own) if sent && own.to_string().ends_with("too many headers") => {
            return TransportError::new(Kind::Limit, Sent::Yes).with_source(error);
        }
        Error::ConnectProxyFailed(_) if !sent => {
            return unsent(Kind::Proxy, "the proxy made no tunnel");
        }
        Error::Io(_) if sent => Kind::Interrupted,
        // rustls has no errors of its own in a handshake: std's kind for them is no socket's.
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => Kind::Tls,
        // Whatever comes later, before anything is sent, is of TLS or the proxy.
        Error::Io(error) => match of_io(error) {
            Some((kind @ (Kind::Connect | Kind::Dns), _)) => kind,
            _ => last,
        },
        Error::HostNotFound => Kind::Dns,
        Error::ConnectionFailed => Kind::Connect,
        Error::Tls(_) | Error::TlsRequired => Kind::Tls,
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
