//! The options in force for a call: every layer resolved, and what must be honoured.

use std::sync::Arc;
use std::time::Duration;

use super::options::{
    ClientOptions, KeepAlive, Options, Proxies, SendOptions, Setting, Timeouts, Verify,
};
use super::origin::{Origin, Scheme};
use super::proxy::{self, Environment};
use crate::error::Error;
use crate::transport::{Capabilities, Capability};

/// The largest answer that is read into memory by default: 64 MiB.
const MAX_RESPONSE_BYTES: u64 = 64 << 20;

/// Options with every layer resolved.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option that the original switches by itself"
)]
pub(crate) struct InForce {
    pub(crate) stream: bool,
    pub(crate) allow_redirects: bool,
    pub(crate) max_redirects: u32,
    pub(crate) allow_downgrade: bool,
    pub(crate) check_response: bool,
    pub(crate) max_response_bytes: u64,
    timeouts: Timeouts,
    /// For the origin of the connection.
    client: Arc<ClientOptions>,
    needed: Capabilities,
    scheme: Scheme,
    proxies: Proxies,
    environment: Option<Arc<Environment>>,
}

impl InForce {
    /// Resolves what is `set` on purpose over the `defaults` of the program, for a connection to `origin`.
    ///
    /// # Errors
    ///
    /// A proxy that cannot be read.
    pub(crate) fn new(
        defaults: &Options,
        set: &Options,
        environment: Option<&Arc<Environment>>,
        origin: &Origin,
    ) -> Result<Self, Error> {
        let all = set.clone().over(defaults.clone());
        let trusted = all.trust_env.unwrap_or(true);
        let environment = environment.filter(|_| trusted).cloned();
        let proxies = all.proxies.resolve(None).unwrap_or_default();
        let bundle = environment.as_deref().and_then(Environment::ca_bundle);
        let verify = match (all.verify.resolve(None).unwrap_or_default(), bundle) {
            (Verify::System, Some(path)) => Verify::File(path.to_owned()),
            (verify, _) => verify,
        };
        let client = ClientOptions {
            verify,
            cert: all.cert.resolve(None),
            proxy: proxy::choose(&proxies, environment.as_deref(), origin)?,
            keep_alive: all.keep_alive.resolve(Some(KeepAlive::default())),
        };
        Ok(Self {
            stream: all.stream.unwrap_or(false),
            allow_redirects: all.allow_redirects.unwrap_or(true),
            max_redirects: all.max_redirects.unwrap_or(30),
            allow_downgrade: all.allow_downgrade.unwrap_or(false),
            check_response: all.check_response.unwrap_or(true),
            max_response_bytes: all.max_response_bytes.unwrap_or(MAX_RESPONSE_BYTES),
            timeouts: Timeouts {
                connect: all.connect_timeout.resolve(None),
                head: all.head_timeout.resolve(None),
                idle: all.idle_timeout.resolve(None),
                total: None,
            },
            client: Arc::new(client),
            needed: needed(set),
            scheme: origin.scheme(),
            proxies,
            environment,
        })
    }

    /// The longest time that a send may take; a minute where nothing limits it.
    pub(crate) fn longest_send(&self) -> Duration {
        const MINUTE: Duration = Duration::from_secs(60);
        let connect = self.timeouts.connect.unwrap_or(MINUTE);
        connect.saturating_add(self.timeouts.head.unwrap_or(MINUTE))
    }

    /// What the transport is told with one send, `remaining` being left of the deadline.
    ///
    /// `away` is the origin of the request if it is another than that of the connection: its proxy is chosen anew,
    /// and the client's certificate stays behind.
    ///
    /// # Errors
    ///
    /// A proxy that cannot be read.
    pub(crate) fn send_options(
        &self,
        away: Option<&Origin>,
        remaining: Option<Duration>,
    ) -> Result<SendOptions, Error> {
        let client = match away {
            None => Arc::clone(&self.client),
            Some(origin) => {
                let proxy = proxy::choose(&self.proxies, self.environment.as_deref(), origin)?;
                let own = ClientOptions::clone(&self.client);
                Arc::new(ClientOptions { cert: None, proxy, ..own })
            }
        };
        let needed = needed_for(
            self.needed,
            &client,
            away.map_or(self.scheme, Origin::scheme),
            away.is_some(),
        );
        let within = |limit: Option<Duration>| match (limit, remaining) {
            (Some(limit), Some(left)) => Some(limit.min(left)),
            (limit, left) => limit.or(left),
        };
        Ok(SendOptions {
            timeouts: Timeouts {
                connect: within(self.timeouts.connect),
                head: within(self.timeouts.head),
                idle: within(self.timeouts.idle),
                total: remaining,
            },
            client,
            stream: self.stream,
            max_response_bytes: self.max_response_bytes,
            needed,
        })
    }
}

/// What the client must be able to do besides, for the proxy of one send.
fn needed_for(
    set: Capabilities,
    client: &ClientOptions,
    scheme: Scheme,
    away: bool,
) -> Capabilities {
    let mut needed = set;
    if away {
        needed = needed.without(Capability::ClientCert).without(Capability::ClientKey);
    }
    if let Some(proxy) = &client.proxy {
        needed = needed.with(match scheme {
            Scheme::Http => Capability::ProxyHttp,
            Scheme::Https => Capability::ProxyHttps,
        });
        if proxy.credential.is_some() {
            needed = needed.with(Capability::ProxyAuth);
        }
    }
    needed
}

/// What a client must be able to do, because somebody asked for it.
fn needed(set: &Options) -> Capabilities {
    let mut needed = Capabilities::none("");
    let mut need = |wanted: bool, capability| {
        if wanted {
            needed = needed.with(capability);
        }
    };
    need(matches!(set.connect_timeout, Setting::Set(_)), Capability::ConnectTimeout);
    need(matches!(set.head_timeout, Setting::Set(_)), Capability::HeadTimeout);
    need(matches!(set.idle_timeout, Setting::Set(_)), Capability::IdleTimeout);
    need(matches!(set.verify, Setting::Set(Verify::Off)), Capability::VerifyOff);
    need(matches!(set.verify, Setting::Set(Verify::File(_))), Capability::VerifyFile);
    if let Setting::Set(cert) = &set.cert {
        need(true, Capability::ClientCert);
        need(cert.key.is_some(), Capability::ClientKey);
    }
    need(matches!(set.keep_alive, Setting::Set(_)), Capability::KeepAlive);
    needed
}
