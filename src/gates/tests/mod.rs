//! What keeps retries from harming the server: prices, breakers, rates, and what comes of them in a storm.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use proptest::prelude::ProptestConfig;

use crate::base::Timestamp;

mod aws;
mod bucket;
mod decisions;
mod gates;
mod given_back;
mod jumps;
mod outage;
mod stored_price;
mod taken_back;

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));

/// 10,000, or as many as `PROPTEST_CASES=100000` says.
fn cases() -> ProptestConfig {
    crate::retry::tests::cases()
}

/// A response with headers and a body.
fn response(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).expect("a response")
}
