//! surf over libcurl in a process that may open no more files.

use http_hook_conformance::alone::alone;
use http_hook_conformance::descriptors::assert_unsent_without;
use http_hook_surf::SurfTransport;

#[test]
fn nothing_is_sent_without_a_descriptor() {
    alone("descriptors::nothing_is_sent_without_a_descriptor", || {
        let transport = SurfTransport::curl().expect("isahc starts");
        pollster::block_on(assert_unsent_without(&transport));
    });
}
