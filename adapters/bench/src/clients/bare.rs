//! The bare clients, as a careful user calls them: with time limits, URL and headers made anew for each request from
//! texts, the status checked, the body read whole.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use isahc::AsyncReadResponseExt;
use isahc::config::Configurable;
use reqwest::redirect;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::{RetryTransientMiddleware, policies::ExponentialBackoff};

use super::MANY;
use super::load::{Get, GetBlocking};
use super::server::BODY;
use crate::{Input, by_hand};

/// The limit for connecting, as a hook has it by default.
const CONNECT: Duration = Duration::from_secs(10);
/// The limit for all else, as a hook has it by default.
const LIMIT: Duration = Duration::from_secs(60);
/// How many connections a client keeps.
const KEPT: usize = 2 * MANY as usize;

/// isahc, with its future.
pub struct Isahc {
    client: isahc::HttpClient,
    input: Input,
}

/// isahc's settings, the same under the hook.
pub fn isahc_settings() -> isahc::HttpClientBuilder {
    isahc::HttpClient::builder().connection_cache_size(KEPT).automatic_decompression(false)
}

impl Isahc {
    /// Makes a client.
    #[must_use]
    pub fn new(input: Input) -> Self {
        let settings = isahc_settings().connect_timeout(CONNECT).timeout(LIMIT);
        Self { client: settings.build().expect("isahc starts"), input }
    }
}

impl Get for Isahc {
    async fn get(&self) {
        let request = by_hand::request(&self.input).map(drop);
        let mut response = self.client.send_async(request).await.expect("an answer");
        assert!(response.status().is_success());
        assert_eq!(Bytes::from(response.bytes().await.expect("a body")), BODY);
    }
}

/// ureq.
pub struct Ureq {
    agent: ureq::Agent,
    input: Input,
}

/// ureq's settings, the same under the hook.
#[must_use]
pub fn ureq_settings() -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    ureq::Agent::config_builder().max_idle_connections(KEPT).max_idle_connections_per_host(KEPT)
}

impl Ureq {
    /// Makes an agent.
    #[must_use]
    pub fn new(input: Input) -> Self {
        let settings = ureq_settings().timeout_connect(Some(CONNECT));
        let settings = settings.timeout_recv_response(Some(LIMIT)).timeout_recv_body(Some(LIMIT));
        Self { agent: settings.build().into(), input }
    }
}

impl GetBlocking for Ureq {
    fn get(&self) {
        let request = by_hand::request(&self.input).map(drop);
        let mut response = self.agent.run(request).expect("an answer");
        assert!(response.status().is_success());
        assert_eq!(Bytes::from(response.body_mut().read_to_vec().expect("a body")), BODY);
    }
}

/// reqwest.
pub struct Reqwest {
    client: reqwest::Client,
    input: Input,
}

fn reqwest_client() -> reqwest::Client {
    let client = reqwest::Client::builder().redirect(redirect::Policy::none()).no_proxy();
    client.connect_timeout(CONNECT).timeout(LIMIT).build().expect("reqwest starts")
}

impl Reqwest {
    /// Makes a client.
    #[must_use]
    pub fn new(input: Input) -> Self {
        Self { client: reqwest_client(), input }
    }
}

/// The request, made by reqwest's builder.
fn reqwest_request(client: &reqwest::Client, input: &Input) -> reqwest::Request {
    let mut request = client.get(format!("{}/{}", input.host, input.endpoint)).query(&input.query);
    for (name, value) in &input.headers {
        request = request.header(name, value);
    }
    request.basic_auth(&input.login, Some(&input.password)).build().expect("a request")
}

impl Get for Reqwest {
    async fn get(&self) {
        let request = reqwest_request(&self.client, &self.input);
        let response = self.client.execute(request).await.expect("an answer");
        assert!(response.status().is_success());
        assert_eq!(response.bytes().await.expect("a body"), BODY);
    }
}

/// reqwest with reqwest-middleware and reqwest-retry.
pub struct Middleware {
    bare: reqwest::Client,
    client: ClientWithMiddleware,
    input: Input,
}

impl Middleware {
    /// Makes a client that retries three times, which is not needed.
    #[must_use]
    pub fn new(input: Input) -> Self {
        let policy = ExponentialBackoff::builder().build_with_max_retries(3);
        let retry = RetryTransientMiddleware::new_with_policy(policy);
        let bare = reqwest_client();
        let client = ClientBuilder::new(bare.clone()).with(retry).build();
        Self { bare, client, input }
    }
}

impl Get for Middleware {
    async fn get(&self) {
        let request = reqwest_request(&self.bare, &self.input);
        let response = self.client.execute(request).await.expect("an answer");
        assert!(response.status().is_success());
        assert_eq!(response.bytes().await.expect("a body"), BODY);
    }
}

/// hyper, by the client of hyper-util.
pub struct Hyper {
    client: legacy::Client<HttpConnector, Full<Bytes>>,
    input: Input,
}

impl Hyper {
    /// Makes a client.
    #[must_use]
    pub fn new(input: Input) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        Self { client: legacy::Client::builder(TokioExecutor::new()).build(connector), input }
    }
}

impl Get for Hyper {
    async fn get(&self) {
        let request = by_hand::request(&self.input).map(Full::new);
        let response = tokio::time::timeout(LIMIT, self.client.request(request)).await;
        let response = response.expect("in time").expect("an answer");
        assert!(response.status().is_success());
        let body = tokio::time::timeout(LIMIT, response.into_body().collect()).await;
        assert_eq!(body.expect("in time").expect("a body").to_bytes(), BODY);
    }
}
