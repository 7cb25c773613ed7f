//! The easy face and its loop, over a transport that answers at once and a clock that stands still.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_hook::body::Body;
use http_hook::options::{Capabilities, SendOptions};
use http_hook::transport::{Clock, Transport};
use http_hook::{HttpHook, Timestamp, TransportError, blocking};

use crate::hook::{Brought, NOW, plan, ready};
use crate::{Input, Inputs, Scenario};

struct Echo;

const CAPABILITIES: Capabilities = Capabilities::none("nothing");

#[async_trait]
impl Transport for Echo {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        black_box((request, options));
        Ok(Response::new(Body::Bytes(Bytes::new())))
    }
}

impl blocking::Transport for Echo {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn send(
        &self,
        request: Request<blocking::Body>,
        options: &SendOptions,
    ) -> Result<Response<blocking::Body>, TransportError> {
        black_box((request, options));
        Ok(Response::new(blocking::Body::Bytes(Bytes::new())))
    }
}

struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }

    async fn sleep(&self, _: Duration) {}
}

impl blocking::Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn sleep(&self, _: Duration) {}
}

fn face() -> HttpHook<Echo, Still> {
    HttpHook::new(ready(&Input::new(), Brought::Target), Echo, Still)
}

/// A whole run, without an executor: nothing is ever pending.
#[must_use]
pub fn asynchronous() -> Scenario {
    let (mut inputs, face) = (Inputs::new(), face());
    Box::new(move || {
        let run = pin!(face.run(plan(inputs.take(), Brought::Target)));
        let Poll::Ready(result) = run.poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("nothing to wait for")
        };
        drop(black_box(result.expect("an answer of 200 passes")));
    })
}

/// The blocking twin.
#[must_use]
pub fn blocking() -> Scenario {
    let mut inputs = Inputs::new();
    let hook = ready(&Input::new(), Brought::Target);
    let face = blocking::HttpHook::new(hook, Echo, Still);
    Box::new(move || {
        let result = face.run(plan(inputs.take(), Brought::Target));
        drop(black_box(result.expect("an answer of 200 passes")));
    })
}

/// The same whole run, planned and sent in one chain.
///
/// # Panics
///
/// If an input has no method, which each has.
#[must_use]
pub fn short_form() -> Scenario {
    let (mut inputs, face) = (Inputs::new(), face());
    Box::new(move || {
        let input = inputs.take();
        let call = face.request(method(input), &input.endpoint);
        let run = pin!(
            input.query.iter().fold(call, |call, (name, value)| call.param(name, value)).send()
        );
        let Poll::Ready(result) = run.poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("nothing to wait for")
        };
        drop(black_box(result.expect("an answer of 200 passes")));
    })
}

/// The same of the blocking twin.
///
/// # Panics
///
/// If an input has no method, which each has.
#[must_use]
pub fn blocking_short_form() -> Scenario {
    let mut inputs = Inputs::new();
    let hook = ready(&Input::new(), Brought::Target);
    let face = blocking::HttpHook::new(hook, Echo, Still);
    Box::new(move || {
        let input = inputs.take();
        let call = face.request(method(input), &input.endpoint);
        let call = input.query.iter().fold(call, |call, (name, value)| call.param(name, value));
        drop(black_box(call.send().expect("an answer of 200 passes")));
    })
}

fn method(input: &Input) -> Method {
    Method::from_bytes(input.method.as_bytes()).expect("the input has a method")
}

/// Counts the bytes of the future of a run.
#[must_use]
pub fn size_of_future() -> usize {
    size_of_val(&face().run(plan(&Input::new(), Brought::Target)))
}
