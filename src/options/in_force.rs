//! The options in force for a call: every layer resolved, and what must be honoured.

use std::sync::Arc;
use std::time::Duration;

use super::proxy::{self, Environment, Wrong};
use super::{
    Capabilities, Capability, ClientOptions, KeepAlive, Options, Proxies, Proxy, SendOptions,
    Setting, Timeouts, Verify,
};
use crate::base::{Bound, Error, Origin, Scheme, Secret};

/// The largest answer that is read into memory by default: 64 MiB.
pub(crate) const MAX_RESPONSE_BYTES: u64 = 64 << 20;
/// The most redirects that are followed by default, as the original has it.
pub(crate) const MAX_REDIRECTS: u32 = 30;

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
    pub(crate) trust_env: bool,
    pub(crate) max_response_bytes: u64,
    timeouts: Timeouts,
    /// For the origin of the connection, with its certificate and with what switches the check of the server's off.
    own: Bound<Own>,
    /// What is said of the server's certificate at any other origin.
    verify: Verify,
    keep_alive: Option<KeepAlive>,
    needed: Capabilities,
    proxies: Proxies,
    environment: Option<Arc<Environment>>,
    /// Whose it is: the id of the connection, its origin and its base.
    owner: Option<Arc<Secret>>,
}

/// What holds for one origin alone.
#[derive(Debug)]
struct Own {
    client: Arc<ClientOptions>,
    needed: Capabilities,
}

/// A request goes to the origin of the connection that its call began with: nobody else can make one.
#[derive(Clone, Copy)]
pub(crate) struct AtHome(());

impl InForce {
    /// Resolves what is `set` on purpose over the `defaults` of the program, for a connection to `origin`.
    ///
    /// # Errors
    ///
    /// A proxy, or a variable of the environment, that cannot be read.
    pub(crate) fn new(
        defaults: &Options,
        set: &Options,
        environment: Option<&Arc<Environment>>,
        origin: &Origin,
    ) -> Result<Self, Wrong> {
        let all = set.clone().over(defaults.clone());
        let trust_env = all.trust_env.unwrap_or(true);
        let environment = environment.filter(|_| trust_env).cloned();
        let proxies = all.proxies.resolve(None).unwrap_or_default();
        let verify = all.verify.resolve(None).unwrap_or_default();
        let bundle = match (&verify, environment.as_deref()) {
            (Verify::System | Verify::Off, Some(environment)) => environment.ca_bundle()?,
            _ => None,
        };
        let verify = match (verify, bundle) {
            (Verify::System, Some(path)) => Verify::File(path.to_owned()),
            (verify, _) => verify,
        };
        let keep_alive = all.keep_alive.resolve(Some(KeepAlive::default()));
        let elsewhere = match (&verify, bundle) {
            (Verify::Off, Some(path)) => Verify::File(path.to_owned()),
            (Verify::Off, None) => Verify::System,
            (other, _) => other.clone(),
        };
        let client = ClientOptions {
            verify,
            cert: all.cert.resolve(None),
            proxy: proxy::choose(&proxies, environment.as_deref(), origin)?,
            keep_alive,
        };
        let own_needs = needed_at_home(set).and(needed_for(&client, origin.scheme()));
        let own = Own { client: Arc::new(client), needed: own_needs };
        Ok(Self {
            stream: all.stream.unwrap_or(false),
            allow_redirects: all.allow_redirects.unwrap_or(true),
            max_redirects: all.max_redirects.unwrap_or(MAX_REDIRECTS),
            allow_downgrade: all.allow_downgrade.unwrap_or(false),
            check_response: all.check_response.unwrap_or(true),
            trust_env,
            max_response_bytes: all.max_response_bytes.unwrap_or(MAX_RESPONSE_BYTES),
            timeouts: Timeouts {
                connect: all.connect_timeout.resolve(None),
                head: all.head_timeout.resolve(None),
                idle: all.idle_timeout.resolve(None),
                total: None,
            },
            own: Bound::new(origin.clone(), own),
            verify: elsewhere,
            keep_alive,
            needed: needed(set),
            proxies,
            environment,
            owner: None,
        })
    }

    /// Says whose it is.
    pub(crate) fn of(self, owner: Option<&Arc<Secret>>) -> Self {
        Self { owner: owner.cloned(), ..self }
    }

    /// Whose it is.
    pub(crate) fn owner(&self) -> Option<&Arc<Secret>> {
        self.owner.as_ref()
    }

    /// Logins and passwords of proxies, those of the environment among them that a request to `home` goes through.
    pub(crate) fn proxy_logins(&self, home: &Origin) -> impl Iterator<Item = &(String, Secret)> {
        let own = self.own.at(home).and_then(|own| own.client.proxy.as_ref());
        let all = self.proxies.by_target.iter().map(|(_, proxy)| proxy).chain(own);
        all.filter_map(|proxy| proxy.credential.as_ref())
    }

    /// The proxy and the authorities that the environment names for the origin of the connection.
    pub(crate) fn of_environment(&self, home: &Origin) -> (Option<&Proxy>, Option<&Verify>) {
        let bundle = || self.environment.as_deref()?.ca_bundle().ok()?;
        let Some(own) = self.own.at(home) else { return (None, None) };
        let said = |proxy: &&Proxy| self.proxies.by_target.iter().any(|(_, own)| own == *proxy);
        let proxy = own.client.proxy.as_ref().filter(|proxy| !said(proxy));
        let is_bundle =
            |verify: &&Verify| matches!(verify, Verify::File(path) if Some(&**path) == bundle());
        (proxy, Some(&own.client.verify).filter(is_bundle))
    }

