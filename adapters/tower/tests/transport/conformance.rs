//! hyper-util under the suite of all transports, and what it cannot do.

use http_hook_conformance::check::{self, Limit};
use http_hook_tower::TowerTransport;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

const LIMITS: &[Limit] = &[Limit {
    check: "chunk-size-blank",
    reason: "hyper takes blanks behind a chunk's size for nothing",
}];

#[test]
fn conforms() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _entered = runtime.enter();
    let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
    let report = check::check(&TowerTransport::new(client), LIMITS, |lane| runtime.block_on(lane));
    println!("{report}");
    report.assert_clean();
    report.assert_in_table(concat!(env!("CARGO_MANIFEST_DIR"), "/../conformance/TRANSPORTS.md"));
}
