//! reqwest-middleware and reqwest-retry, over a middleware that answers instead of the network.

use std::hint::black_box;

use bytes::Bytes;
use http::{Extensions, Method};
use reqwest::{Client, Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use reqwest_retry::{RetryTransientMiddleware, policies::ExponentialBackoff};

use crate::{Inputs, Scenario};

struct Answer;

#[async_trait::async_trait]
impl Middleware for Answer {
    async fn handle(
        &self,
        request: Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        black_box(request);
        Ok(http::Response::new(Bytes::new()).into())
    }
}

/// Without retries.
#[must_use]
pub fn plain() -> Scenario {
    calls(ClientBuilder::new(Client::new()).with(Answer).build())
}

/// With three retries, none of which is needed.
#[must_use]
pub fn with_retry() -> Scenario {
    let policy = ExponentialBackoff::builder().build_with_max_retries(3);
    let retry = RetryTransientMiddleware::new_with_policy(policy);
    calls(ClientBuilder::new(Client::new()).with(retry).with(Answer).build())
}

fn calls(client: ClientWithMiddleware) -> Scenario {
    let mut inputs = Inputs::new();
    Box::new(move || {
        let input = inputs.take();
        let method = Method::from_bytes(input.method.as_bytes()).expect("the input has a method");
        let mut request = client
            .request(method, format!("{}/{}", input.host, input.endpoint))
            .query(&input.query)
            .basic_auth(&input.login, Some(&input.password));
        for (name, value) in &input.headers {
            request = request.header(name, value);
        }
        let response = pollster::block_on(request.send()).expect("it is answered");
        assert!(response.status().is_success());
        black_box(response);
    })
}
