//! The HTTP client [reqwest](https://docs.rs/reqwest) as an async transport of http-hook. It needs a tokio runtime with time and I/O.
//!
//! reqwest does some things by itself that a transport must not do. Repaired here:
//!
//! | reqwest | here |
//! | --- | --- |
//! | follows redirects, sends again what a server refused | switched off |
//! | takes proxies from the environment | only the one that it is told |
//! | undoes content codings, where a crate of the program switches that on | switched off |
//! | writes the URL into its errors | left out |
//! | reads a host as browsers do: `0x7f.1` is `127.0.0.1` | refused before anything is sent |
//! | takes `..` and `%2e%2e` out of a path | refused before anything is sent |
//! | drops user info of a URL | refused before anything is sent |
//! | knows TLS options, proxies and the limit for connecting for a whole client only | a client for each set of them, at most [`MAX_CLIENTS`] |
//! | knows one time limit for all | limits for connecting, head, pause and total, each told apart |
//! | sends a body that is shorter than announced as far as it goes | a request body error, as for one that is longer |
//! | leaves out the length of an empty POST | `Content-Length: 0` |
//! | panics without a runtime | an error |
//!
//! What remains:
//!
//! - Paths with dot segments, escaped or not, cannot be sent. Some characters are escaped as browsers do: `{` is sent as `%7B`.
//! - `Accept: */*` is added if the request has none.
//! - Files of certificates are read once for each client. A client's key has to be PKCS#8 (`BEGIN PRIVATE KEY`).
//! - Over OpenSSL, a body without a length whose TLS connection is cut is taken for whole.
//! - A client's connections belong to the runtime that made them: use a transport under one runtime.
//! - A flood of interim responses (1xx) is ended by the limits of time only: reqwest reads them by itself. Trailers end at 16 KiB.
//!
//! # What proves that nothing was sent
//!
//! An error says so where it comes from here or is reqwest's `is_builder`, before a client has the request, and where it is
//! `is_connect`: names, connections, tunnels, TLS, the limit for connecting. hyper's connector gives these before there is a connection to
//! write to; clients that send by themselves again are switched off, but for what was never written. All else is perhaps sent.
//!
//! # Examples
//!
//! ```no_run
//! use http_hook_reqwest::ReqwestTransport;
//!
//! let transport = ReqwestTransport::default();
//! # let _: &dyn http_hook::transport::Transport = &transport;
//! ```

mod clients;
mod error;
mod request;
mod url;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::{Request, Response};
use http_hook::TransportError;
use http_hook::body::Body;
use http_hook::options::{Capabilities, Capability as Can, SendOptions};
use http_hook::response::Reason;
use http_hook::transport::{Transport, refused};
use http_hook_clock::Limits;
use hyper::ext::ReasonPhrase;
use reqwest::{Client, ClientBuilder};
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
    fn default() -> Self {
        Self::from_builder(Client::builder)
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport").finish_non_exhaustive()
    }
}

#[rustfmt::skip]
const CAPABILITIES: Capabilities = Capabilities::of("reqwest", &[
    Can::ConnectTimeout, Can::HeadTimeout, Can::IdleTimeout, Can::TotalTimeout,
    Can::VerifyOff, Can::VerifyFile, Can::ClientCert, Can::ClientKey,
    Can::ProxyHttp, Can::ProxyHttps, Can::ProxyAuth, Can::KeepAlive,
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
        let mut limits = Limits::start(options.timeouts);
        let secure = request.uri().scheme_str() == Some("https");
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
        Ok(Response::from_parts(parts, Body::stream(limits.body(body, of_body))))
    }
}
