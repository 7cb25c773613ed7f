//! The arguments of `HttpAsyncHook`, and of its `run`.

use std::time::Duration;

use http::Method;
use http_hook::auth::AuthScheme;
use http_hook::options::Setting;
use http_hook::retry::{Condition, Hints, Stop, Wait};
use http_hook::{Connection, Error, ErrorKind, Options, RequestPlan, RetryPolicy, Secret};
use serde_json::{Value, json};

use crate::argument::Argument;
use crate::call::CallArguments;
use crate::error::ArgumentError;
use crate::hook::HookArguments;

/// The arguments of `HttpAsyncHook`: what that hook does by itself, as a policy and options of ours.
///
/// | of the original | here |
/// | --- | --- |
/// | `retry_limit` attempts, `retry_delay` seconds apart, after a status of 500 or more that fails the check, POST too | [`policy`](Self::policy), and leave to send again |
/// | a HEAD is not redirected; the environment's proxies and the netrc are not used | [`options`](Self::options) |
/// | `cert`, `stream` and `trust_env` of a connection are dropped | [`plan`](Self::plan) |
/// | text is `text/plain; charset=utf-8`, no body at all `application/octet-stream` | `plan` |
/// | a blank in a query is `+` | `plan` |
///
/// # Examples
///
/// ```
/// use http_hook::{Connection, retry::Stop};
/// use http_hook_airflow::{AsyncHookArguments, CallArguments};
/// use serde_json::json;
///
/// let hook = AsyncHookArguments::from_json(&json!({"method": "GET", "retry_limit": 5}))?;
/// assert_eq!(hook.policy().stop, Stop::after_attempt(5));
/// let connection = Connection::parse("http://api.example.test")?;
/// let call = CallArguments { endpoint: json!("v1/orders"), ..CallArguments::default() };
/// assert!(hook.plan(&connection, &call)?.check().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsyncHookArguments {
    hook: HookArguments,
    retry_limit: u32,
    retry_delay: Duration,
    spares: bool,
}

impl AsyncHookArguments {
    /// Reads `retry_limit` (3) and `retry_delay` (1 s) beside what [`HookArguments`] reads.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] that names the argument.
    pub fn from_json(hook: &Value) -> Result<Self, ArgumentError> {
        let retry_limit = match &hook["retry_limit"] {
            Value::Null => 3,
            given => match given.as_i64().map(u32::try_from) {
                Some(Ok(limit)) if limit >= 1 => limit,
                Some(_) => {
                    let says = "Retry limit must be greater or equal to 1";
                    let error = Error::new(ErrorKind::Policy, says);
                    return Err(ArgumentError::refused("retry_limit", error));
                }
                None => return Err(ArgumentError::wrong_type("retry_limit", "must be a number")),
            },
        };
        let retry_delay = match &hook["retry_delay"] {
            Value::Null => Duration::from_secs(1),
            given => {
                given.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or(
                    ArgumentError::wrong_type("retry_delay", "must be a number of seconds"),
                )?
            }
        };
        let hook = HookArguments::from_json(hook)?;
        Ok(Self { hook, retry_limit, retry_delay, spares: false })
    }

    /// Keeps to what the library does elsewhere: what the server asks for counts, and a request is sent again only if it may be,
    /// a POST at most once.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::retry::Hints;
    /// use http_hook_airflow::AsyncHookArguments;
    /// use serde_json::json;
    ///
    /// let hook = AsyncHookArguments::from_json(&json!({"method": "POST"}))?.at_most_once();
    /// assert_eq!(hook.policy().hints, Hints::default());
    /// # Ok::<(), http_hook_airflow::ArgumentError>(())
    /// ```
    #[must_use]
    pub const fn at_most_once(mut self) -> Self {
        self.spares = true;
        self
    }

    /// Returns what the hook's constructor has in common with the other one.
    #[must_use]
    pub const fn hook(&self) -> &HookArguments {
        &self.hook
    }

    /// Returns the connection as this hook reads it: of proxies the extra's `proxy` alone, one for all, if it is a text.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] for `proxies`.
    pub fn connection(&self, connection: &Connection) -> Result<Connection, ArgumentError> {
        let text = connection.extra().map(Secret::expose).unwrap_or_default();
        let Ok(Value::Object(mut extra)) = serde_json::from_str(text) else {
            return Ok(connection.clone());
        };
        if extra.contains_key("proxies") {
            return Err(ArgumentError::wrong_type(
                "connection.extra",
                "proxies: write proxy, a text",
            ));
        }
        let Some(proxy) = extra.get("proxy").and_then(Value::as_str).map(str::to_owned) else {
            return Ok(connection.clone());
        };
        extra.remove("proxy");
        extra
            .insert("proxies".to_owned(), json!({"http": proxy.as_str(), "https": proxy.as_str()}));
        Ok(connection.clone().with_extra(Value::Object(extra).to_string()))
    }

