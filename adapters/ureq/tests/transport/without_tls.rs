//! ureq without TLS.

use std::error::Error;

use http::Request;
use http_hook::blocking::{Body, Transport};
use http_hook::options::{Capability, ClientOptions, SendOptions, Timeouts};
use http_hook::{Sent, TransportErrorKind as Kind};
use http_hook_ureq::UreqTransport;

#[test]
fn https_is_an_error_that_names_the_features() {
    let transport = UreqTransport::default();
    let request = Request::get("https://127.0.0.1:1/").body(Body::default()).expect("a request");
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    let error = transport.send(request, &options).expect_err("there is no TLS");
    assert_eq!((error.kind(), error.sent()), (Kind::InvalidRequest, Sent::No));
    let source = error.source().expect("words").to_string();
    assert_eq!(source, "https needs the feature native-tls or rustls of http-hook-ureq");
    assert!(!transport.capabilities().has(Capability::VerifyOff));
}
