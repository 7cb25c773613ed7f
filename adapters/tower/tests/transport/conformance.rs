//! hyper-util under the suite of all transports: it has no limits to declare.

use http_hook_conformance::check;
use http_hook_tower::TowerTransport;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

#[test]
fn conforms() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _entered = runtime.enter();
    let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
    let report = check::check(&TowerTransport::new(client), &[], |lane| runtime.block_on(lane));
    println!("{report}");
    report.assert_clean();
    report.assert_in_table(concat!(env!("CARGO_MANIFEST_DIR"), "/../conformance/TRANSPORTS.md"));
}
