//! The options in force for a call: every layer resolved, and what must be honoured.

use std::sync::Arc;
use std::time::Duration;

use super::options::{ClientOptions, KeepAlive, Options, SendOptions, Setting, Timeouts, Verify};
use crate::transport::{Capabilities, Capability};

/// The largest answer that is read into memory by default: 64 MiB.
const MAX_RESPONSE_BYTES: u64 = 64 << 20;

/// Options with every layer resolved.
#[derive(Debug, PartialEq)]
pub(crate) struct InForce {
    pub(crate) stream: bool,
    pub(crate) allow_redirects: bool,
    pub(crate) max_redirects: u32,
    pub(crate) allow_downgrade: bool,
    pub(crate) check_response: bool,
    pub(crate) max_response_bytes: u64,
    timeouts: Timeouts,
    client: Arc<ClientOptions>,
    needed: Capabilities,
}

impl InForce {
    /// Resolves what is `set` on purpose over the `defaults` of the program.
    pub(crate) fn new(defaults: &Options, set: &Options) -> Self {
        let all = set.clone().over(defaults.clone());
        let client = ClientOptions {
            verify: all.verify.resolve(None).unwrap_or(Verify::System),
            cert: all.cert.resolve(None),
            proxy: None,
            keep_alive: all.keep_alive.resolve(Some(KeepAlive::default())),
        };
        Self {
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
        }
    }

    /// The longest time that a send may take; a minute where nothing limits it.
    pub(crate) fn longest_send(&self) -> Duration {
        const MINUTE: Duration = Duration::from_secs(60);
        let connect = self.timeouts.connect.unwrap_or(MINUTE);
        connect.saturating_add(self.timeouts.head.unwrap_or(MINUTE))
    }

    /// What the transport is told with one send, `remaining` being left of the deadline. A client certificate
    /// belongs to the origin of the connection and stays at `home`.
    pub(crate) fn send_options(&self, home: bool, remaining: Option<Duration>) -> SendOptions {
        let client = if home || self.client.cert.is_none() {
            Arc::clone(&self.client)
        } else {
            Arc::new(ClientOptions { cert: None, ..ClientOptions::clone(&self.client) })
        };
        let within = |limit: Option<Duration>| match (limit, remaining) {
            (Some(limit), Some(left)) => Some(limit.min(left)),
            (limit, left) => limit.or(left),
        };
        SendOptions {
            timeouts: Timeouts {
                connect: within(self.timeouts.connect),
                head: within(self.timeouts.head),
                idle: within(self.timeouts.idle),
                total: remaining,
            },
            client,
            stream: self.stream,
            max_response_bytes: self.max_response_bytes,
            needed: self.needed,
        }
    }
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
