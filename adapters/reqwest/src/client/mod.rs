//! reqwest as a transport.

mod clients;
mod error;
mod request;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod tls;
#[cfg(not(any(feature = "native-tls", feature = "rustls")))]
#[path = "no_tls.rs"]
mod tls;
mod url;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::{Request, Response, Version};
use http_hook::TransportError;
use http_hook::body::Body;
use http_hook::options::{Capabilities, Capability as Can, SendOptions};
use http_hook::response::Reason;
use http_hook::transport::{Transport, refused, response_length};
use http_hook_clock::Limits;
use hyper::ext::ReasonPhrase;
use reqwest::ClientBuilder;
use tokio::runtime::Handle;

use clients::Clients;
use error::{of_body, of_head};
use request::to_reqwest;
use url::Urls;

pub use clients::MAX_CLIENTS;
/// reqwest as an async transport. Cloning it is cheap and shares its clients.
#[derive(Clone)]
pub struct ReqwestTransport {
    shared: Arc<Shared>,
}

struct Shared {
    clients: Clients,
    urls: Urls,
}

impl ReqwestTransport {
    /// Makes a transport of clients that are set up by `make`. Options of a send go before its settings; default headers and cookie jars of
    /// a client are outside the hook's care.
    pub fn from_builder(make: impl Fn() -> ClientBuilder + Send + Sync + 'static) -> Self {
        Self { shared: Arc::new(Shared { clients: Clients::new(make), urls: Urls::default() }) }
    }
}

impl Default for ReqwestTransport {
    /// TLS by the features of this crate, with the authorities that the platform trusts.
    fn default() -> Self {
        Self::from_builder(tls::builder)
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport").finish_non_exhaustive()
    }
}

#[rustfmt::skip]
const CAPABILITIES: Capabilities = Capabilities::of(tls::NAME, &[
    Can::ConnectTimeout, Can::HeadTimeout, Can::IdleTimeout, Can::TotalTimeout,
    #[cfg(any(feature = "native-tls", feature = "rustls"))] Can::VerifyOff,
    #[cfg(any(feature = "native-tls", feature = "rustls"))] Can::VerifyFile,
    #[cfg(any(feature = "native-tls", feature = "rustls"))] Can::ClientCert,
    #[cfg(any(feature = "native-tls", feature = "rustls"))] Can::ClientKey,
    #[cfg(any(feature = "native-tls", feature = "rustls"))] Can::ProxyHttps,
    Can::ProxyHttp, Can::ProxyAuth, Can::KeepAlive,
    Can::StreamRequest, Can::StreamResponse, Can::CustomMethod,
]);

#[async_trait]
impl Transport for ReqwestTransport {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        if Handle::try_current().is_err() {
            return Err(refused("there is no tokio runtime"));
        }
        let mut limits = Limits::with_connecting(options.timeouts);
        let secure = request.uri().scheme_str() == Some("https");
        tls::check(secure)?;
        let method = request.method().clone();
        let request = request.map(|body| limits.outgoing(body));
        let (request, source) = to_reqwest(request, &self.shared.urls)?;
        let client = self.shared.clients.with(options)?;
        let sending = client.execute(request);
        let of_head = |error| {
            let proxied = options.client.proxy.is_some();
            source.failure().unwrap_or_else(|| of_head(error, secure, proxied))
        };
        let response = limits.head(async { sending.await.map_err(of_head) }).await?;
        let (mut parts, body) = Response::<reqwest::Body>::from(response).into_parts();
        let reason = parts.extensions.remove::<ReasonPhrase>();
        parts.extensions.clear();
        if let Some(reason) = reason {
            parts.extensions.insert(Reason::new(&String::from_utf8_lossy(reason.as_bytes())));
        }
        let length = response_length(&method, parts.status, &parts.headers)?;
        let mut body = limits.body(body, length, of_body);
        if parts.version == Version::HTTP_2 {
            // hyper ends a body, too, where its stream is reset without an error.
            body = body.ending(http_body::Body::is_end_stream);
        }
        Ok(Response::from_parts(parts, Body::stream(body)))
    }
}