    /// Whether a request goes to the origin of the connection that the call began with.
    #[inline]
    pub(crate) fn at_home(&self, target: &Origin) -> Option<AtHome> {
        self.own.at(target).map(|_| AtHome(()))
    }

    /// How the certificate of a server is verified.
    pub(crate) fn verify_at(&self, target: &Origin) -> &Verify {
        self.own.at(target).map_or(&self.verify, |own| &own.client.verify)
    }

    /// The longest time that a send may take; a minute where nothing limits it.
    pub(crate) fn longest_send(&self) -> Duration {
        const MINUTE: Duration = Duration::from_secs(60);
        let connect = self.timeouts.connect.unwrap_or(MINUTE);
        connect.saturating_add(self.timeouts.head.unwrap_or(MINUTE))
    }

    /// The time limits of one send.
    pub(crate) const fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// What the transport is told with one send to `target`, `remaining` being left of the deadline.
    ///
    /// At another origin than that of the connection the proxy is chosen anew, the client's certificate stays behind, and
    /// the server's is verified.
    ///
    /// # Errors
    ///
    /// A proxy, or a variable of the environment, that cannot be read.
    #[inline]
    pub(crate) fn send_options(
        &self,
        target: &Origin,
        remaining: Option<Duration>,
    ) -> Result<SendOptions, Error> {
        let (client, needed) = match self.own.at(target) {
            Some(own) => (Arc::clone(&own.client), own.needed),
            None => self.elsewhere(target)?,
        };
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
            needed: needed.and(self.needed),
        })
    }

    /// What the transport is told with a request for a token, `verify` being what is said of that endpoint by others than the call.
    ///
    /// # Errors
    ///
    /// As [`send_options`](Self::send_options).
    #[cold]
    pub(crate) fn token_options(
        &self,
        target: &Origin,
        remaining: Option<Duration>,
        verify: Option<&Verify>,
    ) -> Result<SendOptions, Error> {
        let mut options = self.send_options(target, remaining)?;
        if let Some(verify) = verify {
            let client = ClientOptions { verify: verify.clone(), ..(*options.client).clone() };
            options.client = Arc::new(client);
            options.needed = match verify {
                Verify::System => options.needed,
                Verify::File(_) => options.needed.with(Capability::VerifyFile),
                Verify::Off => options.needed.with(Capability::VerifyOff),
            };
        }
        Ok(options)
    }

    #[cold]
    fn elsewhere(&self, target: &Origin) -> Result<(Arc<ClientOptions>, Capabilities), Error> {
        let client = ClientOptions {
            verify: self.verify.clone(),
            cert: None,
            proxy: proxy::choose(&self.proxies, self.environment.as_deref(), target)?,
            keep_alive: self.keep_alive,
        };
        let needed = needed_for(&client, target.scheme());
        Ok((Arc::new(client), needed))
    }
}

/// What the client must be able to do for what is in force, whichever layer says it, of proxy, authorities and certificate. The
/// latter two matter over TLS alone.
fn needed_for(client: &ClientOptions, scheme: Scheme) -> Capabilities {
    let secure = scheme == Scheme::Https;
    let (verify, cert) = (&client.verify, client.cert.as_ref());
    let has_key = cert.is_some_and(|cert| cert.key.is_some());
    let proxy = client.proxy.as_ref();
    let has_login = proxy.is_some_and(|proxy| proxy.credential.is_some());
    needing([
        (proxy.is_some() && !secure, Capability::ProxyHttp),
        (proxy.is_some() && secure, Capability::ProxyHttps),
        (has_login, Capability::ProxyAuth),
        (secure && matches!(verify, Verify::File(_)), Capability::VerifyFile),
        (secure && *verify == Verify::Off, Capability::VerifyOff),
        (secure && cert.is_some(), Capability::ClientCert),
        (secure && has_key, Capability::ClientKey),
    ])
}

/// What a client must be able to do at any origin, because somebody asked for it.
fn needed(set: &Options) -> Capabilities {
    needing([
        (matches!(set.connect_timeout, Setting::Set(_)), Capability::ConnectTimeout),
        (matches!(set.head_timeout, Setting::Set(_)), Capability::HeadTimeout),
        (matches!(set.idle_timeout, Setting::Set(_)), Capability::IdleTimeout),
        (matches!(set.verify, Setting::Set(Verify::File(_))), Capability::VerifyFile),
        (matches!(set.keep_alive, Setting::Set(_)), Capability::KeepAlive),
    ])
}

/// The same for the origin of the connection alone.
fn needed_at_home(set: &Options) -> Capabilities {
    let has_key = matches!(&set.cert, Setting::Set(cert) if cert.key.is_some());
    needing([
        (matches!(set.verify, Setting::Set(Verify::Off)), Capability::VerifyOff),
        (matches!(set.cert, Setting::Set(_)), Capability::ClientCert),
        (has_key, Capability::ClientKey),
    ])
}

fn needing<const N: usize>(all: [(bool, Capability); N]) -> Capabilities {
    let wanted = all.into_iter().filter(|(wanted, _)| *wanted);
    wanted.fold(Capabilities::none(""), |needed, (_, capability)| needed.with(capability))
}
