//! reqwest without TLS.

use std::error::Error;

use http::Request;
use http_hook::body::Body;
use http_hook::options::{Capability, ClientOptions, SendOptions, Timeouts};
use http_hook::transport::Transport;
use http_hook::{Sent, TransportErrorKind as Kind};
use http_hook_reqwest::ReqwestTransport;
use tokio::runtime::Runtime;

#[test]
fn https_is_an_error_that_names_the_features() {
    let runtime = Runtime::new().expect("a runtime");
    let transport = ReqwestTransport::default();
    let request = Request::get("https://127.0.0.1:1/").body(Body::default()).expect("a request");
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    let sent = runtime.block_on(transport.send(request, &options));
    let error = sent.expect_err("there is no TLS");
    assert_eq!((error.kind(), error.sent()), (Kind::InvalidRequest, Sent::No));
    let source = error.source().expect("words").to_string();
    assert_eq!(source, "https needs the feature native-tls or rustls of http-hook-reqwest");
    assert!(!transport.capabilities().has(Capability::VerifyOff));
}
