//! Nothing secret reaches a subscriber or a logger.

use http_hook_conformance::alone::alone;
use http_hook_conformance::silence::assert_no_secret_is_traced;
use http_hook_tower::TowerTransport;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::runtime::Runtime;

#[test]
fn no_secret_is_traced_or_logged() {
    alone("silence::no_secret_is_traced_or_logged", || {
        let runtime = Runtime::new().expect("a runtime");
        let _entered = runtime.enter();
        assert_no_secret_is_traced(|| {
            let mut builder = Client::builder(TokioExecutor::new());
            TowerTransport::new(builder.retry_canceled_requests(false).build_http())
        });
    });
}
