//! What transports share: how they tell errors, where bodies end, and what no client may read otherwise.

use std::error::Error as _;
use std::io;

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_hook::transport::{
    TimeoutPhase, before_head, check_reading, in_body, leave_framing, of_io, refused,
    response_length, unsent,
};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

const KINDS: [Kind; 16] = [
    Kind::Dns,
    Kind::Connect,
    Kind::Tls,
    Kind::Proxy,
    Kind::Interrupted,
    Kind::Protocol,
    Kind::Body,
    Kind::RequestBody,
    Kind::InvalidRequest,
    Kind::Limit,
    Kind::Bug,
    Kind::Cancelled,
    Kind::Timeout(TimeoutPhase::Connect),
    Kind::Timeout(TimeoutPhase::Head),
    Kind::Timeout(TimeoutPhase::Body),
    Kind::Timeout(TimeoutPhase::Total),
];

fn source(error: &TransportError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

/// What is told before a head claims never that nothing was sent, and what is told in a body never that it may not have been.
#[test]
fn an_error_claims_what_is_known_where_it_came() {
    for kind in KINDS {
        let none = unsent(kind, "why");
        assert_eq!((none.kind(), none.sent()), (kind, Sent::No));

        let early = before_head(kind, "why");
        assert_eq!(early.sent(), Sent::Maybe, "{kind:?}");
        let says_unsent = matches!(
            kind,
            Kind::Dns | Kind::Connect | Kind::Tls | Kind::Proxy | Kind::InvalidRequest
        );
        let expected = match kind {
            _ if says_unsent => Kind::Interrupted,
            Kind::Timeout(TimeoutPhase::Connect) => Kind::Timeout(TimeoutPhase::Total),
            other => other,
        };
        assert_eq!(early.kind(), expected, "{kind:?}");

        let late = in_body(&none);
        assert_eq!(late.sent(), Sent::Yes, "{kind:?}");
        let tells_more =
            matches!(kind, Kind::Protocol | Kind::Limit | Kind::RequestBody | Kind::Timeout(_));
        assert_eq!(late.kind(), if tells_more { kind } else { Kind::Body }, "{kind:?}");
        assert_eq!([source(&none), source(&early), source(&late)], ["why"; 3], "{kind:?}");
    }
    let never = refused("why");
    assert_eq!((never.kind(), never.sent()), (Kind::InvalidRequest, Sent::No));
    assert_eq!(source(&in_body(&TransportError::new(Kind::Body, Sent::Maybe))), "");
}

#[test]
fn an_error_of_io_is_read_by_its_kind() {
    use io::ErrorKind as Io;
    let rows = [
        (Io::ConnectionRefused.into(), Some(Kind::Connect)),
        (Io::AddrNotAvailable.into(), Some(Kind::Connect)),
        (Io::HostUnreachable.into(), Some(Kind::Connect)),
        (Io::NetworkUnreachable.into(), Some(Kind::Connect)),
        (Io::ConnectionReset.into(), Some(Kind::Interrupted)),
        (Io::ConnectionAborted.into(), Some(Kind::Interrupted)),
        (Io::BrokenPipe.into(), Some(Kind::Interrupted)),
        (Io::UnexpectedEof.into(), Some(Kind::Interrupted)),
        (Io::InvalidData.into(), Some(Kind::Protocol)),
        (io::Error::new(Io::ConnectionReset, "s3cret"), Some(Kind::Interrupted)),
        (io::Error::other("failed to lookup address information: s3cret"), Some(Kind::Dns)),
        (Io::NotFound.into(), None),
        (Io::TimedOut.into(), None),
        (io::Error::other("s3cret"), None),
    ];
    for (error, kind) in rows {
        let told = of_io(&error);
        assert_eq!(told.map(|(kind, _)| kind), kind, "{error:?}");
        assert!(told.is_none_or(|(_, text)| !text.contains("s3cret")), "{error:?}");
    }
    if cfg!(unix) {
        for number in [23, 24] {
            let told = of_io(&io::Error::from_raw_os_error(number)).expect("no descriptor");
            assert_eq!(told.0, Kind::Connect);
        }
    }
}

/// Why, the method and the status, the lengths and the transfer codings that are said, and what is read.
type Length<'a> =
    (&'a str, &'a Method, StatusCode, &'a [&'a str], &'a [&'a str], Result<Option<u64>, ()>);