    /// Makes the scheme of a connection's login and password; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] for a login without a password, and for one that is not Latin-1.
    pub fn auth(&self, connection: &Connection) -> Result<Option<AuthScheme>, ArgumentError> {
        let Some(login) = connection.login().filter(|login| !login.is_empty()) else {
            return Ok(None);
        };
        let refused = |says: &'static str| {
            ArgumentError::refused("auth_type", Error::new(ErrorKind::Auth, says))
        };
        let Some(password) = connection.password() else {
            return Err(refused("None is not allowed as password value"));
        };
        let is_latin1 = |text: &str| text.chars().all(|char| u8::try_from(char).is_ok());
        if !is_latin1(login) || !is_latin1(password.expose()) {
            return Err(refused("login and password are not Latin-1"));
        }
        if self.hook.auth_type().is_some() {
            return self.hook.auth(connection);
        }
        let password = Secret::new(password.expose());
        Ok(Some(AuthScheme::Basic { login: login.to_owned(), password }))
    }

    /// Returns the options that lie under those of the connection.
    #[must_use]
    pub fn options(&self) -> Options {
        let mut options = self.hook.options();
        if *self.hook.method() == Method::HEAD {
            options.allow_redirects = Some(false);
        }
        options
    }

    /// Returns the policy of the hook's own.
    #[must_use]
    pub fn policy(&self) -> RetryPolicy {
        RetryPolicy {
            when: Condition::CheckFailed & Condition::Status { statuses: vec![500..=999] },
            once: Condition::Never,
            wait: Wait::fixed(self.retry_delay),
            stop: Stop::after_attempt(self.retry_limit),
            hints: if self.spares { Hints::default() } else { Hints::none() },
            ..RetryPolicy::default()
        }
    }

    /// Plans a call of `run`; `json` is among its `request_kwargs`.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] for the first argument that the original would refuse.
    pub fn plan(
        &self,
        connection: &Connection,
        call: &CallArguments,
    ) -> Result<RequestPlan, ArgumentError> {
        let method = self.hook.method();
        if !METHODS.contains(&method.as_str()) {
            let error = Error::new(ErrorKind::Method, format!("Unexpected HTTP Method: {method}"));
            return Err(ArgumentError::refused("method", error));
        }
        self.auth(connection)?;
        let has_login = connection.login().is_some_and(|login| !login.is_empty());
        let own = call.headers.as_object().into_iter().flatten();
        for (name, value) in own.clone() {
            if value.is_null() {
                return Err(ArgumentError::wrong_type("headers", "each value must be a text"));
            }
            if has_login && name.eq_ignore_ascii_case("authorization") {
                let says = "Cannot combine AUTHORIZATION header with AUTH argument or credentials encoded in URL";
                let error = Error::new(ErrorKind::Auth, says);
                return Err(ArgumentError::refused("headers", error));
            }
        }
        let has_json = !call.request_kwargs["json"].is_null();
        if has_json && !call.data.is_null() {
            let says = "data and json parameters can not be used at the same time";
            return Err(ArgumentError::refused("data", Error::new(ErrorKind::Body, says)));
        }
        let mut call = call.clone();
        if let Value::String(endpoint) = &mut call.endpoint {
            // The fragment goes, and a blank in the query is a plus.
            let whole = endpoint.split('#').next().unwrap_or_default();
            if let Some((path, query)) = whole.split_once('?') {
                *endpoint = format!("{path}?{}", query.replace(' ', "+"));
            }
        }
        let data = std::mem::take(&mut call.data);
        let mut plan = match *method {
            Method::GET => {
                call.data = params(&data)?;
                call.plan(method)?.plan
            }
            Method::HEAD | Method::OPTIONS => {
                call.request_kwargs = Value::Null;
                call.plan(method)?.plan
            }
            _ => {
                let plan = |call: &CallArguments| call.plan(method).map(|planned| planned.plan);
                match Argument::read(&data) {
                    Argument::Text(text) => {
                        plan(&call)?.body_with_type(text.to_owned(), "text/plain; charset=utf-8")
                    }
                    Argument::Bytes(bytes) => plan(&call)?.body_with_type(bytes, OCTETS),
                    Argument::None if has_json || *method == Method::DELETE => plan(&call)?,
                    Argument::None => plan(&call)?.body_with_type("", OCTETS),
                    Argument::Dict(members) if members.is_empty() => {
                        plan(&call)?.body_with_type("", "application/x-www-form-urlencoded")
                    }
                    _ => {
                        call.data = data;
                        plan(&call)?
                    }
                }
            }
        };
        let mut dropped = Options::default();
        (dropped.cert, dropped.stream) = (Setting::Unset, Some(false));
        plan = plan.options(dropped).retry(self.policy());
        Ok(if self.spares { plan } else { plan.allow_resend() })
    }
}

const METHODS: [&str; 7] = ["GET", "POST", "PATCH", "HEAD", "PUT", "DELETE", "OPTIONS"];
const OCTETS: &str = "application/octet-stream";

/// The parameters of a GET: a truth or nothing at all is no value of one.
fn params(data: &Value) -> Result<Value, ArgumentError> {
    if let Value::String(text) = data {
        return Ok(Value::from(text.replace(' ', "+")));
    }
    let is_refused = |value: &Value| matches!(value, Value::Null | Value::Bool(_));
    let refused = data.as_object().into_iter().flatten().any(|(_, value)| is_refused(value));
    if refused {
        return Err(ArgumentError::wrong_type("data", "each value must be a text or a number"));
    }
    Ok(data.clone())
}
