//! ureq logs what goes over the wire by the crate `log`, whose one logger hears all threads: a filter can switch it off.

use http_hook_conformance::alone::alone;
use http_hook_conformance::silence::assert_secrets_are_logged_only_under;
use http_hook_ureq::UreqTransport;

#[test]
fn no_secret_is_logged_but_under_the_targets_that_the_page_names() {
    alone("silence::no_secret_is_logged_but_under_the_targets_that_the_page_names", || {
        assert_secrets_are_logged_only_under(UreqTransport::default, &["ureq", "ureq_proto"]);
    });
}
