//! isahc in a process that may open no more files.

use http_hook_conformance::alone::alone;
use http_hook_conformance::descriptors::assert_unsent_without;
use http_hook_isahc::IsahcTransport;

#[test]
fn nothing_is_sent_without_a_descriptor() {
    alone("descriptors::nothing_is_sent_without_a_descriptor", || {
        pollster::block_on(assert_unsent_without(&IsahcTransport::default()));
    });
}
