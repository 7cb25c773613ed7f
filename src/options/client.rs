//! What makes one connection different from another.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::Secret;

/// How the server's certificate is verified. `Debug` hides the path, which may be the connection's.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verify {
    /// Against the authorities that the client trusts by default.
    #[default]
    System,
    /// Against the authorities in this file.
    File(String),
    /// Not at all.
    Off,
}

impl fmt::Debug for Verify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::File(_) => "File(***)",
            Self::Off => "Off",
        })
    }
}

/// A client certificate: paths of PEM files. `Debug` hides them: they may be the connection's.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClientCert {
    /// The certificate's file; it holds the key too if `key` is `None`.
    pub cert: String,
    /// The key's file.
    pub key: Option<String>,
}

impl fmt::Debug for ClientCert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.key.is_some() {
            "ClientCert(***, key: ***)"
        } else {
            "ClientCert(***)"
        })
    }
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
        write!(f, "Proxy({})", self.told())
    }
}

impl Proxy {
    /// The same for people: whether there are credentials, and not which.
    pub(crate) fn told(&self) -> String {
        let with = if self.credential.is_some() { " with credentials" } else { "" };
        format!("{}{with}", self.uri)
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
