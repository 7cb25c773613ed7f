//! The arguments of `run_with_advanced_retry`: tenacity's.

use std::sync::Arc;

use http_hook::RetryPolicy;
use http_hook::retry::{Condition, RetryOutcome, Stop, Wait};
use serde_json::Value;

use crate::condition::{Texts, condition, of_status, raises};
use crate::error::ArgumentError;
use crate::strategy::{stop, wait};

/// What `run_with_advanced_retry` takes, as a policy.
///
/// | argument | where it is not given |
/// | --- | --- |
/// | `stop` | never stops, but for the machine's own [`MAX_SENDS`](http_hook::Call::MAX_SENDS) |
/// | `wait` | no wait |
/// | `retry` | whatever raises |
/// | `reraise` | false |
/// | `enabled` | true |
/// | `retry_error_callback` | none: a run that is given up is a failure |
///
/// A callback that gives the outcome of the last attempt, `{"outcome": true}`, is the policy's
/// [`return_when_exhausted`](RetryPolicy::return_when_exhausted); what another one gives in its place is the caller's to put there.
///
/// A strategy is an object with one member: `{"stop_after_attempt": 3}`, `{"wait_fixed": 1}`,
/// `{"wait_exponential": {"multiplier": 1, "max": 60}}`, `{"stop_any": […]}`,
/// `{"retry_if_exception_type": "requests.ConnectionError"}`, `{"retry_if_exception_message": {"match": "5\\d\\d:"}}`,
/// `{"retry_if_result": {"status_in": [202]}}`. Times are seconds.
///
/// What the server asks for (`Retry-After`) counts as in any policy of ours, and whether a request *may* be sent twice is
/// asked besides; an error that no request could be built for ends the call at once.
///
/// # Examples
///
/// ```
/// use http_hook::retry::{Stop, Wait};
/// use http_hook_airflow::RetryArguments;
/// use serde_json::json;
///
/// let retry = RetryArguments::from_json(&json!({
///     "stop": {"stop_after_attempt": 10},
///     "wait": {"wait_exponential": {}},
///     "retry": {"retry_if_exception_type": ["requests.ConnectionError", "AirflowException"]},
/// }))?;
/// assert_eq!(retry.policy.stop, Stop::after_attempt(10));
/// assert!(retry.policy.is_storable());
/// # Ok::<(), http_hook_airflow::ArgumentError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryArguments {
    /// The condition, the wait and the stop. It can be stored unless it looks at the texts of errors.
    pub policy: RetryPolicy,
    /// Whether a run that is given up ends in what came last itself, not in a wrapper around it.
    pub reraise: bool,
    /// Whether anything is tried again at all.
    pub enabled: bool,
    /// What stands for the end of a run that is given up, as it was given.
    pub retry_error_callback: Option<Value>,
}

const MEMBERS: [&str; 6] = ["stop", "wait", "retry", "reraise", "enabled", "retry_error_callback"];

impl RetryArguments {
    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] for an argument that tenacity does not take or that is code there: a predicate, an event, a
    /// callback around attempts.
    pub fn from_json(retry: &Value) -> Result<Self, ArgumentError> {
        Self::read(retry, &of_status())
    }

    /// Reads the arguments, with `texts` to tell what the error of an attempt says.
    ///
    /// # Errors
    ///
    /// As of [`from_json`](Self::from_json).
    pub fn with_texts(
        retry: &Value,
        texts: impl Fn(&dyn RetryOutcome) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self, ArgumentError> {
        Self::read(retry, &(Arc::new(texts) as Texts))
    }

    fn read(retry: &Value, texts: &Texts) -> Result<Self, ArgumentError> {
        let wrong = |wanted| ArgumentError::wrong_type("retry", wanted);
        let members = retry.as_object().ok_or_else(|| wrong("must be a dict"))?;
        if members.keys().any(|name| !MEMBERS.contains(&name.as_str())) {
            let known =
                "there are stop, wait, retry, reraise, enabled and retry_error_callback, no other";
            return Err(wrong(known));
        }
        let given = |name: &str| members.get(name).filter(|value| !value.is_null());
        let mut policy = RetryPolicy {
            when: given("retry").map_or_else(|| Ok(raises()), |one| condition(one, texts, 1))?,
            once: Condition::Never,
            wait: given("wait").map_or(Ok(Wait::None), |one| wait(one, 1))?,
            stop: given("stop").map_or(Ok(Stop::Never), |one| stop(one, 1))?,
            ..RetryPolicy::default()
        };
        let callback = given("retry_error_callback");
        if callback.is_some_and(|callback| callback.get("outcome") == Some(&Value::Bool(true))) {
            policy.return_when_exhausted = true;
        }
        policy.validate().map_err(|error| ArgumentError::refused("retry", error))?;
        Ok(Self {
            policy,
            reraise: given("reraise").is_some_and(|value| *value == true),
            enabled: members.get("enabled").is_none_or(|value| *value != false),
            retry_error_callback: callback.cloned(),
        })
    }
}
