//! The arguments of `HttpOperator`: a call, or the pages that a function leads to, and what is made of them.

use bytes::Bytes;
use http::Response;
use http_hook::pages::Paging;
use http_hook::{Error, ErrorKind, RequestPlan, ResponseExt as _};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::call::{CallArguments, Planned};
use crate::error::ArgumentError;
use crate::hook::HookArguments;
use crate::retry::RetryArguments;

/// The arguments of `HttpOperator`, each `null` where it is not given; `response_check`, `response_filter` and `pagination_function`
/// are code there, and closures of ours here.
///
/// `HttpNotifier` takes the same but for these three: its call is [`plan`](Self::plan), at whose response nobody looks.
///
/// # Examples
///
/// ```
/// use http_hook_airflow::OperatorArguments;
/// use serde_json::json;
///
/// let operator = OperatorArguments::from_json(&json!({"endpoint": "v1/orders", "data": {"page": "1", "state": "open"}}))?;
/// let next = operator.page(&json!({"data": {"page": "2"}}))?;
/// assert_eq!(next.data, json!({"page": "2", "state": "open"}));
///
/// let pages = [http::Response::new(bytes::Bytes::from("[1]"))];
/// assert_eq!(operator.result(&pages, false, Some(&|_| true), None)?, json!("[1]"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct OperatorArguments {
    hook: HookArguments,
    call: CallArguments,
    retry: Option<RetryArguments>,
}

/// Looks at the responses: of a call without pages there is one.
pub type ResponseCheck<'a> = &'a dyn Fn(&[Response<Bytes>]) -> bool;

/// Makes the result of the responses.
pub type ResponseFilter<'a> = &'a dyn Fn(&[Response<Bytes>]) -> Value;

impl OperatorArguments {
    /// Reads the arguments of the operator; those of its hook (`method`, `auth_type`, `tcp_keep_alive…`) are among them, and others
    /// are passed over.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] that names the argument.
    pub fn from_json(arguments: &Value) -> Result<Self, ArgumentError> {
        let mut call = Map::new();
        for name in ["endpoint", "data", "headers", "extra_options", "request_kwargs"] {
            call.insert(name.to_owned(), arguments.get(name).cloned().unwrap_or_default());
        }
        let retry = match &arguments["retry_args"] {
            Value::Null => None,
            given => Some(RetryArguments::from_json(given)?),
        };
        Ok(Self {
            hook: HookArguments::from_json(arguments)?,
            call: CallArguments::deserialize(Value::Object(call))
                .map_err(|_| ArgumentError::wrong_type("endpoint", "must be a text"))?,
            retry,
        })
    }

    /// Returns the arguments of its hook.
    #[must_use]
    pub const fn hook(&self) -> &HookArguments {
        &self.hook
    }

    /// Plans the call, or that of the first page.
    ///
    /// # Errors
    ///
    /// As [`CallArguments::plan`].
    pub fn plan(&self) -> Result<Planned, ArgumentError> {
        self.planned(&self.call)
    }

    /// Makes the arguments of another page of what `pagination_function` gave: the operator's own values, with another `endpoint`, with
    /// `data` merged if both are dicts and replaced if not, and with its `headers` and `extra_options` over the own ones. Nothing of the page
    /// before remains.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] if it gave no dict.
    pub fn page(&self, next: &Value) -> Result<CallArguments, ArgumentError> {
        const WRONG: ArgumentError =
            ArgumentError::wrong_type("pagination_function", "must give a dict, or nothing");
        let next = next.as_object().ok_or(WRONG)?;
        let mut call = self.call.clone();
        for (name, value) in next.iter().filter(|(_, value)| !is_false(value)) {
            match name.as_str() {
                "endpoint" => call.endpoint = value.clone(),
                "data" => merge(&mut call.data, value, true),
                "headers" => merge(&mut call.headers, value, false),
                "extra_options" => merge(&mut call.extra_options, value, false),
                _ => {}
            }
        }
        Ok(call)
    }

    /// Finds pages by what `function` gives for a response: what Python takes for false ends.
    pub fn paging(
        &self,
        function: impl Fn(&Response<Bytes>) -> Value + Send + Sync + 'static,
    ) -> Paging {
        let own = self.clone();
        Paging::custom(move |response, _| {
            let next = function(response);
            if is_false(&next) {
                return Ok(None);
            }
            let plan = own.page(&next).and_then(|call| own.planned(&call));
            let wrong = |error: ArgumentError| Error::new(ErrorKind::Option, error.to_string());
            plan.map(|planned| Some(planned.plan)).map_err(wrong)
        })
    }

    /// Makes the result of the responses: the filter's value, else the text, or the list of texts if there are pages.
    ///
    /// # Errors
    ///
    /// Kind [`Check`](ErrorKind::Check), `Response check returned False.`
    pub fn result(
        &self,
        responses: &[Response<Bytes>],
        has_pages: bool,
        check: Option<ResponseCheck<'_>>,
        filter: Option<ResponseFilter<'_>>,
    ) -> Result<Value, Error> {
        if check.is_some_and(|check| !check(responses)) {
            return Err(Error::new(ErrorKind::Check, "Response check returned False."));
        }
        if let Some(filter) = filter {
            return Ok(filter(responses));
        }
        let mut texts: Vec<Value> =
            responses.iter().map(|response| Value::from(response.text().into_owned())).collect();
        Ok(if has_pages { texts.into() } else { texts.pop().unwrap_or_default() })
    }

    fn planned(&self, call: &CallArguments) -> Result<Planned, ArgumentError> {
        let mut planned = call.plan(self.hook.method())?;
        if let Some(retry) = &self.retry {
            planned.plan = retried(planned.plan, retry);
        }
        Ok(planned)
    }
}

fn retried(plan: RequestPlan, retry: &RetryArguments) -> RequestPlan {
    if retry.enabled { plan.retry(retry.policy.clone()) } else { plan }
}

/// Whether Python takes it for false.
pub(crate) fn is_false(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) => false,
    }
}

/// Lays a value over another: dicts are merged, to any depth if `deep`, all else is replaced.
fn merge(below: &mut Value, over: &Value, deep: bool) {
    let (Value::Object(below), Value::Object(over)) = (&mut *below, over) else {
        *below = over.clone();
        return;
    };
    for (name, value) in over {
        match below.get_mut(name) {
            Some(own) if deep => merge(own, value, true),
            _ => {
                below.insert(name.clone(), value.clone());
            }
        }
    }
}
