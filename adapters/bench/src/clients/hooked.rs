//! The same clients under a hook: made of a stored connection, with its default limits of time and a policy of three
//! attempts.

use http_hook::transport::Transport;
use http_hook::{Connection, Hook, HttpHook, RequestPlan, RetryPolicy, blocking};
use http_hook_clock::SystemClock;
use http_hook_isahc::IsahcTransport;
use http_hook_reqwest::ReqwestTransport;
use http_hook_tower::TowerTransport;
use http_hook_ureq::UreqTransport;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::bare::{isahc_settings, ureq_settings};
use super::load::{Get, GetBlocking};
use super::server::BODY;
use crate::Input;

/// A hook over an async transport.
pub struct Hooked<T> {
    hook: HttpHook<T, SystemClock>,
    input: Input,
}

impl<T: Transport + 'static> Hooked<T> {
    fn new(input: Input, transport: T) -> Self {
        Self { hook: HttpHook::new(hook(&input), transport, SystemClock::new()), input }
    }
}

impl<T: Transport + 'static> Get for Hooked<T> {
    async fn get(&self) {
        let response = self.hook.run(plan(&self.input)).await.expect("an answer");
        assert_eq!(response.body(), BODY);
    }
}

/// The same, planned and sent in one chain.
pub struct Chained<T>(pub Hooked<T>);

impl<T: Transport + 'static> Get for Chained<T> {
    async fn get(&self) {
        let Hooked { hook, input } = &self.0;
        let call = input
            .query
            .iter()
            .fold(hook.get(&input.endpoint), |call, (name, value)| call.param(name, value));
        let response = call.send().await.expect("an answer");
        assert_eq!(response.body(), BODY);
    }
}

/// A hook over a blocking transport.
pub struct HookedBlocking<T> {
    hook: blocking::HttpHook<T, SystemClock>,
    input: Input,
}

impl<T: blocking::Transport + 'static> GetBlocking for HookedBlocking<T> {
    fn get(&self) {
        let response = self.hook.run(plan(&self.input)).expect("an answer");
        assert_eq!(response.body(), BODY);
    }
}

/// The same, planned and sent in one chain.
pub struct ChainedBlocking<T>(pub HookedBlocking<T>);

impl<T: blocking::Transport + 'static> GetBlocking for ChainedBlocking<T> {
    fn get(&self) {
        let HookedBlocking { hook, input } = &self.0;
        let call = input
            .query
            .iter()
            .fold(hook.get(&input.endpoint), |call, (name, value)| call.param(name, value));
        let response = call.send().expect("an answer");
        assert_eq!(response.body(), BODY);
    }
}

/// Over isahc.
#[must_use]
pub fn isahc(input: Input) -> Hooked<IsahcTransport> {
    Hooked::new(input, IsahcTransport::from_builder(isahc_settings).expect("isahc starts"))
}

/// Over ureq.
#[must_use]
pub fn ureq(input: Input) -> HookedBlocking<UreqTransport> {
    let transport = UreqTransport::from_builder(ureq_settings());
    let hook = blocking::HttpHook::new(hook(&input), transport, SystemClock::new());
    HookedBlocking { hook, input }
}

/// Over reqwest.
#[must_use]
pub fn reqwest(input: Input) -> Hooked<impl Transport> {
    Hooked::new(input, ReqwestTransport::default())
}

/// Over the client of hyper-util, as a tower service.
#[must_use]
pub fn hyper(input: Input) -> Hooked<impl Transport> {
    Hooked::new(input, hyper_transport())
}

/// hyper-util's client as a transport.
#[must_use]
pub fn hyper_transport() -> impl Transport {
    let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
    TowerTransport::new(client)
}

/// Makes the hook of a connection that is stored with all but endpoint and query.
///
/// # Panics
///
/// If `input` is no connection, which that of [`Input::new`] is.
#[must_use]
pub fn hook(input: &Input) -> Hook {
    let connection = Connection::new()
        .with_host(&input.host)
        .with_login(&input.login)
        .with_password(input.password.as_str());
    let headers = input.headers.iter();
    headers
        .fold(Hook::builder(&connection), |hook, (name, value)| hook.header(name, value.as_str()))
        .policy(RetryPolicy::default())
        .build()
        .expect("the input is a connection")
}

/// Plans the call.
pub fn plan(input: &Input) -> RequestPlan {
    let plan = RequestPlan::get(&input.endpoint);
    input.query.iter().fold(plan, |plan, (name, value)| plan.param(name, value))
}
