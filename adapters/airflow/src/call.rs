//! The arguments of `run`.

use std::fmt;

use bytes::Bytes;
use http::Method;
use http_hook::auth::AuthScheme;
use http_hook::request::form;
use http_hook::{Options, RequestPlan, Secret};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::argument::{Argument, plain};
use crate::data::with_data;
use crate::error::ArgumentError;
use crate::files::with_files;
use crate::json::Json;

/// The arguments of `HttpHook.run`, each `null` where it is not given.
///
/// # Examples
///
/// ```
/// use http::Method;
/// use http_hook_airflow::CallArguments;
/// use serde_json::json;
///
/// let call = CallArguments {
///     endpoint: json!("v1/orders"),
///     headers: json!({"X-Team": "sales", "Accept": null}),
///     request_kwargs: json!({"json": {"id": 7}}),
///     ..CallArguments::default()
/// };
/// assert!(call.plan(&Method::POST)?.plan.check().is_ok());
/// # Ok::<(), http_hook_airflow::ArgumentError>(())
/// ```
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallArguments {
    /// What follows the base URL: a text.
    pub endpoint: Value,
    /// Parameters of a GET, nothing for HEAD, else the body: text, bytes, a dict, a list of pairs, a source.
    pub data: Value,
    /// Headers of this call: a dict of texts; `null` takes a name out of the layers below.
    pub headers: Value,
    /// Options of this call, as [`Options::from_json`] has them.
    pub extra_options: Value,
    /// Further keyword arguments: `json`, `params`, `cookies`, `auth`, `files`.
    pub request_kwargs: Value,
}

/// A call in the words of the library.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The plan.
    pub plan: RequestPlan,
    /// Where the body comes from, if the plan does not hold it.
    pub source: Option<Source>,
}

/// The source of a body, read once: a driver opens it for the first send only.
#[derive(Clone)]
pub struct Source {
    /// The length in bytes, where it is known; else it is sent in chunks.
    pub length: Option<u64>,
    /// What it gives; `None` if the caller holds it.
    pub content: Option<Bytes>,
}

impl CallArguments {
    /// Plans the call, with the method of its hook.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] for the first argument that cannot be taken. What is wrong with a URL or a header's text is
    /// told by [`RequestPlan::check`], or when the call begins.
    pub fn plan(&self, method: &Method) -> Result<Planned, ArgumentError> {
        let mut plan = RequestPlan::new(method.clone(), self.endpoint()?);
        let mut source = None;
        let kwargs = dict("request_kwargs", &self.request_kwargs)?;
        let files = kwargs.and_then(|kwargs| kwargs.get("files")).filter(|files| !is_empty(files));
        let has_body = !matches!(*method, Method::GET | Method::HEAD);
        // The fields of a multipart body are its own parts.
        let fields = files.filter(|_| has_body).map(|_| &self.data);
        if fields.is_none() && !self.data.is_null() {
            (plan, source) = with_data(plan, &self.data)?;
        }
        for (name, value) in dict("headers", &self.headers)?.into_iter().flatten() {
            plan = with_header(plan, name, value)?;
        }
        if let Some(options) = dict("extra_options", &self.extra_options)? {
            plan = plan.options(options_of(options)?);
        }
        for (name, value) in kwargs.into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            plan = match name.as_str() {
                "json" => plan.json(&Json(value)),
                "params" => with_params(plan, value)?,
                "cookies" => with_cookies(plan, value)?,
                "auth" => plan.auth(auth(value)?),
                "files" => match files {
                    Some(files) => with_files(plan, fields.unwrap_or(&Value::Null), files)?,
                    None => plan,
                },
                _ => {
                    let known = "there are json, params, cookies, auth and files, no other";
                    return Err(ArgumentError::wrong_type("request_kwargs", known));
                }
            };
        }
        Ok(Planned { plan, source })
    }

    fn endpoint(&self) -> Result<&str, ArgumentError> {
        match &self.endpoint {
            Value::Null => Ok(""),
            Value::String(text) => Ok(text),
            _ => Err(ArgumentError::wrong_type("endpoint", "must be a text")),
        }
    }
}

/// Reads a dict that need not be given.
fn dict<'a>(
    argument: &'static str,
    value: &'a Value,
) -> Result<Option<&'a Map<String, Value>>, ArgumentError> {
    match Argument::read(value) {
        Argument::None => Ok(None),
        Argument::Dict(members) => Ok(Some(members)),
        _ => Err(ArgumentError::wrong_type(argument, "must be a dict")),
    }
}

/// Whether Python takes it for false.
fn is_empty(value: &Value) -> bool {
    match Argument::read(value) {
        Argument::None => true,
        Argument::Dict(members) => members.is_empty(),
        other => other.items().is_some_and(<[Value]>::is_empty),
    }
}

fn with_header(plan: RequestPlan, name: &str, value: &Value) -> Result<RequestPlan, ArgumentError> {
    let wrong = || {
        let wanted = "each value must be a text, or None to take the name out";
        ArgumentError::wrong_type("headers", wanted)
    };
    match Argument::read(value) {
        Argument::None => Ok(plan.without_header(name)),
        argument => {
            let text = argument.into_bytes().and_then(|bytes| String::from_utf8(bytes).ok());
            Ok(plan.header(name, &text.ok_or_else(wrong)?))
        }
    }
}

fn options_of(options: &Map<String, Value>) -> Result<Options, ArgumentError> {
    let options = options.iter().map(|(name, value)| (name.clone(), plain(value).into_owned()));
    Options::from_json(&options.collect())
        .map_err(|problems| ArgumentError::options("extra_options", problems))
}

fn with_params(plan: RequestPlan, value: &Value) -> Result<RequestPlan, ArgumentError> {
    if let Value::String(text) = value {
        return Ok(plan.params_text(text));
    }
    let refused = |error| ArgumentError::refused("request_kwargs.params", error);
    Ok(plan.params_text(&form::from_value(&plain(value)).map_err(refused)?))
}

fn with_cookies(mut plan: RequestPlan, value: &Value) -> Result<RequestPlan, ArgumentError> {
    const WRONG: ArgumentError =
        ArgumentError::wrong_type("request_kwargs.cookies", "must be a dict of texts");
    let Argument::Dict(cookies) = Argument::read(value) else { return Err(WRONG) };
    for (name, value) in cookies {
        plan = plan.cookie(name, value.as_str().ok_or(WRONG)?);
    }
    Ok(plan)
}

fn auth(value: &Value) -> Result<AuthScheme, ArgumentError> {
    const WRONG: ArgumentError =
        ArgumentError::wrong_type("request_kwargs.auth", "must be a tuple of login and password");
    let Argument::Tuple([Value::String(login), Value::String(password)]) = Argument::read(value)
    else {
        return Err(WRONG);
    };
    Ok(AuthScheme::Basic { login: login.clone(), password: Secret::new(password.as_str()) })
}

/// Tells which arguments are given, and nothing of what they hold.
impl fmt::Debug for CallArguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallArguments")
            .field("endpoint", &Argument::read(&self.endpoint))
            .field("data", &Argument::read(&self.data))
            .field("headers", &Argument::read(&self.headers))
            .field("extra_options", &Argument::read(&self.extra_options))
            .field("request_kwargs", &Argument::read(&self.request_kwargs))
            .finish()
    }
}

/// Tells how much it gives.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("length", &self.length)
            .field("content", &self.content.as_ref().map(Bytes::len))
            .finish()
    }
}
