//! isahc under the suite of all transports, and what it cannot do.

use http_hook_conformance::check::{self, Limit};
use http_hook_isahc::IsahcTransport;

const LIMITS: &[Limit] = &[
    limit("kept-not-poisoned", "libcurl looks at a kept connection once a second only"),
    limit("head-cut", HALF_A_HEAD),
    limit("head-cut-at-line", HALF_A_HEAD),
    limit("kept-closed-get", SENT_AGAIN),
    limit("kept-reset-get", SENT_AGAIN),
    limit(
        "content-type-not-invented",
        "libcurl would claim a form; an empty value is the nearest to none",
    ),
    limit("targets-dot-segments", "libcurl takes dot segments out of a path"),
    limit("targets-lower-case-escapes", "libcurl writes escapes in upper case"),
    limit("chunk-size-blank", "libcurl takes blanks behind a chunk's size for nothing"),
    limit("reason-told", "isahc does not tell the reason phrase"),
    limit("drop-closes", "isahc notices a dropped future when the server says something"),
];

const HALF_A_HEAD: &str = "libcurl takes half a head for a head";
const SENT_AGAIN: &str = "libcurl sends a request without a body again when a kept \
    connection dies; only idempotent ones go by a kept one";

const fn limit(check: &'static str, reason: &'static str) -> Limit {
    Limit { check, reason }
}

#[test]
fn conforms() {
    let transport = IsahcTransport::default();
    let report = check::check(&transport, LIMITS, |lane| pollster::block_on(lane));
    println!("{report}");
    report.assert_clean();
    report.assert_in_table(concat!(env!("CARGO_MANIFEST_DIR"), "/../conformance/TRANSPORTS.md"));
}

#[test]
fn conforms_blocking() {
    let report = check::blocking::check(&IsahcTransport::default(), LIMITS);
    report.assert_clean();
}
