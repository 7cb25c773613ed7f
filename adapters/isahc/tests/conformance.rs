//! isahc under the suite of all transports, and what it cannot do.

use http_hook_conformance::check::{self, Limit};
use http_hook_conformance::server::serve;
use http_hook_isahc::IsahcTransport;

const LIMITS: &[Limit] = &[];

#[test]
fn conforms() {
    let report = pollster::block_on(check::check(&IsahcTransport::default(), &serve(), LIMITS));
    println!("{report}");
    report.assert_clean();
}

#[test]
fn conforms_blocking() {
    let report = check::blocking::check(&IsahcTransport::default(), &serve(), LIMITS);
    report.assert_clean();
}
