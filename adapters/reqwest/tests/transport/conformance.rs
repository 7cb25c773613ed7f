//! reqwest under the suite of all transports, and what it cannot do.

use http_hook_conformance::check::{self, Limit};
use http_hook_reqwest::ReqwestTransport;
use tokio::runtime::Runtime;

const LIMITS: &[Limit] = &[
    limit("interim-without-end", INTERIM),
    limit("interim-100-without-end", INTERIM),
    limit("interim-headers-without-end", INTERIM),
    limit("chunk-size-blank", "hyper takes blanks behind a chunk's size for nothing"),
    limit(
        "targets-dot-segments",
        "reqwest would take dot segments out of a path, so it is refused",
    ),
    limit(
        "targets-lower-case-escapes",
        "reqwest would take escaped dot segments out of a path, too",
    ),
    #[cfg(feature = "native-tls")]
    limit("tls-cut", "OpenSSL's streams do not tell a connection that was cut from one that ended"),
];

const INTERIM: &str = "reqwest reads interim answers by itself, until a limit of time";

const fn limit(check: &'static str, reason: &'static str) -> Limit {
    Limit { check, reason }
}

#[test]
fn conforms() {
    let runtime = Runtime::new().expect("a runtime");
    let transport = ReqwestTransport::default();
    let report = check::check(&transport, LIMITS, |lane| runtime.block_on(lane));
    println!("{report}");
    report.assert_clean();
    report.assert_in_table(concat!(env!("CARGO_MANIFEST_DIR"), "/../conformance/TRANSPORTS.md"));
}
