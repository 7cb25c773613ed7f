//! isahc's errors by what they tell: the kind, and whether the server may have seen the request.
//!
//! isahc's own kinds are too coarse (a reset is "unknown"), so libcurl's code in the chain of sources decides.
//! The texts are fixed ones: nothing of the request is in them.

use std::error::Error as StdError;
use std::io;

use http_hook::body::SourceWatch;
use http_hook::transport::{TimeoutPhase, before_head, in_body, unsent};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use isahc::error::ErrorKind;

type Tell = fn(Kind, String) -> TransportError;

/// Reads an error that came instead of a head.
///
/// libcurl sends by itself once more when a kept connection died, so no code of its own is proof that nothing was sent. It tells the
/// address of the other side as soon as there was a connection that a request can go by, tunnel and TLS included, and forgets it not.
pub(crate) fn of_head(error: &isahc::Error, proxied: bool) -> TransportError {
    let never_connected = error.remote_addr().is_none();
    let unsent: Tell = if never_connected { unsent } else { before_head };
    let mut chain = std::iter::successors(error.source(), |one| (*one).source());
    if let Some(curl) = chain.find_map(|one| one.downcast_ref()) {
        let told = of_curl(curl, proxied, unsent);
        let by_tunnel = proxied && never_connected;
        // What came, or did not, when a tunnel was asked for is the proxy's.
        return match told.kind() {
            Kind::Limit | Kind::Protocol | Kind::Interrupted if by_tunnel => {
                unsent(Kind::Proxy, format!("curl {}: {}", curl.code(), curl.description()))
            }
            _ => told,
        };
    }
    match error.kind() {
        ErrorKind::InvalidRequest | ErrorKind::InvalidTlsConfiguration => {
            unsent(Kind::InvalidRequest, "isahc refused the request".into())
        }
        ErrorKind::ClientInitialization => unsent(Kind::Connect, "isahc did not start".into()),
        ErrorKind::ProtocolViolation => before_head(Kind::Protocol, "not HTTP"),
        _ => before_head(Kind::Interrupted, "isahc gave up"),
    }
}

/// Reads an error that came in the body: there was a head, so the request was sent.
pub(crate) fn of_body(error: &io::Error, source: &SourceWatch) -> TransportError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<isahc::Error>());
    let Some(inner) = inner else {
        return TransportError::new(Kind::Body, Sent::Yes).with_source("the exchange was given up");
    };
    in_body(&source.failure().unwrap_or_else(|| of_head(inner, false)))
}

/// The table of libcurl's codes (`curl/curl.h`, `CURLE_*`). There is no more than the code: isahc drops the text.
/// `unsent` tells an error of those codes that come while connecting, and later, too.
fn of_curl(error: &curl::Error, proxied: bool, unsent: Tell) -> TransportError {
    let kind = match error.code() {
        // URL_MALFORMAT, NOT_BUILT_IN, BAD_FUNCTION_ARGUMENT, UNKNOWN_OPTION
        3 | 4 | 43 | 48 => Kind::InvalidRequest,
        5 | 97 => Kind::Proxy,       // COULDNT_RESOLVE_PROXY, PROXY
        6 => Kind::Dns,              // COULDNT_RESOLVE_HOST
        7 if proxied => Kind::Proxy, // COULDNT_CONNECT
        7 | 45 => Kind::Connect,     // COULDNT_CONNECT, INTERFACE_FAILED
        // SSL_*, USE_SSL_FAILED, PEER_FAILED_VERIFICATION
        35 | 51 | 53 | 54 | 58..=60 | 64 | 66 | 77 | 82 | 83 | 90 | 91 | 98 => Kind::Tls,
        // OPERATION_TIMEDOUT: libcurl's limit for connecting, or one for all that passed while it connected
        28 => Kind::Timeout(TimeoutPhase::Connect),
        27 | 63 | 100 => Kind::Limit, // OUT_OF_MEMORY, FILESIZE_EXCEEDED, TOO_LARGE
        // UNSUPPORTED_PROTOCOL (not HTTP), WEIRD_SERVER_REPLY, HTTP2, WRITE_ERROR: a header line that isahc cannot read
        1 | 8 | 16 | 23 => Kind::Protocol,
        18 | 61 => Kind::Body,   // PARTIAL_FILE, BAD_CONTENT_ENCODING
        26 => Kind::RequestBody, // READ_ERROR
        // GOT_NOTHING, SEND_ERROR, RECV_ERROR, SEND_FAIL_REWIND (a kept connection died), HTTP2_STREAM, ...
        _ => Kind::Interrupted,
    };
    let text = format!("curl {}: {}", error.code(), error.description());
    // A part of the response came, from the server; but a header line may be the proxy's.
    if kind == Kind::Body || (error.code() == 23 && !proxied) {
        return TransportError::new(kind, Sent::Yes).with_source(text);
    }
    match kind {
        Kind::Limit | Kind::Protocol | Kind::RequestBody | Kind::Interrupted => {
            before_head(kind, text)
        }
        _ => unsent(kind, text),
    }
}
