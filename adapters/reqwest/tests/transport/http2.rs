//! reqwest over HTTP/2.

use http_hook_conformance::http2::assert_cut_is_told;
use http_hook_reqwest::ReqwestTransport;
use reqwest::Client;
use tokio::runtime::Runtime;

#[test]
fn an_answer_that_is_broken_off_is_not_told_as_whole() {
    let transport = ReqwestTransport::from_builder(|| Client::builder().http2_prior_knowledge());
    Runtime::new().expect("a runtime").block_on(assert_cut_is_told(&transport, true));
}
