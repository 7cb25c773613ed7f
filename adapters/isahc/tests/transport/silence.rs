//! isahc traces what goes over the wire, credentials and all: nothing of it may reach a subscriber or a logger.

use http_hook_conformance::alone::alone;
use http_hook_conformance::silence::assert_no_secret_is_traced;
use http_hook_isahc::IsahcTransport;

#[test]
fn no_secret_is_traced() {
    alone("silence::no_secret_is_traced", || {
        assert_no_secret_is_traced(IsahcTransport::default);
    });
}
