//! ureq as a transport.

mod agents;
mod body;
mod chunks;
mod error;
mod hide;
mod options;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod tls;
mod watch;

use http::header::{EXPECT, TRANSFER_ENCODING};
use http::{Request, Response};
use http_hook::blocking::{Body, Transport};
use http_hook::options::{Capabilities, Capability as Can, SendOptions};
use http_hook::transport::response_length;
use http_hook::{TransportError, TransportErrorKind as Kind};
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

use agents::Agents;
use body::{from_ureq, to_ureq};
use error::of_head;
use watch::{Seen, watched};

const HAS_TLS: bool = cfg!(any(feature = "native-tls", feature = "rustls"));
const NAME: &str = if HAS_TLS && !cfg!(feature = "native-tls") { "ureq-rustls" } else { "ureq" };

/// What ureq can do, without TLS the first seven.
#[rustfmt::skip]
const ALL: [Can; 13] = [
    Can::ConnectTimeout, Can::HeadTimeout, Can::IdleTimeout, Can::TotalTimeout,
    Can::StreamRequest, Can::StreamResponse, Can::CustomMethod,
    Can::VerifyOff, Can::VerifyFile, Can::ClientCert, Can::ClientKey, Can::ProxyHttps, Can::ProxyAuth,
];
const CAPABILITIES: Capabilities =
    Capabilities::of(NAME, if HAS_TLS { &ALL } else { ALL.split_at(7).0 });

/// ureq as a blocking transport. Cloning it is cheap and shares its connections.
#[derive(Clone, Debug)]
pub struct UreqTransport {
    agents: Agents,
    /// Whether they were made here: then only a request that is out of the ordinary is told something.
    is_set_up: bool,
}

impl UreqTransport {
    /// Makes a transport of ureq's settings. What a send decides goes before them: limits of time, proxy, statuses, redirects,
    /// methods, added headers, and TLS where a send has options for it.
    #[must_use]
    pub fn from_builder(builder: ConfigBuilder<AgentScope>) -> Self {
        Self { is_set_up: true, agents: Agents::One(watched(options::set_up(builder))) }
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
        let builder = builder().max_idle_connections(connections);
        Self::from_builder(builder.max_idle_connections_per_host(connections))
    }

    /// Makes a transport as [`default`](Self::default) does for so many threads that call at once and go on doing so, each of which keeps a
    /// connection or a few. Up to four threads share an agent of ureq, of which there are 16 at most: one that [keeps](Self::keeping) 64 connections
    /// compares them all for each request, which takes longer than the request where most of them are idle.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook_ureq::UreqTransport;
    ///
    /// let transport = UreqTransport::for_threads(64);
    /// # let _ = transport;
    /// ```
    #[must_use]
    pub fn for_threads(threads: usize) -> Self {
        let agents = Agents::for_threads(threads, |each| {
            let builder = builder().max_idle_connections(each);
            watched(options::set_up(builder.max_idle_connections_per_host(each)))
        });
        Self { is_set_up: true, agents }
    }

    /// Makes a transport with the settings of an agent at hand, over connections of its own. What a send decides goes before these
    /// settings, as for [`from_builder`](Self::from_builder), which makes a transport that takes less time for each request.
    #[must_use]
    pub fn from_agent(agent: &Agent) -> Self {
        Self { is_set_up: false, agents: Agents::One(watched(agent.config().clone())) }
    }
}

impl Default for UreqTransport {
    /// TLS by the features of this crate, with the authorities that the platform trusts.
    fn default() -> Self {
        Self::from_builder(builder())
    }
}

/// Starts settings, with the TLS of this crate's features.
fn builder() -> ConfigBuilder<AgentScope> {
    let builder = Agent::config_builder().user_agent("");
    #[cfg(any(feature = "native-tls", feature = "rustls"))]
    let builder = builder.tls_config(tls::of_the_platform());
    builder
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
        let method = parts.method.clone();
        parts.headers.remove(EXPECT); // ureq would wait for a 100, and lose any other answer
        parts.extensions.clear();
        let joins = matches!(&body, Body::Bytes(bytes) if !bytes.is_empty());
        let (body, source) = to_ureq(&mut parts, body);
        let request = Request::from_parts(parts, body);
        let agent = self.agents.own();
        let request = options::configure(agent, self.is_set_up, request, options)?;
        let watched = Seen { proxied, joins, ..Seen::NOTHING };
        let (response, seen) = watched.during(|| agent.run(request));
        let of_head = |error| source.failure().unwrap_or_else(|| of_head(error, seen.sent, last));
        let (mut parts, body) = response?.map_err(of_head)?.into_parts();
        parts.extensions.clear();
        if seen.hidden {
            hide::show(&mut parts.headers);
        }
        let length = response_length(&method, parts.status, &parts.headers)?;
        let is_chunked = length.is_none() && parts.headers.contains_key(TRANSFER_ENCODING);
        Ok(Response::from_parts(parts, from_ureq(body, length, is_chunked)))
    }
}
