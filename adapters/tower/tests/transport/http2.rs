//! hyper-util over HTTP/2.

use http_hook_conformance::http2::assert_cut_is_told;
use http_hook_tower::TowerTransport;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

#[test]
fn an_answer_that_is_broken_off_is_not_told_as_whole() {
    Runtime::new().expect("a runtime").block_on(async {
        let mut builder = Client::builder(TokioExecutor::new());
        let client = builder.http2_only(true).retry_canceled_requests(false).build_http();
        assert_cut_is_told(&TowerTransport::new(client.clone()), true).await;
        // What hides hyper's body hides how its stream ended, unless its length tells that.
        let layered = client.map_response(|own: http::Response<_>| own.map(Layer));
        assert_cut_is_told(&TowerTransport::new(layered), false).await;
    });
}

/// What a layer makes of a body.
struct Layer(hyper::body::Incoming);

impl http_body::Body for Layer {
    type Data = bytes::Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, hyper::Error>>> {
        std::pin::Pin::new(&mut self.0).poll_frame(context)
    }
}