#[test]
fn a_length_is_read_or_refused() {
    let (get, head, ok) = (Method::GET, Method::HEAD, StatusCode::OK);
    let rows: [Length<'_>; 30] = [
        ("nothing is said", &get, ok, &[], &[], Ok(None)),
        ("a length", &get, ok, &["7"], &[], Ok(Some(7))),
        ("none", &get, ok, &["0"], &[], Ok(Some(0))),
        ("twice the same", &get, ok, &["7", "7"], &[], Ok(Some(7))),
        ("twice the same number", &get, ok, &["7", "07"], &[], Ok(Some(7))),
        ("two that differ", &get, ok, &["7", "8"], &[], Err(())),
        ("one and none", &get, ok, &["7", ""], &[], Err(())),
        ("a sign", &get, ok, &["+7"], &[], Err(())),
        ("a blank", &get, ok, &["7 "], &[], Err(())),
        ("a list", &get, ok, &["7, 7"], &[], Err(())),
        ("too large to count", &get, ok, &["18446744073709551616"], &[], Err(())),
        ("chunked besides", &get, ok, &["7"], &["chunked"], Ok(None)),
        ("in capitals, and a blank", &get, ok, &[], &["Chunked "], Ok(None)),
        ("chunked, and a length that is none", &get, ok, &["x"], &["chunked"], Ok(None)),
        ("identity", &get, ok, &["7"], &["identity"], Err(())),
        ("gzip", &get, ok, &[], &["gzip"], Err(())),
        ("gzip in chunks", &get, ok, &[], &["gzip, chunked"], Err(())),
        ("chunks that are gzipped", &get, ok, &[], &["chunked, gzip"], Err(())),
        ("chunked twice", &get, ok, &[], &["chunked, chunked"], Err(())),
        ("in two lines", &get, ok, &[], &["chunked", "chunked"], Err(())),
        ("one that nobody knows", &get, ok, &[], &["xchunked"], Err(())),
        ("one with a parameter", &get, ok, &[], &["chunked;a=b"], Err(())),
        ("an empty one", &get, ok, &["7"], &[""], Err(())),
        ("HEAD has no body, however coded", &head, ok, &[], &["gzip"], Ok(Some(0))),
        ("CONNECT has no body", &Method::CONNECT, ok, &["7"], &[], Ok(Some(0))),
        (
            "CONNECT that is refused has",
            &Method::CONNECT,
            StatusCode::FORBIDDEN,
            &["7"],
            &[],
            Ok(Some(7)),
        ),
        ("HEAD has no body", &head, ok, &["7"], &[], Ok(Some(0))),
        ("204 has no body", &get, StatusCode::NO_CONTENT, &["7"], &[], Ok(Some(0))),
        ("304 has no body", &get, StatusCode::NOT_MODIFIED, &["7"], &[], Ok(Some(0))),
        ("103 has no body", &get, StatusCode::EARLY_HINTS, &["x"], &[], Ok(Some(0))),
    ];
    for (why, method, status, lengths, codings, expected) in rows {
        let mut headers = HeaderMap::new();
        for length in lengths {
            headers.append("content-length", HeaderValue::from_str(length).expect(why));
        }
        for coding in codings {
            headers.append("transfer-encoding", HeaderValue::from_str(coding).expect(why));
        }
        let read = response_length(method, status, &headers).map_err(|error| {
            assert_eq!((error.kind(), error.sent()), (Kind::Protocol, Sent::Yes), "{why}");
        });
        assert_eq!(read, expected, "{why}");
    }
}

#[test]
fn framing_is_left_to_the_client() {
    for (method, is_empty, length) in [
        (Method::POST, true, Some("0")),
        (Method::PUT, true, Some("0")),
        (Method::PATCH, true, Some("0")),
        (Method::POST, false, None),
        (Method::GET, true, None),
        (Method::DELETE, true, None),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("content-length", HeaderValue::from_static("9"));
        headers.insert("transfer-encoding", HeaderValue::from_static("chunked"));
        headers.insert("accept", HeaderValue::from_static("*/*"));
        leave_framing(&mut headers, &method, is_empty);
        let left = headers.get("content-length").map(|value| value.to_str().expect("digits"));
        assert_eq!(left, length, "{method} {is_empty}");
        assert_eq!(headers.len(), 1 + usize::from(length.is_some()), "{method} {is_empty}");
    }
}

#[test]
fn a_client_that_reads_another_url_is_not_asked() {
    type Read<'a> = (Option<&'a str>, Option<u16>, &'a str, Option<&'a str>);
    let uri = "https://api.example.com/a/../b?x=1";
    let rows: [(&str, Read<'_>, bool); 11] = [
        ("as it is", (Some("api.example.com"), Some(443), "/a/../b", Some("x=1")), true),
        ("in capitals", (Some("API.example.COM"), Some(443), "/a/../b", Some("x=1")), true),
        (
            "escaped otherwise",
            (Some("api.example.com"), Some(443), "/%61/../b", Some("%78=1")),
            true,
        ),
        ("another host", (Some("api.example.org"), Some(443), "/a/../b", Some("x=1")), false),
        ("no host", (None, Some(443), "/a/../b", Some("x=1")), false),
        ("another port", (Some("api.example.com"), Some(80), "/a/../b", Some("x=1")), false),
        ("no port", (Some("api.example.com"), None, "/a/../b", Some("x=1")), false),
        ("dots taken out", (Some("api.example.com"), Some(443), "/b", Some("x=1")), false),
        ("another query", (Some("api.example.com"), Some(443), "/a/../b", Some("x=2")), false),
        ("no query", (Some("api.example.com"), Some(443), "/a/../b", None), false),
        ("a slash escaped", (Some("api.example.com"), Some(443), "/a/../b/", Some("x=1")), false),
    ];
    for (why, (host, port, path, query), passes) in rows {
        let read = check_reading(&uri.parse().expect("a URL"), host, port, path, query);
        assert_eq!(read.is_ok(), passes, "{why}");
        if let Err(error) = read {
            assert_eq!((error.kind(), error.sent()), (Kind::InvalidRequest, Sent::No), "{why}");
            assert!(!source(&error).contains("example"), "{why}: {error}");
        }
    }
    let plain = "http://h/a".parse().expect("a URL");
    assert!(check_reading(&plain, Some("h"), Some(80), "/a", None).is_ok());
    let written = "http://h:81/a".parse().expect("a URL");
    assert!(check_reading(&written, Some("h"), Some(81), "/a", None).is_ok());
}
