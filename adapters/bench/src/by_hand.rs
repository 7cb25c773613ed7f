//! The request built without any library but `http` and the encoders.

use std::hint::black_box;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Uri};

use crate::{Input, Inputs, Scenario};

/// Encodes and builds all of it for each call, as a careful programmer writes it.
#[must_use]
pub fn built() -> Scenario {
    let mut inputs = Inputs::new();
    Box::new(move || {
        black_box(request(inputs.take()));
    })
}

/// The whole request.
///
/// # Panics
///
/// If `input` makes no request, which that of [`Input::new`] does.
#[must_use]
pub fn request(input: &Input) -> Request<Bytes> {
    let credentials = STANDARD.encode(format!("{}:{}", input.login, input.password));
    let mut builder = Request::builder().method(input.method.as_str()).uri(url(input));
    for (name, value) in &input.headers {
        builder = builder.header(name, value);
    }
    builder
        .header(AUTHORIZATION, format!("Basic {credentials}"))
        .body(Bytes::new())
        .expect("the input is a request")
}

/// The URL: host, endpoint and encoded query.
#[must_use]
pub fn url(input: &Input) -> String {
    let mut url = String::with_capacity(128);
    url.extend([&input.host, "/", &input.endpoint, "?"]);
    let query = url.len();
    form_urlencoded::Serializer::for_suffix(url, query).extend_pairs(&input.query).finish()
}

/// The least that a call can do: everything is kept but the URL.
#[must_use]
pub fn cloned() -> Scenario {
    let mut inputs = Inputs::new();
    let template = request(&Input::new());
    Box::new(move || {
        let mut next = black_box(&template).clone();
        *next.uri_mut() = Uri::try_from(url(inputs.take())).expect("the input has a URL");
        black_box(next);
    })
}
