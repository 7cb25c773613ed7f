//! A call in the words of any client.

use std::time::Duration;

use http_hook::{Error, ErrorKind, RequestPlan, RetryPolicy};
use serde::{Deserialize, Serialize};

/// What the service is asked for: a connection by its id, and a plan. JSON with these names; all but the connection can be left out.
///
/// # Examples
///
/// ```
/// let ask: http_hook_restate::Ask = serde_json::from_str(
///     r#"{"connection": "orders", "method": "POST", "endpoint": "v1/orders", "data": "{\"id\": 7}", "retries": 8}"#,
/// )?;
/// assert_eq!(ask.connection, "orders");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    /// The id of the connection, which a worker looks up.
    pub connection: String,
    /// Default: POST with data, else GET.
    pub method: Option<String>,
    /// What is joined to the base of the connection.
    pub endpoint: String,
    /// Headers of the call; they are kept in the journal, so none that sounds secret.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub data: Option<String>,
    /// The body as JSON, in place of `data`.
    pub json: Option<serde_json::Value>,
    /// How often it is tried again, with the usual waits.
    pub retries: Option<u32>,
    /// The same in full.
    pub policy: Option<RetryPolicy>,
    /// In how many seconds it has to be over.
    pub deadline: Option<u64>,
    /// Sends a key with which the server knows a repetition, so that a POST can be repeated.
    pub idempotency_key: bool,
    /// Says that the server bears a repetition without one.
    pub allow_resend: bool,
}

impl Ask {
    pub(crate) fn plan(&self) -> Result<RequestPlan, Error> {
        let has_body = self.data.is_some() || self.json.is_some();
        let method = self.method.as_deref().unwrap_or(if has_body { "POST" } else { "GET" });
        let wrong = |kind, what: &str| Error::new(kind, what.to_owned());
        let method = http::Method::from_bytes(method.as_bytes())
            .map_err(|_| wrong(ErrorKind::Method, "the method is not one"))?;
        let mut plan = RequestPlan::new(method, &self.endpoint);
        for (name, value) in &self.headers {
            plan = plan.header(name, value);
        }
        plan = match (&self.data, &self.json) {
            (Some(_), Some(_)) => return Err(wrong(ErrorKind::Body, "data and json are both set")),
            (Some(text), None) => plan.data(text.clone()),
            (None, Some(value)) => plan.json(value),
            (None, None) => plan,
        };
        if let Some(policy) = &self.policy {
            plan = plan.retry(policy.clone());
        }
        if let Some(retries) = self.retries {
            plan = plan.retries(retries);
        }
        if let Some(seconds) = self.deadline {
            plan = plan.deadline(Duration::from_secs(seconds));
        }
        if self.idempotency_key {
            plan = plan.idempotency_key();
        }
        if self.allow_resend {
            plan = plan.allow_resend();
        }
        Ok(plan)
    }
}
