//! ureq in a process that may open no more files.

use http_hook_conformance::alone::alone;
use http_hook_conformance::descriptors::assert_unsent_without_blocking;
use http_hook_ureq::UreqTransport;

#[test]
fn nothing_is_sent_without_a_descriptor() {
    alone("descriptors::nothing_is_sent_without_a_descriptor", || {
        assert_unsent_without_blocking(&UreqTransport::default());
    });
}
