//! reqwest under the scenarios of all transports.

use http_hook_conformance::scenarios;
use http_hook_reqwest::ReqwestTransport;
use tokio::runtime::Runtime;

#[test]
fn decides_as_all_do() {
    let runtime = Runtime::new().expect("a runtime");
    let report = runtime.block_on(scenarios::check(&ReqwestTransport::default(), &[]));
    println!("{report}");
    report.assert_clean();
}
