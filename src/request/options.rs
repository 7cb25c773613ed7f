//! Options: what is set in a layer, what is in force, what a transport gets with each send.
//!
//! ```text
//! Defaults < connection extra < call  ──resolve──▶  in force  ──each send──▶  SendOptions
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::connection::Secret;
use crate::transport::{Capabilities, Capability};

/// What one layer says of an option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting<T> {
    /// Nothing: the layer below decides.
    #[default]
    Inherit,
    /// There shall be none, whatever the layer below says.
    Unset,
    /// This value.
    Set(T),
}

impl<T> Setting<T> {
    /// Lays this over `below`.
    #[must_use]
    pub fn or(self, below: Self) -> Self {
        match self {
            Self::Inherit => below,
            own => own,
        }
    }

    /// Gives the value, `inherited` if this layer says nothing.
    #[must_use]
    pub fn resolve(self, inherited: Option<T>) -> Option<T> {
        match self {
            Self::Inherit => inherited,
            Self::Unset => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// One layer of options: of the program, of a connection's extra, or of a call.
///
/// Names and meanings are those of Airflow's `extra_options`; `head_timeout` and `idle_timeout` together are
/// its read timeout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Options {
    /// The longest time for making a connection.
    pub connect_timeout: Setting<Duration>,
    /// The longest time from sending to the head of the answer.
    pub head_timeout: Setting<Duration>,
    /// The longest time between two pieces of the body.
    pub idle_timeout: Setting<Duration>,
    /// How the server's certificate is verified.
    pub verify: Setting<Verify>,
    /// The client's certificate.
    pub cert: Setting<ClientCert>,
    /// Proxies by target.
    #[serde(skip)]
    pub proxies: Setting<Proxies>,
    /// TCP keep-alive.
    pub keep_alive: Setting<KeepAlive>,
    /// Whether the body of an accepted answer is left to be streamed.
    pub stream: Option<bool>,
    /// Whether redirects are followed.
    pub allow_redirects: Option<bool>,
    /// How many redirects are followed at most.
    pub max_redirects: Option<u32>,
    /// Whether a redirect may lead from https to http. It never takes credentials along.
    pub allow_downgrade: Option<bool>,
    /// Whether the environment that was passed in is looked at (proxies, certificate authorities).
    pub trust_env: Option<bool>,
    /// Whether a status from 400 to 599 is a failure.
    pub check_response: Option<bool>,
    /// The largest body of an answer that is read into memory, in bytes.
    pub max_response_bytes: Option<u64>,
}

impl Options {
    /// Lays this layer over `below`.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            connect_timeout: self.connect_timeout.or(below.connect_timeout),
            head_timeout: self.head_timeout.or(below.head_timeout),
            idle_timeout: self.idle_timeout.or(below.idle_timeout),
            verify: self.verify.or(below.verify),
            cert: self.cert.or(below.cert),
            proxies: self.proxies.or(below.proxies),
            keep_alive: self.keep_alive.or(below.keep_alive),
            stream: self.stream.or(below.stream),
            allow_redirects: self.allow_redirects.or(below.allow_redirects),
            max_redirects: self.max_redirects.or(below.max_redirects),
            allow_downgrade: self.allow_downgrade.or(below.allow_downgrade),
            trust_env: self.trust_env.or(below.trust_env),
            check_response: self.check_response.or(below.check_response),
            max_response_bytes: self.max_response_bytes.or(below.max_response_bytes),
        }
    }
}

impl Options {
    /// Every option with what this layer says of it, `none` where it says that there shall be none. Proxies are named
    /// without their credentials.
    pub(crate) fn shown(&self) -> [(&'static str, Option<String>); 14] {
        fn setting<T>(setting: &Setting<T>, show: impl Fn(&T) -> String) -> Option<String> {
            match setting {
                Setting::Inherit => None,
                Setting::Unset => Some("none".to_owned()),
                Setting::Set(value) => Some(show(value)),
            }
        }
        let time = |value: &Setting<Duration>| setting(value, |time| format!("{time:?}"));
        let switch = |value: Option<bool>| value.map(|value| value.to_string());
        [
            ("connect_timeout", time(&self.connect_timeout)),
            ("head_timeout", time(&self.head_timeout)),
            ("idle_timeout", time(&self.idle_timeout)),
            ("verify", setting(&self.verify, |verify| format!("{verify:?}"))),
            ("cert", setting(&self.cert, |cert| cert.cert.clone())),
            ("proxies", setting(&self.proxies, |all| format!("{:?}", all.by_target))),
            ("keep_alive", setting(&self.keep_alive, |keep| format!("{keep:?}"))),
            ("stream", switch(self.stream)),
            ("allow_redirects", switch(self.allow_redirects)),
            ("max_redirects", self.max_redirects.map(|max| max.to_string())),
            ("allow_downgrade", switch(self.allow_downgrade)),
            ("trust_env", switch(self.trust_env)),
            ("check_response", switch(self.check_response)),
            ("max_response_bytes", self.max_response_bytes.map(|max| max.to_string())),
        ]
    }
}

/// How the server's certificate is verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verify {
    /// Against the authorities that the client trusts by default.
    #[default]
    System,
    /// Against the authorities in this file.
    File(String),
    /// Not at all.
    Off,
}

