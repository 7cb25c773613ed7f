//! What holds where neither connection nor call says anything.

use std::time::Duration;

use crate::request::{Options, Setting};
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
    /// Connect 10 s, 60 s to the head of the answer, 60 s between pieces of the body; each call sends once.
    fn default() -> Self {
        let minute = Setting::Set(Duration::from_secs(60));
        let options = Options {
            connect_timeout: Setting::Set(Duration::from_secs(10)),
            head_timeout: minute,
            idle_timeout: minute,
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
