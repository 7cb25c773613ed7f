//! What a transport is told with each send.

use std::sync::Arc;
use std::time::Duration;

use super::capabilities::{Capabilities, Capability};
use super::client::ClientOptions;
use crate::base::{TimeoutPhase, brief};

/// Time limits of one send. `None` means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Timeouts {
    /// For making a connection.
    pub connect: Option<Duration>,
    /// From sending to the head of the response. Each piece of the request's body that goes up begins it anew: an upload takes as long
    /// as it takes, and one that stands still ends.
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
    /// use http_hook::options::Timeouts;
    ///
    /// assert_eq!(Timeouts::usual().connect, Some(Duration::from_secs(10)));
    /// assert_eq!(Timeouts::default().connect, None);
    /// ```
    #[must_use]
    pub const fn usual() -> Self {
        let minute = Some(Duration::from_secs(60));
        Self { connect: Some(Duration::from_secs(10)), head: minute, idle: minute, total: None }
    }

    /// Names the limits that can have passed in a phase, as options name them, with their lengths; `deadline` is that of the call, if it
    /// has passed.
    #[cold]
    pub(crate) fn says(&self, phase: TimeoutPhase, deadline: Option<Duration>) -> Option<String> {
        if let Some(deadline) = deadline {
            return Some(format!("deadline: {:?}", brief(deadline)));
        }
        let all = [
            ("connect_timeout", TimeoutPhase::Connect, self.connect),
            ("head_timeout", TimeoutPhase::Head, self.head),
            ("idle_timeout", TimeoutPhase::Body, self.idle),
        ];
        let mut told: Option<String> = None;
        for (name, of, limit) in all {
            let Some(limit) = limit.filter(|_| phase == of || phase == TimeoutPhase::Total) else {
                continue;
            };
            let limit = format!("{name}: {:?}", brief(limit));
            told = Some(told.map_or_else(|| limit.clone(), |told| format!("{told}, {limit}")));
        }
        told
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
    /// Whether the caller wants to stream the body of the response.
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

    /// Returns what was set on purpose and is not among `capabilities`.
    #[must_use]
    pub fn unsupported(&self, capabilities: Capabilities) -> Option<Capability> {
        capabilities.missing(self.needed)
    }
}
