#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod error;
mod face;
#[cfg(feature = "hyper")]
mod interim;
mod layer;

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use async_trait::async_trait;
use bytes::Buf;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::uri::Scheme;
use http::{Method, Request, Response};
use http_hook::body::{Body, Exact};
use http_hook::options::{Capabilities, Capability, SendOptions};
use http_hook::transport::{Transport, check_target, response_length};
use http_hook_clock::Limits;
use tower_service::Service;

pub use face::{HttpHook, connect, from_connection, from_hook};
pub use http_hook::*;
pub use http_hook_clock::{BytesStream, SystemClock, async_file as file, async_save as save};
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
        let method = request.method().clone();
        let secure = request.uri().scheme() == Some(&Scheme::HTTPS);
        let mut request = request.map(|body| match limits.outgoing(body) {
            Body::Stream(stream) => Body::stream(Exact::new(Body::Stream(stream))),
            whole => whole,
        });
        if request.body().is_empty() && means_content(request.method()) {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        #[cfg(feature = "hyper")]
        let interim = interim::Count::of(&mut request, options.timeouts);
        #[cfg(not(feature = "hyper"))]
        let interim = std::future::pending();
        let mut service = self.service.clone();
        let sending = async move {
            let ready = poll_fn(|context| service.poll_ready(context)).await;
            ready.map_err(|error| error::of_ready(error.into()))?;
            let response = service.call(request).await;
            response.map_err(|error| error::of_head(error.into(), secure))
        };
        let response = limits.head(unless(interim, sending)).await?;
        #[cfg(feature = "hyper")]
        let response = error::with_reason(response);
        let length = response_length(&method, response.status(), response.headers())?;
        let of_body = |error: B::Error| error::of_body(error.into());
        #[cfg(feature = "hyper")]
        let is_http2 = response.version() == http::Version::HTTP_2;
        Ok(response.map(|body| {
            let body = limits.body(Box::pin(body), length, of_body);
            #[cfg(feature = "hyper")]
            let body = if is_http2 { body.ending(error::has_ended) } else { body };
            Body::stream(body)
        }))
    }
}

impl<S> fmt::Debug for TowerTransport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerTransport")
            .field("capabilities", &self.capabilities)
            .finish_non_exhaustive()
    }
}

/// Waits for `sending`, unless `ended` says before why it may not go on.
async fn unless<T>(
    ended: impl Future<Output = TransportError>,
    sending: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    let (mut ended, mut sending) = (pin!(ended), pin!(sending));
    poll_fn(|context| match sending.as_mut().poll(context) {
        Poll::Pending => ended.as_mut().poll(context).map(Err),
        ready @ Poll::Ready(_) => ready,
    })
    .await
}

/// Whether a server expects content, and so wants to hear that there is none (RFC 9110 §8.6). hyper leaves that out.
fn means_content(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}
