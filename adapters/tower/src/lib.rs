//! http-hook over any [tower](https://docs.rs/tower) service that sends HTTP requests, and the other way round: a hook
//! as a tower layer.
//!
//! ```text
//! RequestPlan ──▶ HookService ──▶ HttpHook ──▶ TowerTransport ──▶ Service<http::Request<Body>>: hyper-util, a test server, …
//! ```
//!
//! [`TowerTransport`] makes a transport of a service; it adds time limits, checks what a streamed request body
//! promised, turns panics into errors, and tells errors apart. Those of hyper and hyper-util are known with the feature
//! `hyper`, which is on by default; any other service is understood as far as a [`TransportError`] or an
//! [`std::io::Error`] is in its chain of sources.
//!
//! [`HookLayer`] gives a hook's behaviour (the connection's URL, headers and credentials, redirects, retries, waits) to
//! a stack of services.
//!
//! # What remains with hyper-util
//!
//! - TLS, proxies, TCP keep-alive and the time limit for connecting are the connector's: such an option of a call is
//!   refused, unless [`with_capabilities`](TowerTransport::with_capabilities) says that the connector has it built in.
//! - Switch `retry_canceled_requests` off: else hyper-util sends again, unseen, what it found no connection alive for.
//!
//! # Examples
//!
//! A hook over a stack of services, here one that answers itself:
//!
//! ```
//! use bytes::Bytes;
//! use http_hook::{Connection, Hook, RequestPlan, TransportError};
//! use http_hook::body::Body;
//! use http_hook_clock::SystemClock;
//! use http_hook_tower::HookLayer;
//! use tower::{Layer, ServiceExt};
//!
//! let echo = tower::service_fn(|request: http::Request<Body>| async move {
//!     assert_eq!(request.headers()["authorization"], "Basic cmVhZGVyOnNlY3JldA==");
//!     let path = request.uri().path().to_owned();
//!     Ok::<_, TransportError>(http::Response::new(Body::from(Bytes::from(path))))
//! });
//! let hook = Hook::new(&Connection::parse("http://reader:secret@api.example.com/https")?)?;
//! let service = HookLayer::new(hook, SystemClock::new()).layer(echo);
//!
//! let answer = pollster::block_on(service.oneshot(RequestPlan::get("v1/orders")))?;
//! assert_eq!(answer.body(), "/v1/orders");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod error;
mod layer;

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;

use async_trait::async_trait;
use bytes::Buf;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::uri::Scheme;
use http::{Method, Request, Response};
use http_hook::TransportError;
use http_hook::body::{Body, Exact};
use http_hook::options::{Capabilities, Capability, SendOptions};
use http_hook::transport::{Transport, check_target};
use http_hook_clock::Limits;
use tower_service::Service;

pub use layer::{HookLayer, HookService};

type BoxError = Box<dyn StdError + Send + Sync>;

const CAPABILITIES: Capabilities = Capabilities::none("tower")
    .with(Capability::HeadTimeout)
    .with(Capability::IdleTimeout)
    .with(Capability::TotalTimeout)
    .with(Capability::StreamRequest)
    .with(Capability::StreamResponse)
    .with(Capability::CustomMethod);

/// A tower service as a transport. Each send goes to a clone of it.
///
/// # Examples
///
/// ```
/// # let runtime = tokio::runtime::Runtime::new().unwrap();
/// # let _entered = runtime.enter();
/// use http_hook_tower::TowerTransport;
/// use hyper_util::client::legacy::Client;
/// use hyper_util::rt::TokioExecutor;
///
/// let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
/// let transport = TowerTransport::new(client);
/// # let _: &dyn http_hook::transport::Transport = &transport;
/// ```
#[derive(Clone)]
pub struct TowerTransport<S> {
    service: S,
    capabilities: Capabilities,
}

impl<S> TowerTransport<S> {
    /// Makes a transport that offers limits of time (but for connecting), bodies that stream, and any method.
    pub const fn new(service: S) -> Self {
        Self { service, capabilities: CAPABILITIES }
    }

    /// Claims these capabilities instead. What is claimed beyond [`new`](Self::new)'s is the service's to honour.
    #[must_use]
    pub fn with_capabilities(self, capabilities: Capabilities) -> Self {
        Self { capabilities, ..self }
    }
}

#[async_trait]
impl<S, B> Transport for TowerTransport<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: http_body::Body + Send + 'static,
    B::Data: Buf + Send,
    B::Error: Into<BoxError>,
{
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let mut limits = Limits::start(options.timeouts);
        check_target(request.uri())?;
        let secure = request.uri().scheme() == Some(&Scheme::HTTPS);
        let mut request = request.map(|body| match body {
            Body::Stream(_) => Body::stream(Exact::new(body)),
            whole => whole,
        });
        if request.body().is_empty() && means_content(request.method()) {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let mut service = self.service.clone();
        let sending = async move {
            poll_fn(|context| service.poll_ready(context)).await?;
            service.call(request).await
        };
        let of_head = |error: S::Error| error::of_head(error.into(), secure);
        let response = limits.head(async { sending.await.map_err(of_head) }).await?;
        #[cfg(feature = "hyper")]
        let response = error::with_reason(response);
        let of_body = |error: B::Error| error::of_body(error.into());
        Ok(response.map(|body| Body::stream(limits.body(Box::pin(body), of_body))))
    }
}

impl<S> fmt::Debug for TowerTransport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerTransport")
            .field("capabilities", &self.capabilities)
            .finish_non_exhaustive()
    }
}

/// Whether a server expects content, and so wants to hear that there is none (RFC 9110 §8.6). hyper leaves that out.
fn means_content(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}
