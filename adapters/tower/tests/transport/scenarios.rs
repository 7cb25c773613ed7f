//! hyper-util under the scenarios of all transports.

use http_hook_conformance::scenarios;
use http_hook_tower::TowerTransport;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::runtime::Runtime;

#[test]
fn decides_as_all_do() {
    let runtime = Runtime::new().expect("a runtime");
    let _entered = runtime.enter();
    let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
    let report = runtime.block_on(scenarios::check(&TowerTransport::new(client), &[]));
    println!("{report}");
    report.assert_clean();
}
