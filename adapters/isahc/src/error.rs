//! isahc's errors by what they tell: the kind, and whether the server may have seen the request.
//!
//! isahc's own kinds are too coarse (a reset is "unknown"), so libcurl's code in the chain of sources decides.
//! The texts are fixed ones: nothing of the request is in them.

use std::error::Error as StdError;
use std::io;

use http_hook::transport::{TimeoutPhase, catch_panic};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use isahc::error::ErrorKind;

/// The caller's source of the request body failed.
#[derive(Debug)]
pub(crate) struct SourceFailed(pub(crate) &'static str);

impl std::fmt::Display for SourceFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl StdError for SourceFailed {}

/// Reads an error that came instead of a head.
pub(crate) fn of_head(error: &isahc::Error, proxied: bool) -> TransportError {
    let mut source: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(one) = source {
        if let Some(failed) = source_failed(one) {
            return TransportError::new(Kind::RequestBody, Sent::Maybe).with_source(failed.0);
        }
        if let Some(curl) = one.downcast_ref::<curl::Error>() {
            return of_curl(curl, proxied);
        }
        source = one.source();
    }
    match error.kind() {
        ErrorKind::InvalidRequest | ErrorKind::InvalidTlsConfiguration => {
            refused("isahc refused the request")
        }
        ErrorKind::ClientInitialization => TransportError::new(Kind::Connect, Sent::No),
        ErrorKind::ProtocolViolation => TransportError::new(Kind::Protocol, Sent::Maybe),
        _ => TransportError::new(Kind::Interrupted, Sent::Maybe),
    }
}

/// Reads an error that came in the body: there was a head, so the request was sent.
pub(crate) fn of_body(error: &io::Error) -> TransportError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<isahc::Error>());
    let Some(inner) = inner else {
        return TransportError::new(Kind::Body, Sent::Yes).with_source("the exchange was given up");
    };
    let error = of_head(inner, false);
    let kind = match error.kind() {
        kind @ (Kind::Protocol | Kind::Limit | Kind::RequestBody | Kind::Timeout(_)) => kind,
        _ => Kind::Body,
    };
    let text = StdError::source(&error).map(ToString::to_string).unwrap_or_default();
    TransportError::new(kind, Sent::Yes).with_source(text)
}

/// A request that is not given to the client at all.
pub(crate) fn refused(why: &'static str) -> TransportError {
    TransportError::new(Kind::InvalidRequest, Sent::No).with_source(why)
}

/// Runs a step of the client; its panic is an error.
pub(crate) fn guard<T>(step: impl FnOnce() -> T) -> Result<T, TransportError> {
    catch_panic("isahc panicked", step)
}

fn source_failed<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a SourceFailed> {
    error.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref()
}

/// The table of libcurl's codes (`curl/curl.h`, `CURLE_*`). There is no more than the code: isahc drops the text.
fn of_curl(error: &curl::Error, proxied: bool) -> TransportError {
    let (kind, sent) = match error.code() {
        // URL_MALFORMAT, NOT_BUILT_IN, BAD_FUNCTION_ARGUMENT, UNKNOWN_OPTION
        3 | 4 | 43 | 48 => (Kind::InvalidRequest, Sent::No),
        // COULDNT_RESOLVE_PROXY, PROXY
        5 | 97 => (Kind::Proxy, Sent::No),
        // COULDNT_RESOLVE_HOST
        6 => (Kind::Dns, Sent::No),
        // COULDNT_CONNECT
        7 if proxied => (Kind::Proxy, Sent::No),
        // COULDNT_CONNECT, INTERFACE_FAILED
        7 | 45 => (Kind::Connect, Sent::No),
        // SSL_*, USE_SSL_FAILED, PEER_FAILED_VERIFICATION
        35 | 51 | 53 | 54 | 58..=60 | 64 | 66 | 77 | 82 | 83 | 90 | 91 | 98 => {
            (Kind::Tls, Sent::No)
        }
        // OPERATION_TIMEDOUT: libcurl keeps no other limit than that for connecting
        28 => (Kind::Timeout(TimeoutPhase::Connect), Sent::No),
        // OUT_OF_MEMORY, FILESIZE_EXCEEDED, TOO_LARGE
        27 | 63 | 100 => (Kind::Limit, Sent::Maybe),
        // UNSUPPORTED_PROTOCOL (an answer that is not HTTP), WEIRD_SERVER_REPLY, HTTP2
        1 | 8 | 16 => (Kind::Protocol, Sent::Maybe),
        // WRITE_ERROR: isahc could not read a header line, be it the proxy's
        23 if proxied => (Kind::Protocol, Sent::Maybe),
        23 => (Kind::Protocol, Sent::Yes),
        // PARTIAL_FILE, BAD_CONTENT_ENCODING
        18 | 61 => (Kind::Body, Sent::Yes),
        // READ_ERROR
        26 => (Kind::RequestBody, Sent::Maybe),
        // GOT_NOTHING, SEND_ERROR, RECV_ERROR, SEND_FAIL_REWIND (a kept connection died), HTTP2_STREAM, ...
        _ => (Kind::Interrupted, Sent::Maybe),
    };
    let text = format!("curl {}: {}", error.code(), error.description());
    TransportError::new(kind, sent).with_source(text)
}
