//! What is compared: a policy, and the gates that go with it.

use std::sync::Arc;
use std::time::Duration;

use http_hook::RetryPolicy;
use http_hook::gates::{BucketSettings, GateSettings, Gates};
use http_hook::options::{Capabilities, Capability};
use http_hook::retry::{Stop, Wait};
use http_hook::{Connection, Error, ErrorKind, Hook, Options};
use serde::{Deserialize, Serialize};

/// A policy, and the gates that go with it. The default is both defaults.
///
/// # Examples
///
/// ```
/// use http_hook_sim::Strategy;
///
/// let strategy = Strategy::from_json(r#"{
///     "policy": {"stop": {"type": "after_attempt", "max_attempts": 5}},
///     "gates": {"bucket": {"capacity": 50}, "breaker": null}
/// }"#)?;
/// assert_eq!(strategy.gates.bucket.map(|bucket| bucket.capacity), Some(50));
/// assert_eq!(Strategy::from_json("{}")?, Strategy::default());
/// # Ok::<(), http_hook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Strategy {
    /// When to send again, and after what wait.
    pub policy: RetryPolicy,
    /// What keeps that from harming the server.
    pub gates: GateSettings,
}

impl Strategy {
    /// Reads `{"policy": {…}, "gates": {…}}`; what is absent is as in the default.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Policy`] if the text is not that, [`ErrorKind::Limit`] if it is too large.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        if text.len() > RetryPolicy::MAX_BYTES {
            return Err(Error::new(ErrorKind::Limit, "policy file: more than 64 KiB"));
        }
        let strategy: Self = serde_json::from_str(text)
            .map_err(|error| Error::new(ErrorKind::Policy, format!("policy file: {error}")))?;
        strategy.gates.validate()?;
        Ok(strategy)
    }

    /// Lists what is worth comparing: up to 3 retries with full jitter of 1 s under several gates, then the default.
    #[must_use]
    pub fn usual() -> Vec<(&'static str, Self)> {
        let second = Duration::from_secs(1);
        let policy = RetryPolicy {
            wait: Wait::full_jitter(second, 20 * second),
            stop: Stop::after_attempt(4),
            ..RetryPolicy::default()
        };
        let none = GateSettings::none();
        let both = GateSettings::default();
        let with = |gates: &GateSettings| Self { policy: policy.clone(), gates: gates.clone() };
        let aws = |prices| with(&GateSettings { bucket: Some(prices), ..none.clone() });
        let bucket = GateSettings { breaker: None, ..both.clone() };
        let breaker = GateSettings { bucket: None, ..both.clone() };
        vec![
            ("no retry", Self { policy: RetryPolicy::never(), gates: none.clone() }),
            ("no gates", with(&none)),
            ("bucket 500 (AWS)", aws(BucketSettings::AWS_2_0)),
            ("bucket 500 (AWS 2.1)", aws(BucketSettings::AWS_2_1)),
            ("bucket 100", with(&bucket)),
            ("breaker", with(&breaker)),
            ("bucket 100 + breaker", with(&both)),
            ("default", Self::default()),
        ]
    }

    /// Makes one client: a hook with gates of its own, whose chance is drawn from `seed`.
    pub(crate) fn hook(&self, seed: u64, options: Options) -> Result<Hook, Error> {
        let gates = Gates::new(&GateSettings { seed, ..self.gates.clone() })?;
        let server = Capabilities::none("the model server").with(Capability::HeadTimeout);
        let hook = Hook::builder(&Connection::new().with_host("http://server.test"))
            .policy(Arc::new(self.policy.clone()))
            .gates(gates)
            .options(options)
            .build()
            .map_err(|error| Error::new(ErrorKind::Policy, error.to_string()))?;
        Ok(hook.for_client(server))
    }
}
