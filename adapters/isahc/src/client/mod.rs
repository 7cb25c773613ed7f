//! isahc as a transport.

mod body;
mod error;
mod options;
mod silence;

use std::convert::identity;
use std::future::poll_fn;
use std::pin::Pin;

use async_trait::async_trait;
use futures_io::AsyncRead as _;
use http::{Request, Response};
use http_hook::body::{Body, from_fn};
use http_hook::connection::Problem;
use http_hook::hook::HookError;
use http_hook::options::{Capabilities, Capability as Can, SendOptions};
use http_hook::transport::{Transport, response_length};
use http_hook::{TransportError, blocking};
use http_hook_clock::{Limits, send_blocking};
use isahc::config::{Configurable, VersionNegotiation};
use isahc::{HttpClient, HttpClientBuilder};

use error::{of_body, of_head};
use silence::{hush, silently};

#[rustfmt::skip]
const CAPABILITIES: Capabilities = Capabilities::of("isahc", &[
    Can::ConnectTimeout, Can::HeadTimeout, Can::IdleTimeout, Can::TotalTimeout,
    Can::VerifyOff, Can::VerifyFile, Can::ClientCert, Can::ClientKey,
    Can::ProxyHttp, Can::ProxyHttps, Can::ProxyAuth,
    Can::StreamRequest, Can::StreamResponse, Can::CustomMethod,
]);

/// isahc as a transport, async and blocking. Cloning it is cheap and shares its connections.
#[derive(Clone, Debug)]
pub struct IsahcTransport {
    kept: HttpClient,
    /// Whether it was made here: else each request is told what it shall not do by itself.
    kept_is_set_up: bool,
    /// Keeps no connection: what it sends cannot meet a dead one.
    fresh: HttpClient,
}

impl IsahcTransport {
    /// Makes a transport with isahc's defaults.
    ///
    /// # Errors
    ///
    /// isahc's error if it cannot start.
    pub fn new() -> Result<Self, isahc::Error> {
        Self::from_builder(HttpClient::builder)
    }

    /// Makes a transport of clients that are set up by `make`, which is called twice. Options of a send go
    /// before those of the client; default headers and cookie jars of a client are outside the hook's care.
    ///
    /// # Errors
    ///
    /// isahc's error if the builder's settings are not valid or it cannot start.
    pub fn from_builder(make: impl Fn() -> HttpClientBuilder) -> Result<Self, isahc::Error> {
        // HTTP/2 would share a connection that is in use.
        let fresh = options::set_up(make()).connection_cache_size(0);
        let fresh = silently(|| fresh.version_negotiation(VersionNegotiation::http11()).build())?;
        let kept = silently(|| options::set_up(make()).build())?;
        hush(&fresh);
        hush(&kept);
        Ok(Self { kept, kept_is_set_up: true, fresh })
    }

    /// Makes a transport of a client at hand. Requests that are not idempotent go by a second client with isahc's defaults; use [`from_builder`](Self::from_builder) where those would not do. From now on the client's thread traces
    /// nothing, whoever sends by it.
    ///
    /// # Errors
    ///
    /// isahc's error if it cannot start the second one.
    pub fn from_client(client: HttpClient) -> Result<Self, isahc::Error> {
        hush(&client);
        Ok(Self { kept: client, kept_is_set_up: false, ..Self::new()? })
    }
}

/// Makes a transport with isahc's defaults, or tells in the words of a hook that there can be none.
///
/// # Errors
///
/// If libcurl cannot start.
pub(crate) fn started() -> Result<IsahcTransport, HookError> {
    IsahcTransport::new().map_err(|_| {
        Problem::new("isahc", "libcurl cannot start: there are no threads or files to be had")
            .into()
    })
}

impl Default for IsahcTransport {
    /// # Panics
    ///
    /// If isahc cannot start: there are no threads or files to be had. [`new`](Self::new) gives the error.
    fn default() -> Self {
        Self::new().expect("isahc starts")
    }
}

#[async_trait]
impl Transport for IsahcTransport {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let mut limits = Limits::with_connecting(options.timeouts);
        let proxied = options.client.proxy.is_some();
        let method = request.method().clone();
        let once = !method.is_idempotent();
        let client = if once { &self.fresh } else { &self.kept };
        let request = request.map(|body| limits.outgoing(body));
        let (request, source) = options::to_isahc(request, options, once || self.kept_is_set_up)?;
        let mut sending = silently(|| client.send_async(request));
        let sending = poll_fn(|context| {
            let polled = silently(|| Pin::new(&mut sending).poll(context));
            polled.map_err(|error| source.failure().unwrap_or_else(|| of_head(&error, proxied)))
        });
        let (mut parts, mut body) = limits.head(sending).await?.into_parts();
        parts.extensions.clear();
        let length = response_length(&method, parts.status, &parts.headers)?;
        let body = from_fn(length, move |context, buffer| {
            let read = Pin::new(&mut body).poll_read(context, buffer);
            read.map_err(|error| of_body(&error, &source))
        });
        Ok(Response::from_parts(parts, Body::stream(limits.body(body, length, identity))))
    }
}

impl blocking::Transport for IsahcTransport {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn send(
        &self,
        request: Request<blocking::Body>,
        options: &SendOptions,
    ) -> Result<Response<blocking::Body>, TransportError> {
        send_blocking(self, request, options)
    }
}