/// A client certificate: paths of PEM files.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClientCert {
    /// The certificate's file; it holds the key too if `key` is `None`.
    pub cert: String,
    /// The key's file.
    pub key: Option<String>,
}

/// A proxy, and what it asks for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// `http://host:port` or `https://host:port`, without user info.
    pub uri: String,
    /// Login and password for this proxy only.
    pub credential: Option<(String, Secret)>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = if self.credential.is_some() { " with credentials" } else { "" };
        write!(f, "Proxy({}{with})", self.uri)
    }
}

/// Proxies by target: `scheme://host`, `scheme`, `all://host`, `all`, the most special first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Proxies {
    /// `(target, proxy)`, in the order written.
    pub by_target: Vec<(String, Proxy)>,
    /// Targets that are reached without one, as in `NO_PROXY`.
    pub no_proxy: Option<String>,
}

/// TCP keep-alive, as Airflow's hook sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeepAlive {
    /// Idle time before the first probe.
    pub idle: Duration,
    /// Time between probes.
    pub interval: Duration,
    /// Unanswered probes before the connection is given up.
    pub count: u32,
}

impl Default for KeepAlive {
    /// 120 s, 30 s, 20 probes.
    fn default() -> Self {
        Self { idle: Duration::from_secs(120), interval: Duration::from_secs(30), count: 20 }
    }
}

/// Options that make one connection different from another. A client that sets them for a whole pool keys
/// its pools by this value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ClientOptions {
    /// How the server's certificate is verified.
    pub verify: Verify,
    /// The client's certificate.
    pub cert: Option<ClientCert>,
    /// The proxy for this target.
    pub proxy: Option<Proxy>,
    /// TCP keep-alive; `None` leaves it off.
    pub keep_alive: Option<KeepAlive>,
}

/// Time limits of one send. `None` means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Timeouts {
    /// For making a connection.
    pub connect: Option<Duration>,
    /// From sending to the head of the answer.
    pub head: Option<Duration>,
    /// Between two pieces of the body.
    pub idle: Option<Duration>,
    /// For the whole exchange: what is left of the call's deadline.
    pub total: Option<Duration>,
}

impl Timeouts {
    /// The limits where neither connection nor call says anything: 10 s for connecting, 60 s up to the head, 60 s between two pieces of the
    /// body, none for the whole. A transport can be ready for them.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use http_hook::Timeouts;
    ///
    /// assert_eq!(Timeouts::usual().connect, Some(Duration::from_secs(10)));
    /// assert_eq!(Timeouts::default().connect, None);
    /// ```
    #[must_use]
    pub const fn usual() -> Self {
        let minute = Some(Duration::from_secs(60));
        Self { connect: Some(Duration::from_secs(10)), head: minute, idle: minute, total: None }
    }
}

/// What a transport is told with each send, beside the request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SendOptions {
    /// Time limits.
    pub timeouts: Timeouts,
    /// TLS, proxy and keep-alive: what a pool is keyed by.
    pub client: Arc<ClientOptions>,
    /// Whether the caller wants to stream the body of the answer.
    pub stream: bool,
    /// The largest body that the driver reads into memory, in bytes.
    pub max_response_bytes: u64,
    /// What was set on purpose, and so must be honoured.
    pub(crate) needed: Capabilities,
}

impl SendOptions {
    /// Makes options with no limits and the default client options, as for a test of a transport.
    #[must_use]
    pub fn new(timeouts: Timeouts, client: ClientOptions) -> Self {
        Self {
            timeouts,
            client: Arc::new(client),
            stream: false,
            max_response_bytes: u64::MAX,
            needed: Capabilities::none(""),
        }
    }

    /// Gives what was set on purpose and is not among `capabilities`.
    #[must_use]
    pub fn unsupported(&self, capabilities: Capabilities) -> Option<Capability> {
        capabilities.missing(self.needed)
    }
}
