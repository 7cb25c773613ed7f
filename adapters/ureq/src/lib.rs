//! The HTTP client [ureq](https://docs.rs/ureq) as a blocking transport of http-hook.
//!
//! ureq does some things by itself that a transport must not do. Repaired here:
//!
//! | ureq | here |
//! | --- | --- |
//! | makes an error of a status from 400 on, follows redirects | switched off for each send |
//! | takes a proxy from the environment | only the one that it is told |
//! | refuses a body with some methods | every method may have one |
//! | adds `Accept`, `Accept-Encoding` and `User-Agent` | left out, unless a configuration of the caller's names an agent |
//! | sends on and on when a body is shorter than announced | a request body error, as for one that is longer |
//! | sends user info of a URL as credentials | refused before anything is sent |
//! | tells an unknown host by an error's text only | told apart |
//! | errors hold the URL | left out |
//!
//! What remains:
//!
//! - The limit up to the head holds for each of three steps: sending the head, sending the body, waiting for the answer. A step that goes
//!   on in pieces may take a second longer. The limit for connecting holds for the name and for the connection.
//! - A name is looked up for each request, be there a connection kept or not, and on a thread made for it if there is a limit for
//!   connecting or a deadline. An address costs neither.
//! - The limit between two pieces of the body holds before the head, too: an answer that starts later than that is a timeout.
//! - Every proxy is asked for a tunnel (`CONNECT`), which is no way to send a request for an `http` target: not offered.
//! - A tunnel that breaks off while the proxy makes it, and a TLS handshake that is reset, are broken exchanges: perhaps sent.
//! - A body without a length that is reset, or whose TLS connection is cut, is taken for whole.
//! - An interim answer 100 with headers is an error.
//! - TCP keep-alive cannot be set: not offered.
//! - A send with TLS options of its own gets a connection of its own.
//! - A client's key has to be PKCS#8 (`BEGIN PRIVATE KEY`).
//! - HTTP/1.1 only; reason phrases are not told; the head of an answer may have 64 KiB.
//!
//! # Examples
//!
//! ```no_run
//! use http_hook_ureq::UreqTransport;
//!
//! let transport = UreqTransport::default();
//! # let _: &dyn http_hook::blocking::Transport = &transport;
//! ```

mod body;
mod error;
mod options;

use http::{Extensions, Request, Response};
use http_hook::TransportError;
use http_hook::blocking::{Body, Transport};
use http_hook::options::{Capabilities, Capability as Can, SendOptions};
use http_hook::transport::catch_panic;
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::typestate::AgentScope;

use body::{Incoming, to_ureq};
use error::{PANICKED, of_head};

#[rustfmt::skip]
const CAPABILITIES: Capabilities = Capabilities::of("ureq", &[
    Can::ConnectTimeout, Can::HeadTimeout, Can::IdleTimeout, Can::TotalTimeout,
    Can::VerifyOff, Can::VerifyFile, Can::ClientCert, Can::ClientKey,
    Can::ProxyHttps, Can::ProxyAuth,
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
        Self { is_set_up: true, ..Self::from_agent(options::set_up(builder)) }
    }

    /// Makes a transport of an agent at hand, whose connections it shares. What a send decides goes before the agent's settings, as for
    /// [`from_builder`](Self::from_builder), which makes a transport that takes less time for each request.
    #[must_use]
    pub fn from_agent(agent: Agent) -> Self {
        Self { template: options::template(&agent), is_set_up: false, agent }
    }
}

impl Default for UreqTransport {
    /// TLS by the platform, with the authorities that it trusts.
    fn default() -> Self {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::NativeTls)
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        Self::from_builder(Agent::config_builder().tls_config(tls).user_agent(""))
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
        let (body, source) = to_ureq(&mut parts, body);
        let request = if self.is_set_up && options::are_usual(options, &parts.uri) {
            parts.extensions = Extensions::new();
            Request::from_parts(parts, body)
        } else {
            parts.extensions = self.template.clone();
            options::configure(&self.agent, Request::from_parts(parts, body), options)?
        };
        let response = catch_panic(PANICKED, || self.agent.run(request))?;
        let of_head = |error| source.failure().unwrap_or_else(|| of_head(error, proxied));
        let (mut parts, body) = response.map_err(of_head)?.into_parts();
        parts.extensions.clear();
        Ok(Response::from_parts(parts, Incoming::into_body(body)))
    }
}
