//! isahc over HTTP/2.

use http_hook_conformance::http2::assert_cut_is_told;
use http_hook_isahc::IsahcTransport;
use isahc::HttpClient;
use isahc::config::{Configurable as _, VersionNegotiation};

/// libcurl takes a reset without an error for the end, where no length says that more was to come.
#[test]
fn an_answer_that_is_broken_off_is_not_told_as_whole() {
    let http2 = || HttpClient::builder().version_negotiation(VersionNegotiation::http2());
    let transport = IsahcTransport::from_builder(http2).expect("isahc starts");
    pollster::block_on(assert_cut_is_told(&transport, false));
}
