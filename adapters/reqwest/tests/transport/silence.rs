//! Nothing secret reaches a subscriber or a logger.

use http_hook_conformance::alone::alone;
use http_hook_conformance::silence::assert_no_secret_is_traced;
use http_hook_reqwest::ReqwestTransport;
use tokio::runtime::Runtime;

#[test]
fn no_secret_is_traced_or_logged() {
    alone("silence::no_secret_is_traced_or_logged", || {
        let runtime = Runtime::new().expect("a runtime");
        let _entered = runtime.enter();
        assert_no_secret_is_traced(ReqwestTransport::default);
    });
}
