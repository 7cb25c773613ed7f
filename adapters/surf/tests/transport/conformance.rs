//! surf under the suite of all transports, over each of its clients, and what it cannot do.

use http_hook_conformance::check::{self, Limit, Report};
use http_hook_surf::SurfTransport;

const fn limit(check: &'static str, reason: &'static str) -> Limit {
    Limit { check, reason }
}

fn conforms(transport: &SurfTransport, limits: &[Limit]) {
    let report: Report = check::check(transport, limits, |lane| pollster::block_on(lane));
    println!("{report}");
    report.assert_clean();
    report.assert_in_table(concat!(env!("CARGO_MANIFEST_DIR"), "/../conformance/TRANSPORTS.md"));
}

#[cfg(feature = "curl-client")]
#[test]
fn conforms_over_libcurl() {
    const LIMITS: &[Limit] = &[
        limit("status-299", UNKNOWN_CAUGHT),
        limit("status-499", UNKNOWN_CAUGHT),
        limit("status-520", UNKNOWN_CAUGHT),
        limit("status-599", UNKNOWN_CAUGHT),
        limit("status-999", UNKNOWN_CAUGHT),
        limit("header-latin1", NOT_ASCII),
        limit("header-utf8", NOT_ASCII),
        limit("header-bytes", NOT_ASCII),
        limit("head-cut", HALF_A_HEAD),
        limit("head-cut-at-line", HALF_A_HEAD),
        limit("chunk-size-blank", "libcurl takes blanks behind a chunk's size for nothing"),
        limit("kept-not-poisoned", "libcurl looks at a kept connection once a second only"),
        limit("kept-closed-get", SENT_AGAIN),
        limit("kept-reset-get", SENT_AGAIN),
        limit(
            "request-exact",
            "of several values surf would send the last one only, so they are joined",
        ),
        limit("request-adds-nothing", FORM),
        limit("content-type-not-invented", FORM),
        limit("expect-not-sent", "libcurl asks before it sends more than 1 MiB"),
        limit("targets-dot-segments", DOTS),
        limit("targets-lower-case-escapes", "libcurl writes escapes in upper case"),
        limit("reason-told", REASON),
        limit("drop-closes", "isahc notices a dropped future when the server says something"),
    ];
    const UNKNOWN_CAUGHT: &str = "surf panics at a status that IANA's list lacks; caught";
    const NOT_ASCII: &str = "surf panics at a header that is not ASCII; caught";
    const HALF_A_HEAD: &str = "libcurl takes half a head for a head";
    const SENT_AGAIN: &str = "libcurl sends a request without a body again when a kept \
        connection dies; only idempotent ones go by a kept one";
    const FORM: &str = "libcurl would claim a form; an empty value is the nearest to none";
    conforms(&SurfTransport::curl().expect("isahc starts"), LIMITS);
}

#[cfg(feature = "h1-client")]
#[test]
fn conforms_over_async_h1() {
    const LIMITS: &[Limit] = &[
        limit("status-299", UNKNOWN),
        limit("status-499", UNKNOWN),
        limit("status-520", UNKNOWN),
        limit("status-599", UNKNOWN),
        limit("status-999", UNKNOWN),
        limit("chunked", EXTENSION),
        limit("chunked-and-trailer", EXTENSION),
        limit("close-delimited", "async-h1 loses a body that ends with the connection: an error"),
        limit("http-1.0", "async-h1 takes HTTP/1.1 only"),
        limit("http-1.0-length", "async-h1 takes HTTP/1.1 only"),
        limit("interim-100", INTERIM),
        limit("interim-103", INTERIM),
        limit("timeout-head-interim", INTERIM),
        limit("head-without-end", "async-h1 measures a head at the end of a line only"),
        limit("trailer-without-end", "at times async-h1 reads on until a limit of time"),
        limit("trailers-none-cut", "async-h1 needs no empty line after the last chunk"),
        limit("header-utf8", "surf panics at a header that is UTF-8; caught"),
        limit(
            "kept-reused",
            "connections are not kept: they would give one request another's answer",
        ),
        limit("targets-dot-segments", DOTS),
        limit("targets-lower-case-escapes", "surf would take escaped dot segments out, too"),
        limit("reason-told", REASON),
    ];
    const UNKNOWN: &str = "async-h1 refuses a status that IANA's list lacks";
    const EXTENSION: &str = "async-h1 takes a chunk with an extension for garbage";
    const INTERIM: &str = "async-h1 takes an interim answer for the answer: an error";
    conforms(&SurfTransport::h1(), LIMITS);
}

const DOTS: &str = "surf would take dot segments out of a path, so it is refused";
const REASON: &str = "surf does not tell the reason phrase";
