//! surf's errors by what they tell: the kind, and whether the server may have seen the request.
//!
//! surf has no kinds of its own: what its client put inside decides, and where that is a text only, the text. None of
//! these texts is handed on: some hold what the server sent.

use std::io;

use http_hook::transport::{TimeoutPhase, catch_panic};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

type Told = (Kind, Sent, &'static str);

/// Reads an error that came instead of a head. `secure` tells that the connection was to be by TLS.
pub(crate) fn of_head(error: &surf::Error) -> TransportError {
    let known = curl::of_head(error)
        .or_else(|| error.downcast_ref().and_then(of_io))
        .or_else(|| of_type(error.type_name().unwrap_or_default()))
        .or_else(|| of_text(&error.to_string()));
    tell(known.unwrap_or((Kind::Interrupted, Sent::Maybe, "surf failed")))
}

/// Reads an error that came in the body: there was a head, so the request was sent.
pub(crate) fn of_body(error: &io::Error) -> TransportError {
    let kind = match error.kind() {
        io::ErrorKind::InvalidData => Kind::Protocol,
        io::ErrorKind::TimedOut => Kind::Timeout(TimeoutPhase::Total),
        _ => Kind::Body,
    };
    tell((kind, Sent::Yes, "the body broke off"))
}

/// A request that is not given to the client at all.
pub(crate) fn refused(why: &'static str) -> TransportError {
    tell((Kind::InvalidRequest, Sent::No, why))
}

/// Runs a step of the client; its panic is an error.
pub(crate) fn guard<T>(step: impl FnOnce() -> T) -> Result<T, TransportError> {
    catch_panic("surf panicked", step)
}

fn tell((kind, sent, text): Told) -> TransportError {
    TransportError::new(kind, sent).with_source(text)
}

fn of_io(error: &io::Error) -> Option<Told> {
    use io::ErrorKind as Io;
    Some(match error.kind() {
        Io::ConnectionRefused => (Kind::Connect, Sent::No, "connection refused"),
        Io::AddrNotAvailable => (Kind::Connect, Sent::No, "no address"),
        Io::ConnectionReset => (Kind::Interrupted, Sent::Maybe, "connection reset"),
        Io::BrokenPipe => (Kind::Interrupted, Sent::Maybe, "broken pipe"),
        Io::UnexpectedEof => (Kind::Interrupted, Sent::Maybe, "closed too early"),
        Io::InvalidData => (Kind::Protocol, Sent::Maybe, "not HTTP"),
        // The one error of getaddrinfo that std has no kind for.
        _ if error.to_string().starts_with("failed to lookup address") => {
            (Kind::Dns, Sent::No, "the name did not resolve")
        }
        _ => return None,
    })
}

/// Errors of crates that are not dependencies here.
fn of_type(name: &str) -> Option<Told> {
    let has = |part| name.contains(part);
    Some(match () {
        () if has("native_tls") => (Kind::Tls, Sent::No, "TLS failed"),
        () if has("httparse") || has("Utf8Error") || has("ParseIntError") => {
            (Kind::Protocol, Sent::Maybe, "not HTTP")
        }
        () if has("TimeoutError") => {
            (Kind::Timeout(TimeoutPhase::Total), Sent::Maybe, "the client's own limit of time")
        }
        () => return None,
    })
}

/// The texts of async-h1 2.3.
fn of_text(text: &str) -> Option<Told> {
    const TEXTS: [(&str, Kind); 7] = [
        ("connection closed", Kind::Interrupted),
        ("empty response", Kind::Interrupted),
        ("Head byte length", Kind::Limit),
        ("Malformed HTTP head", Kind::Protocol),
        ("Unsupported HTTP version", Kind::Protocol),
        ("Invalid status code", Kind::Protocol),
        ("Unexpected Content-Length", Kind::Protocol),
    ];
    let (own, kind) = TEXTS.into_iter().find(|(start, _)| text.starts_with(start))?;
    Some((kind, Sent::Maybe, own))
}

/// What isahc 0.9 tells, which surf's libcurl is behind.
#[cfg(feature = "curl-client")]
mod curl {
    use super::{Kind, Sent, TimeoutPhase, Told};
    use isahc::Error;

    pub(super) fn of_head(error: &surf::Error) -> Option<Told> {
        Some(match error.downcast_ref::<Error>()? {
            Error::CouldntResolveHost => (Kind::Dns, Sent::No, "the name did not resolve"),
            Error::CouldntResolveProxy => {
                (Kind::Proxy, Sent::No, "the proxy's name did not resolve")
            }
            Error::ConnectFailed => (Kind::Connect, Sent::No, "no connection"),
            Error::BadServerCertificate(_) => (Kind::Tls, Sent::No, "the server's certificate"),
            Error::BadClientCertificate(_) => (Kind::Tls, Sent::No, "the client's certificate"),
            Error::SSLConnectFailed(_) | Error::SSLEngineError(_) => {
                (Kind::Tls, Sent::No, "TLS failed")
            }
            Error::NoResponse => (Kind::Interrupted, Sent::Maybe, "closed before an answer"),
            Error::RequestBodyError(_) => (Kind::RequestBody, Sent::Maybe, "the body was not read"),
            // Of a header line that it cannot read isahc says that it could not be written.
            Error::ResponseBodyError(_) => (Kind::Protocol, Sent::Maybe, "not HTTP"),
            Error::InvalidHttpFormat(_) | Error::InvalidUtf8 => {
                (Kind::Protocol, Sent::Maybe, "not HTTP")
            }
            Error::Timeout => {
                (Kind::Timeout(TimeoutPhase::Total), Sent::Maybe, "the client's own limit of time")
            }
            Error::Curl(text) => of_text(text),
            _ => (Kind::Interrupted, Sent::Maybe, "libcurl gave up"),
        })
    }

    /// libcurl's texts for codes that isahc has no name for.
    fn of_text(text: &str) -> Told {
        const TEXTS: [(&str, Kind); 5] = [
            ("Unsupported protocol", Kind::Protocol),
            ("Weird server reply", Kind::Protocol),
            ("Error in the HTTP2 framing layer", Kind::Protocol),
            ("Maximum file size exceeded", Kind::Limit),
            ("A value or data field grew larger than allowed", Kind::Limit),
        ];
        let known = TEXTS.into_iter().find(|(own, _)| text.starts_with(own));
        let (own, kind) = known.unwrap_or(("the exchange broke off", Kind::Interrupted));
        (kind, Sent::Maybe, own)
    }
}

/// Without libcurl nothing is known of it.
#[cfg(not(feature = "curl-client"))]
mod curl {
    use super::Told;

    pub(super) fn of_head(_: &surf::Error) -> Option<Told> {
        None
    }
}
