//! One call in the caller's words.

use bytes::Bytes;
use http::Method;
use http_hook::body::Replay;
use http_hook::{Error, ErrorKind, RequestPlan};
use http_hook_airflow::CallArguments;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use serde_json::{Value, json};

use crate::argument::{bytes, to_form, to_value};
use crate::connection::Connection;
use crate::error::{ArgumentError, of_argument, of_error};
use crate::hook::{asynchronous, scheme};
use crate::number;
use crate::policy::{Raised, RetryPolicy};

/// One call: method, endpoint, data, headers, options. What cannot be sent ends the call at its first step; `check` tells sooner.
///
/// `data` is the parameters of a GET, nothing for HEAD, else the body; `json` is text that is written already. With `external` the
/// body is the caller's own source, read once. `storable` lets headers be stored with the call, whatever their names.
#[pyclass(frozen, module = "http_hook")]
pub(crate) struct Plan {
    pub(crate) plan: RequestPlan,
    pub(crate) raised: Raised,
}

#[pymethods]
impl Plan {
    #[new]
    #[pyo3(signature = (
        method, endpoint=None, *, data=None, headers=None, options=None, json=None, params=None, files=None,
        cookies=None, auth=None, policy=None, retries=None, timeout=None, deadline=None, idempotency_key=false,
        allow_resend=false, storable=false, external=false, length=None, max_response_bytes=None,
        async_arguments=None, connection=None, preset="usual",
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are named")]
    #[expect(clippy::fn_params_excessive_bools, reason = "they are named")]
    fn new(
        py: Python<'_>,
        method: &str,
        endpoint: Option<&str>,
        data: Option<&Bound<'_, PyAny>>,
        headers: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyAny>>,
        json: Option<&Bound<'_, PyAny>>,
        params: Option<&Bound<'_, PyAny>>,
        files: Option<&Bound<'_, PyAny>>,
        cookies: Option<&Bound<'_, PyDict>>,
        auth: Option<&Bound<'_, PyAny>>,
        policy: Option<RetryPolicy>,
        retries: Option<&Bound<'_, PyAny>>,
        timeout: Option<&Bound<'_, PyAny>>,
        deadline: Option<&Bound<'_, PyAny>>,
        idempotency_key: bool,
        allow_resend: bool,
        storable: bool,
        external: bool,
        length: Option<&Bound<'_, PyAny>>,
        max_response_bytes: Option<&Bound<'_, PyAny>>,
        async_arguments: Option<&Bound<'_, PyAny>>,
        connection: Option<Connection>,
        preset: &str,
    ) -> PyResult<Self> {
        let refused = |error: http_hook_airflow::ArgumentError| of_argument(py, &error);
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| {
            of_error(py, &Error::new(ErrorKind::Method, "method: not the name of a method"))
        })?;
        let mut request = serde_json::Map::new();
        if let Some(params) = params {
            request.insert("params".to_owned(), form_or_text(params)?);
        }
        if let Some(files) = files {
            request.insert("files".to_owned(), to_value(files)?);
        }
        if async_arguments.is_some() && json.is_some() {
            // Its text comes in its place below.
            request.insert("json".to_owned(), Value::Bool(true));
        }
        let content = data.map(bytes).unwrap_or_default();
        let mut arguments = CallArguments {
            endpoint: endpoint.into(),
            data: match data {
                Some(data) if content.is_none() => form_or_text(data)?,
                Some(_) if async_arguments.is_some() => {
                    data.map(to_value).transpose()?.unwrap_or_default()
                }
                _ => Value::Null,
            },
            headers: headers.map(to_value).transpose()?.unwrap_or_default(),
            extra_options: options.map(to_value).transpose()?.unwrap_or_default(),
            request_kwargs: request.into(),
        };
        let own = async_arguments.map(|own| asynchronous(py, own, preset)).transpose()?;
        let connection = connection.unwrap_or(Connection(http_hook::Connection::new()));
        let planned = |arguments: &CallArguments| match &own {
            Some(own) => own.plan(&connection.0, arguments),
            None => arguments.plan(&method).map(|planned| planned.plan),
        };
        let mut plan = planned(&arguments).map_err(refused)?;
        if storable {
            // They were read; now they are set in another way.
            let headers = std::mem::take(&mut arguments.headers);
            plan = stored_headers(planned(&arguments).map_err(refused)?, &headers);
        }
        if let Some(content) = content.filter(|_| async_arguments.is_none()) {
            plan = plan.data(Bytes::from(content));
        }
        let length = length.map(|length| number::whole("length", length, u64::MAX)).transpose()?;
        if external {
            plan = plan.external(length, Replay::Once);
        }
        if let Some(text) = json {
            let text: Bytes = match bytes(text) {
                Some(bytes) => bytes.into(),
                None => text.extract::<String>()?.into(),
            };
            plan = plan.json_text(text);
        }
        for (name, value) in cookies.into_iter().flatten() {
            let (name, value): (String, String) = (name.extract()?, value.str()?.extract()?);
            plan = plan.cookie(name, value);
        }
        if let Some(auth) = auth {
            let nobody = http_hook::Connection::new();
            if let Some(scheme) = scheme(py, auth, &nobody)? {
                plan = plan.auth(scheme);
            }
        }
        let raised = policy.as_ref().map(|policy| policy.raised.clone()).unwrap_or_default();
        if let Some(policy) = policy {
            plan = plan.retry(policy.policy);
        }
        if let Some(retries) = retries {
            plan = plan.retries(number::whole("retries", retries, u32::MAX)?);
        }
        if let Some(timeout) = timeout {
            plan = plan.timeout(number::limit("timeout", timeout)?);
        }
        if let Some(deadline) = deadline {
            plan = plan.deadline(number::seconds("deadline", deadline)?);
        }
        if allow_resend {
            plan = plan.allow_resend();
        }
        if idempotency_key {
            plan = plan.idempotency_key();
        }
        if let Some(most) = max_response_bytes {
            let mut options = http_hook::Options::default();
            options.max_response_bytes = Some(number::whole("max_response_bytes", most, u64::MAX)?);
            plan = plan.options(options);
        }
        Ok(Self { plan, raised })
    }

    /// Raises what keeps the plan from being sent.
    fn check(&self, py: Python<'_>) -> PyResult<()> {
        self.plan.check().map_err(|error| of_error(py, error))
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.plan)
    }
}

/// Data or parameters: text and bytes as they are, all else as pairs of texts.
fn form_or_text(data: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Some(bytes) = bytes(data) {
        let text = String::from_utf8(bytes);
        return text
            .map(Value::String)
            .map_err(|_| ArgumentError::new_err("params: bytes must be text in UTF-8"));
    }
    if data.is_instance_of::<PyString>() {
        return to_value(data);
    }
    if !data.hasattr("__iter__")? {
        let says = "data: must be a text, bytes, a dict, a list of pairs, or a source";
        return Err(ArgumentError::new_err(says));
    }
    match to_form(data)? {
        Value::Array(pairs) if pairs.is_empty() => Ok(json!({})),
        form => Ok(form),
    }
}

/// Lets the headers of a call be stored with it.
fn stored_headers(mut plan: RequestPlan, headers: &Value) -> RequestPlan {
    for (name, value) in headers.as_object().into_iter().flatten() {
        plan = match value.as_str() {
            Some(text) => plan.storable_header(name, text),
            None => plan.without_header(name),
        };
    }
    plan
}
