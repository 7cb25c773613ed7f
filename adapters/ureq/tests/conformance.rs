//! ureq under the suite of all transports, and what it cannot do.

use http_hook_conformance::check::{Limit, blocking};
use http_hook_ureq::UreqTransport;

const LIMITS: &[Limit] = &[
    limit("interim-100", "ureq takes a status 100 that has headers for an error"),
    limit("reason-told", "ureq does not tell the reason phrase"),
];

const fn limit(check: &'static str, reason: &'static str) -> Limit {
    Limit { check, reason }
}

#[test]
fn conforms() {
    let report = blocking::check(&UreqTransport::default(), LIMITS);
    println!("{report}");
    report.assert_clean();
}
