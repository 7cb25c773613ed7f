//! surf as a transport.

mod body;
mod clients;
mod error;
mod request;
mod response;
// isahc has been silenced in the same way since the version that is under surf.
#[cfg(feature = "curl-client")]
#[path = "../../../isahc/src/client/silence.rs"]
mod silence;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use http::{Request, Response};
use http_hook::TransportError;
use http_hook::body::Body;
use http_hook::options::{Capabilities, Capability as Can, SendOptions};
use http_hook::transport::Transport;
use http_hook_clock::Limits;
use surf::Client;

use clients::Answered;
use error::{is_of_isahc, of_head};
use request::to_surf;
use response::from_surf;
#[cfg(feature = "curl-client")]
use silence::silently;

pub use clients::KeepsConnections;

#[rustfmt::skip]
const CAPABILITIES: [Can; 5] =
    [Can::HeadTimeout, Can::IdleTimeout, Can::TotalTimeout, Can::StreamRequest, Can::StreamResponse];

/// surf as an async transport. Cloning it is cheap and shares its connections.
#[derive(Clone, Debug)]
pub struct SurfTransport {
    /// Keeps no connection: what it sends cannot meet a dead one.
    fresh: Client,
    /// For what libcurl does not send twice, or may.
    kept: Option<Client>,
    /// Who has answered: only then there can be a kept connection.
    answered: Answered,
    /// It is async-h1; else libcurl, or a client that is not known.
    is_h1: bool,
}

#[async_trait]
impl Transport for SurfTransport {
    fn capabilities(&self) -> Capabilities {
        Capabilities::of(if self.is_h1 { "surf-h1" } else { "surf" }, &CAPABILITIES)
    }

    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let mut limits = Limits::start(options.timeouts);
        let method = request.method().clone();
        let once = !method.is_idempotent();
        let client = self.kept.as_ref().filter(|_| !once).unwrap_or(&self.fresh);
        let authority = request.uri().authority().cloned();
        let is_new = once || self.kept.is_none() || !self.answered.has(authority.as_ref());
        let request = request.map(|body| limits.outgoing(body));
        let (request, watch) = to_surf(request, self.is_h1)?;
        let mut sending = pin!(client.send(request));
        let sending = poll_fn(|context| {
            let polled = silently(|| sending.as_mut().poll(context));
            polled.map_err(|error| {
                // Of async-h1 it is seen whether it has begun; libcurl does that by itself once more over kept connections only.
                let begun = watch.begun.load(Ordering::Relaxed);
                let unsent = if self.is_h1 { !begun } else { is_new && is_of_isahc(&error) };
                watch.source.failure().unwrap_or_else(|| of_head(&error, unsent))
            })
        });
        let response = limits.head(sending).await?;
        self.answered.add(authority.as_ref());
        from_surf(response, &method, limits)
    }
}

/// Only isahc traces.
#[cfg(not(feature = "curl-client"))]
fn silently<T>(step: impl FnOnce() -> T) -> T {
    step()
}
