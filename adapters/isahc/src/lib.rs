//! The HTTP client [isahc](https://docs.rs/isahc), which is libcurl, as a transport of http-hook, async on any executor and
//! blocking.
//!
//! isahc does some things by itself that a transport must not do. Repaired here:
//!
//! | isahc, or libcurl under it | here |
//! | --- | --- |
//! | sends a POST again when a kept connection dies | a body cannot be wound back, and a request that is not idempotent and has none goes by a connection of its own |
//! | panics on a header value beyond ASCII | refused before anything is sent |
//! | claims that a POST without a `Content-Type` is a form | the header goes out empty |
//! | asks for gzip and undoes it, waits for `100 Continue` | switched off |
//! | takes proxies and their exceptions from the environment | only those that it is told |
//! | sends user info of a URL as credentials | refused before anything is sent |
//! | calls a reset "unknown" | told apart by libcurl's code |
//! | takes a length that it cannot count to for none | an error |
//! | knows one time limit for all | limits for connecting, head, pause and total, each told apart |
//! | traces headers and bodies, credentials and all | silenced |
//! | puts a request body into the answer that panics when cloned | left out |
//!
//! What remains:
//!
//! - An answer whose head breaks off in the middle is an answer with an empty body: libcurl does not tell.
//! - GET and other idempotent requests without a body are sent again by libcurl, unseen, when a kept connection dies.
//! - An answer that nobody asked for, on a kept connection, is taken for the answer to the next request if that comes within
//!   a second: libcurl looks at a kept connection once a second only. Only a server that breaks HTTP does that.
//! - A dropped exchange ends when the server next says something, when the total limit passes, or with the client.
//! - `Accept: */*` and `User-Agent` are added if the request has none; reason phrases are not told.
//! - A tunnel that breaks off while the proxy makes it is a broken exchange: perhaps sent.
//! - Why TLS failed is not told beyond libcurl's code; a client certificate that is missing under TLS 1.3 is a broken exchange.
//! - libcurl takes dot segments out of paths and writes escapes in upper case.
//! - Of TCP keep-alive only the interval can be set, so it is done as far as possible and not offered as an option.
//!
//! # Examples
//!
//! ```no_run
//! use http_hook_isahc::IsahcTransport;
//!
//! let transport = IsahcTransport::new()?;
//! # let _: &dyn http_hook::transport::Transport = &transport;
//! # let _: &dyn http_hook::blocking::Transport = &transport;
//! # Ok::<(), isahc::Error>(())
//! ```

mod answer;
mod blocking;
mod body;
mod error;
mod face;
mod options;
mod silence;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

pub use face::{blocking_http_hook, http_hook};

use async_trait::async_trait;
use http::{Request, Response};
use http_hook::TransportError;
use http_hook::body::Body;
use http_hook::options::{Capabilities, Capability, SendOptions, Timeouts};
use http_hook::transport::Transport;
use http_hook_clock::Limits;
use isahc::config::{Configurable, VersionNegotiation};
use isahc::{HttpClient, HttpClientBuilder};

use answer::from_isahc;
use error::{guard, of_head};
use silence::{hush, silently};

const CAPABILITIES: Capabilities = Capabilities::of(
    "isahc",
    &[
        Capability::ConnectTimeout,
        Capability::HeadTimeout,
        Capability::IdleTimeout,
        Capability::TotalTimeout,
        Capability::VerifyOff,
        Capability::VerifyFile,
        Capability::ClientCert,
        Capability::ClientKey,
        Capability::ProxyHttp,
        Capability::ProxyHttps,
        Capability::ProxyAuth,
        Capability::StreamRequest,
        Capability::StreamResponse,
        Capability::CustomMethod,
    ],
);

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

    /// Makes a transport of a client at hand. Requests that are not idempotent and have no body go by a second client with
    /// isahc's defaults; use [`from_builder`](Self::from_builder) where those would not do. From now on the client's thread traces
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
        let mut limits = options.timeouts;
        limits.head = head_limit(limits);
        let mut limits = Limits::start(limits);
        let proxied = options.client.proxy.is_some();
        let method = request.method().clone();
        let once = request.body().is_empty() && !method.is_idempotent();
        let client = if once { &self.fresh } else { &self.kept };
        let request = options::to_isahc(request, options, once || self.kept_is_set_up)?;
        let mut sending = silently(|| client.send_async(request));
        let sending =
            poll_fn(|context| match guard(|| silently(|| Pin::new(&mut sending).poll(context))) {
                Err(bug) => Poll::Ready(Err(bug)),
                Ok(polled) => polled.map_err(|error| of_head(&error, proxied)),
            });
        let response = limits.head(sending).await?;
        from_isahc(response, &method, limits)
    }
}

/// How long to wait for a head, from the start. Where both limits are about the same, libcurl says first that there was
/// no connection: then nothing was sent.
fn head_limit(limits: Timeouts) -> Option<Duration> {
    const FIRST: Duration = Duration::from_millis(250);
    let head = limits.head?;
    match limits.connect {
        Some(connect) if connect <= head => Some(head.max(connect.saturating_add(FIRST))),
        _ => Some(head),
    }
}
