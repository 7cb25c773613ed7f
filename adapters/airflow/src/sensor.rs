//! The arguments of `HttpSensor` and of `HttpEventTrigger`: what is polled for.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};
use http_hook::poll::Polling;
use http_hook::retry::Condition;
use http_hook::{Cause, Failure};
use serde_json::Value;

use crate::call::Planned;
use crate::error::{ArgumentError, dict};
use crate::operator::OperatorArguments;

/// The arguments of `HttpSensor`; `response_check` is code there, and a condition or a closure here.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::retry::Condition;
/// use http_hook_airflow::SensorArguments;
/// use serde_json::json;
///
/// let sensor = SensorArguments::from_json(&json!({"endpoint": "exports/7", "response_error_codes_allowlist": ["404", "5"]}))?;
/// let polling = sensor.polling(Condition::Always, Duration::from_secs(3600));
/// # let _ = polling;
/// # Ok::<(), http_hook_airflow::ArgumentError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SensorArguments {
    call: OperatorArguments,
    allowed: Vec<String>,
    poke_interval: Duration,
}

impl SensorArguments {
    /// Reads the arguments: those of a call, with `request_params` in the place of `data`, GET where no method is named,
    /// `response_error_codes_allowlist` (`["404"]`) and `poke_interval` (60 s).
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] that names the argument.
    pub fn from_json(arguments: &Value) -> Result<Self, ArgumentError> {
        let mut own = dict(arguments)?;
        let data = own.get("request_params").cloned().unwrap_or_default();
        own.insert("data".to_owned(), data);
        if own.get("method").is_none_or(Value::is_null) {
            own.insert("method".to_owned(), Method::GET.as_str().into());
        }
        let allowed = match &arguments["response_error_codes_allowlist"] {
            Value::Null => vec!["404".to_owned()],
            Value::Array(items) => items.iter().map(text).collect::<Result<_, _>>()?,
            _ => return Err(NO_LIST),
        };
        let poke_interval = match &arguments["poke_interval"] {
            Value::Null => Duration::from_secs(60),
            given => {
                given.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or(
                    ArgumentError::wrong_type("poke_interval", "must be a number of seconds"),
                )?
            }
        };
        Ok(Self { call: OperatorArguments::from_json(&own.into())?, allowed, poke_interval })
    }

    /// Returns the arguments of its hook, and of its call.
    #[must_use]
    pub const fn call(&self) -> &OperatorArguments {
        &self.call
    }

    /// Plans the call of each poke.
    ///
    /// # Errors
    ///
    /// As [`CallArguments::plan`](crate::CallArguments::plan).
    pub fn plan(&self) -> Result<Planned, ArgumentError> {
        self.call.plan()
    }

    /// Judges one poke: whether what is waited for has come. The text of a failure that begins with an allowed one means “not yet”.
    ///
    /// # Errors
    ///
    /// Any other failure.
    pub fn poke(
        &self,
        result: Result<Response<Bytes>, Failure>,
        check: impl FnOnce(&Response<Bytes>) -> bool,
    ) -> Result<bool, Failure> {
        match result {
            Ok(response) => Ok(check(&response)),
            Err(failure) => {
                let text = failure.cause().to_string();
                let of_status = matches!(failure.cause(), Cause::Response(_));
                let listed = self.allowed.iter().any(|begin| text.starts_with(begin.as_str()));
                if of_status && listed { Ok(false) } else { Err(failure) }
            }
        }
    }

    /// Makes the whole sensor a poll, with the `timeout` of the task.
    #[must_use]
    pub fn polling(&self, check: Condition, timeout: Duration) -> Polling {
        let allowed: Vec<&str> = self.allowed.iter().map(String::as_str).collect();
        Polling::sensor(&allowed, timeout).satisfied_by(check).every(self.poke_interval)
    }
}

/// What `HttpEventTrigger` waits for: each `poll_interval` (60 s there), until `check` holds; the tenth call in a row that fails ends it.
#[must_use]
pub fn event_trigger(check: Condition, poll_interval: Duration, timeout: Duration) -> Polling {
    Polling::until(check, timeout).every(poll_interval).failures(10)
}

const NO_LIST: ArgumentError =
    ArgumentError::wrong_type("response_error_codes_allowlist", "must be a list of texts");

fn text(item: &Value) -> Result<String, ArgumentError> {
    item.as_str().map(str::to_owned).ok_or(NO_LIST)
}
