//! hyper-util in a process that may open no more files.

use http_hook_conformance::alone::alone;
use http_hook_conformance::descriptors::assert_unsent_without;
use http_hook_tower::TowerTransport;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::runtime::Runtime;

#[test]
fn nothing_is_sent_without_a_descriptor() {
    alone("descriptors::nothing_is_sent_without_a_descriptor", || {
        let runtime = Runtime::new().expect("a runtime");
        let _entered = runtime.enter();
        let client =
            Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
        runtime.block_on(assert_unsent_without(&TowerTransport::new(client)));
    });
}
