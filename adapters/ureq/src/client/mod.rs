//! ureq as a transport.

mod body;
mod error;
mod options;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod tls;
#[cfg(not(any(feature = "native-tls", feature = "rustls")))]
#[path = "no_tls.rs"]
mod tls;
mod watch;

use http::header::{EXPECT, TRANSFER_ENCODING};
use http::{Extensions, HeaderMap, HeaderValue, Request, Response};
use http_hook::blocking::{Body, Transport};
use http_hook::options::{Capabilities, Capability as Can, SendOptions};
use http_hook::transport::catch_panic;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

use body::{Incoming, to_ureq};
use error::{PANICKED, of_head};
use watch::watched;

#[rustfmt::skip]
const CAPABILITIES: Capabilities = Capabilities::of(tls::NAME, &[
    Can::ConnectTimeout, Can::HeadTimeout, Can::IdleTimeout, Can::TotalTimeout,
    #[cfg(any(feature = "native-tls", feature = "rustls"))] Can::VerifyOff,
    #[cfg(any(feature = "native-tls", feature = "rustls"))] Can::VerifyFile,
    #[cfg(any(feature = "native-tls", feature = "rustls"))] Can::ClientCert,
    #[cfg(any(feature = "native-tls", feature = "rustls"))] Can::ClientKey,
    #[cfg(any(feature = "native-tls", feature = "rustls"))] Can::ProxyHttps,
    #[cfg(any(feature = "native-tls", feature = "rustls"))] Can::ProxyAuth,
    Can::StreamRequest, Can::StreamResponse, Can::CustomMethod,
]);

/// ureq as a blocking transport. Cloning it is cheap and shares its connections.
#[derive(Clone, Debug)]
pub struct UreqTransport {
    agent: Agent,
    /// Whether the agent was made here: then only a request that is out of the ordinary is told something.
    is_set_up: bool,
    /// What every other request is told.
    template: Extensions,
}

impl UreqTransport {
    /// Makes a transport of ureq's settings. What a send decides goes before them: limits of time, proxy, statuses, redirects,
    /// methods, added headers, and TLS where a send has options for it.
    #[must_use]
    pub fn from_builder(builder: ConfigBuilder<AgentScope>) -> Self {
        let agent = watched(options::set_up(builder));
        Self { template: options::template(&agent), is_set_up: true, agent }
    }

    /// Makes a transport as [`default`](Self::default) does that keeps so many connections at most, to one server or to several: as
    /// many as calls are under way at once. ureq keeps 10, and 3 to one server.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook_ureq::UreqTransport;
    ///
    /// let transport = UreqTransport::keeping(64);
    /// # let _ = transport;
    /// ```
    #[must_use]
    pub fn keeping(connections: usize) -> Self {
        let builder = tls::builder().user_agent("");
        let builder = builder.max_idle_connections(connections);
        Self::from_builder(builder.max_idle_connections_per_host(connections))
    }

    /// Makes a transport with the settings of an agent at hand, over connections of its own. What a send decides goes before these
    /// settings, as for [`from_builder`](Self::from_builder), which makes a transport that takes less time for each request.
    #[must_use]
    pub fn from_agent(agent: &Agent) -> Self {
        let agent = watched(agent.config().clone());
        Self { template: options::template(&agent), is_set_up: false, agent }
    }
}

impl Default for UreqTransport {
    /// TLS by the features of this crate, with the authorities that the platform trusts.
    fn default() -> Self {
        Self::from_builder(tls::builder().user_agent(""))
    }
}

impl Transport for UreqTransport {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let (mut parts, body) = request.into_parts();
        options::check(&parts.uri, options)?;
        let proxied = options.client.proxy.is_some();
        let last = match parts.uri.scheme_str() {
            _ if proxied => Kind::Proxy,
            Some("https") => Kind::Tls,
            _ => Kind::Connect,
        };
        parts.headers.remove(EXPECT); // ureq would wait for a 100, and lose any other answer
        let (body, source) = to_ureq(&mut parts, body);
        let request = if self.is_set_up && options::are_usual(options, &parts.uri) {
            parts.extensions = Extensions::new();
            Request::from_parts(parts, body)
        } else {
            parts.extensions = self.template.clone();
            options::configure(&self.agent, Request::from_parts(parts, body), options)?
        };
        let run = || catch_panic(PANICKED, || self.agent.run(request));
        let (response, seen) = watch::head(proxied, run);
        let of_head = |error| source.failure().unwrap_or_else(|| of_head(error, seen.sent, last));
        let (mut parts, body) = response?.map_err(of_head)?.into_parts();
        parts.extensions.clear();
        let is_chunked = is_chunked(&parts.headers)?;
        Ok(Response::from_parts(parts, Incoming::into_body(body, is_chunked)))
    }
}

/// Whether the body comes in chunks. ureq takes any coding in which the word is for that one, and undoes no other.
fn is_chunked(headers: &HeaderMap) -> Result<bool, TransportError> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter().map(HeaderValue::as_bytes);
    match (codings.next(), codings.next()) {
        (None, _) => Ok(false),
        (Some(coding), None) if coding.trim_ascii().eq_ignore_ascii_case(b"chunked") => Ok(true),
        _ => {
            let error = TransportError::new(Kind::Protocol, Sent::Yes);
            Err(error.with_source("the transfer coding is not chunked alone"))
        }
    }
}
