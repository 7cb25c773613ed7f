//! What holds where neither connection nor call says anything.

use std::time::Duration;

use crate::options::{Options, Setting, Timeouts};
use crate::retry::RetryPolicy;

/// What holds where neither connection nor call says anything.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Defaults {
    /// The lowest layer of options.
    pub options: Options,
    /// What is retried where nothing else is said.
    pub policy: RetryPolicy,
    /// Whether a policy may send any method again, as the original does.
    pub resend_any: bool,
}

impl Default for Defaults {
    /// The [usual](Timeouts::usual) limits of time; each call sends once.
    fn default() -> Self {
        let usual = Timeouts::usual();
        let set = |limit: Option<Duration>| limit.map_or(Setting::Inherit, Setting::Set);
        let options = Options {
            connect_timeout: set(usual.connect),
            head_timeout: set(usual.head),
            idle_timeout: set(usual.idle),
            ..Options::default()
        };
        Self { options, policy: RetryPolicy::never(), resend_any: false }
    }
}

impl Defaults {
    /// What the original does: no time limits, and a policy may send any method again.
    #[must_use]
    pub fn airflow() -> Self {
        Self { options: Options::default(), policy: RetryPolicy::never(), resend_any: true }
    }
}
