//! One layer of options.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::client::{ClientCert, KeepAlive, Proxies, Verify};
use super::setting::Setting;

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
    /// The longest time from sending to the head of the response, counted anew with each piece of the request's body that goes up.
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
    /// Whether the body of an accepted response is left to be streamed.
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
    /// The largest body of a response that is read into memory, in bytes; 64 MiB by default. One that is streamed has no limit but the
    /// caller's own.
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
