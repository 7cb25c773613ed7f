//! surf's errors by what they tell: the kind, and whether the server may have seen the request.
//!
//! surf has no kinds of its own: what its client put inside decides, and where that is a text only, the text. None of
//! these texts is handed on: some hold what the server sent.

use std::io;

use http_hook::transport::{TimeoutPhase, before_head, of_io, unsent};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

type Told = (Kind, &'static str);

const LATE: Told = (Kind::Timeout(TimeoutPhase::Total), "the client's own limit of time");

/// Reads an error that came instead of a head. That nothing was sent, if it was so, is known; a kind would be no proof.
pub(crate) fn of_head(error: &surf::Error, is_unsent: bool) -> TransportError {
    #[cfg(not(feature = "curl-client"))]
    let known: Option<Told> = None;
    #[cfg(feature = "curl-client")]
    let known = curl::of_head(error);
    let known = known
        .or_else(|| error.downcast_ref().and_then(of_io))
        .or_else(|| of_type(error.type_name().unwrap_or_default()))
        .or_else(|| of_text(&error.to_string(), &H1_TEXTS));
    let (kind, text) = known.unwrap_or((Kind::Interrupted, "surf failed"));
    match kind {
        Kind::Dns | Kind::Connect | Kind::Tls | Kind::Proxy if is_unsent => unsent(kind, text),
        _ => before_head(kind, text),
    }
}

/// Whether it is one of libcurl's, whose names for it tell the phase, if the connection was a new one.
#[cfg(feature = "curl-client")]
pub(crate) fn is_of_isahc(error: &surf::Error) -> bool {
    error.downcast_ref::<isahc::Error>().is_some()
}

#[cfg(not(feature = "curl-client"))]
pub(crate) fn is_of_isahc(_: &surf::Error) -> bool {
    false
}

/// Reads an error that came in the body: there was a head, so the request was sent.
pub(crate) fn of_body(error: &io::Error) -> TransportError {
    let kind = match error.kind() {
        io::ErrorKind::InvalidData => Kind::Protocol,
        io::ErrorKind::TimedOut => Kind::Timeout(TimeoutPhase::Total),
        _ => Kind::Body,
    };
    TransportError::new(kind, Sent::Yes).with_source("the body broke off")
}

/// Errors of crates that are not dependencies here.
fn of_type(name: &str) -> Option<Told> {
    const TYPES: [(&str, Told); 5] = [
        ("native_tls", (Kind::Tls, "TLS failed")),
        ("httparse", (Kind::Protocol, "not HTTP")),
        ("Utf8Error", (Kind::Protocol, "not HTTP")),
        ("ParseIntError", (Kind::Protocol, "not HTTP")),
        ("TimeoutError", LATE),
    ];
    TYPES.into_iter().find(|(part, _)| name.contains(part)).map(|(_, told)| told)
}

/// The texts of async-h1 2.3.
const H1_TEXTS: [(&str, Kind); 7] = [
    ("connection closed", Kind::Interrupted),
    ("empty response", Kind::Interrupted),
    ("Head byte length", Kind::Limit),
    ("Malformed HTTP head", Kind::Protocol),
    ("Unsupported HTTP version", Kind::Protocol),
    ("Invalid status code", Kind::Protocol),
    ("Unexpected Content-Length", Kind::Protocol),
];

fn of_text(text: &str, known: &[(&'static str, Kind)]) -> Option<Told> {
    known.iter().find(|(start, _)| text.starts_with(start)).map(|&(own, kind)| (kind, own))
}

/// What isahc 0.9 tells, which surf's libcurl is behind.
#[cfg(feature = "curl-client")]
mod curl {
    use super::{Kind, LATE, Told, of_text};
    use isahc::Error;

    /// libcurl's texts for codes that isahc has no name for.
    const TEXTS: [(&str, Kind); 5] = [
        ("Unsupported protocol", Kind::Protocol),
        ("Weird server reply", Kind::Protocol),
        ("Error in the HTTP2 framing layer", Kind::Protocol),
        ("Maximum file size exceeded", Kind::Limit),
        ("A value or data field grew larger than allowed", Kind::Limit),
    ];

    pub(super) fn of_head(error: &surf::Error) -> Option<Told> {
        Some(match error.downcast_ref::<Error>()? {
            Error::CouldntResolveHost => (Kind::Dns, "the name did not resolve"),
            Error::CouldntResolveProxy => (Kind::Proxy, "the proxy's name did not resolve"),
            Error::ConnectFailed => (Kind::Connect, "no connection"),
            Error::BadServerCertificate(_) => (Kind::Tls, "the server's certificate"),
            Error::BadClientCertificate(_) => (Kind::Tls, "the client's certificate"),
            Error::SSLConnectFailed(_) | Error::SSLEngineError(_) => (Kind::Tls, "TLS failed"),
            Error::NoResponse => (Kind::Interrupted, "closed before an answer"),
            Error::RequestBodyError(_) => (Kind::RequestBody, "the body was not read"),
            // Of a header line that it cannot read isahc says that it could not be written.
            Error::ResponseBodyError(_) | Error::InvalidHttpFormat(_) | Error::InvalidUtf8 => {
                (Kind::Protocol, "not HTTP")
            }
            Error::Timeout => LATE,
            Error::Curl(text) => {
                of_text(text, &TEXTS).unwrap_or((Kind::Interrupted, "the exchange broke off"))
            }
            _ => (Kind::Interrupted, "libcurl gave up"),
        })
    }
}
