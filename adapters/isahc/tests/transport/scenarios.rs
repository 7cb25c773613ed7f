//! isahc under the scenarios of all transports.

use http_hook_conformance::scenarios;
use http_hook_isahc::IsahcTransport;

#[test]
fn decides_as_all_do() {
    let report = pollster::block_on(scenarios::check(&IsahcTransport::default(), &[]));
    println!("{report}");
    report.assert_clean();
}

#[test]
fn decides_as_all_do_blocking() {
    let report = scenarios::blocking::check(&IsahcTransport::default(), &[]);
    println!("{report}");
    report.assert_clean();
}
