//! surf under the scenarios of all transports.

use http_hook_conformance::scenarios::{self, Limit, Oddity};
use http_hook_surf::SurfTransport;

const UNLISTED: Limit = Limit {
    oddity: Oddity::UnlistedStatus,
    reason: "surf panics at a status that IANA's list lacks; caught",
};

#[cfg(feature = "curl-client")]
#[test]
fn decides_as_all_do_over_libcurl() {
    let transport = SurfTransport::curl().expect("isahc starts");
    let report = pollster::block_on(scenarios::check(&transport, &[UNLISTED]));
    println!("{report}");
    report.assert_clean();
}

#[cfg(feature = "h1-client")]
#[test]
fn decides_as_all_do_over_async_h1() {
    let limit = |oddity, reason| Limit { oddity, reason };
    let limits = [
        UNLISTED,
        limit(Oddity::Interim, "async-h1 takes an interim answer for the answer; refused"),
        limit(
            Oddity::CloseDelimited,
            "async-h1 loses a body that ends with the connection; refused",
        ),
        limit(Oddity::Garbage, "async-h1 tells what is no HTTP in other ways"),
    ];
    let report = pollster::block_on(scenarios::check(&SurfTransport::h1(), &limits));
    println!("{report}");
    report.assert_clean();
}
