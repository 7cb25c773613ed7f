//! The HTTP client [surf](https://docs.rs/surf) as an async transport of http-hook.
#![cfg_attr(feature = "curl-client", doc = include_str!("../README.md"))]
#![forbid(unsafe_code)]

mod answer;
mod body;
mod client;
mod error;
mod request;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::Poll;

use async_trait::async_trait;
use http::{Request, Response};
use http_hook::TransportError;
use http_hook::body::Body;
use http_hook::options::{Capabilities, Capability, SendOptions};
use http_hook::transport::Transport;
use http_hook_clock::Limits;
use surf::Client;
use tracing::Dispatch;

use answer::from_surf;
use error::{guard, of_head};
use request::{Over, to_surf};

pub use client::KeepsConnections;

const fn capabilities(client: &'static str) -> Capabilities {
    Capabilities::none(client)
        .with(Capability::HeadTimeout)
        .with(Capability::IdleTimeout)
        .with(Capability::TotalTimeout)
        .with(Capability::StreamRequest)
        .with(Capability::StreamResponse)
}

/// surf as an async transport. Cloning it is cheap and shares its connections.
#[derive(Clone, Debug)]
pub struct SurfTransport {
    /// Keeps no connection: what it sends cannot meet a dead one.
    fresh: Client,
    /// For what libcurl does not send twice, or may.
    kept: Option<Client>,
    over: Over,
    capabilities: Capabilities,
}

#[async_trait]
impl Transport for SurfTransport {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let mut limits = Limits::start(options.timeouts);
        let method = request.method().clone();
        let once = request.body().is_empty() && !method.is_idempotent();
        let client = self.kept.as_ref().filter(|_| !once).unwrap_or(&self.fresh);
        let (request, source) = to_surf(request, self.over)?;
        let response = {
            let mut sending = pin!(client.send(request));
            let sending =
                poll_fn(|context| match guard(|| silently(|| sending.as_mut().poll(context))) {
                    Err(bug) => Poll::Ready(Err(bug)),
                    Ok(polled) => polled.map(|answer| {
                        answer.map_err(|error| source.failed().unwrap_or_else(|| of_head(&error)))
                    }),
                });
            limits.head(sending).await?
        };
        from_surf(response, &method, limits)
    }
}

/// Keeps the traces of `step` from every subscriber: isahc's hold URLs, headers and bodies. What its thread traces of the
/// exchange later is switched on and off here, too.
fn silently<T>(step: impl FnOnce() -> T) -> T {
    static SILENCE: LazyLock<Dispatch> = LazyLock::new(Dispatch::none);
    tracing::dispatcher::with_default(&SILENCE, step)
}
