//! A connection made ready once.

use std::ffi::OsString;

use http_hook::auth::AuthScheme;
use http_hook::cookies::Jar;
use http_hook::gates::{GateSettings, Gates};
use http_hook::hook::Defaults;
use http_hook::options::{Capabilities, Capability};
use http_hook::{Options, Secret};
use http_hook_airflow::{AsyncHookArguments, HookArguments};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use serde_json::{Value, json};

use crate::argument::{to_json_text, to_value};
use crate::connection::Connection;
use crate::error::{of_argument, of_error, of_hook, of_json, with_kind};
use crate::number;
use crate::plan::Plan;
use crate::policy::{Raised, RetryPolicy};

/// What a requests session can do, driven by the loop of this package.
const REQUESTS: Capabilities = Capabilities::of("requests", EVERYTHING).with(Capability::KeepAlive);

/// What a session of the caller's can do: its sockets are set up already.
const SESSION: Capabilities = Capabilities::of("a session of requests", EVERYTHING);

/// What an aiohttp session can do.
const AIOHTTP: Capabilities = Capabilities::of("aiohttp", EVERYTHING);

const EVERYTHING: &[Capability] = &[
    Capability::ConnectTimeout,
    Capability::HeadTimeout,
    Capability::IdleTimeout,
    Capability::TotalTimeout,
    Capability::VerifyOff,
    Capability::VerifyFile,
    Capability::ClientCert,
    Capability::ClientKey,
    Capability::ProxyHttp,
    Capability::ProxyHttps,
    Capability::ProxyAuth,
    Capability::StreamRequest,
    Capability::StreamResponse,
    Capability::CustomMethod,
];

/// A connection made ready once: what calls share.
///
/// `headers` lie over those of the connection, `default_headers` under them; `options` are named as Airflow's
/// `extra_options` and lie under the connection's. `preset` is `usual` (limits of time, a POST is sent once) or `airflow` (as there).
/// `environment` are the variables whose proxies and authorities hold, `netrc` is the text of such a file: nothing is looked up by itself.
#[pyclass(frozen, module = "http_hook")]
pub(crate) struct Hook {
    pub(crate) hook: http_hook::Hook,
    pub(crate) raised: Raised,
}

#[pymethods]
impl Hook {
    #[new]
    #[pyo3(signature = (
        connection, *, auth=None, headers=None, default_headers=None, options=None, policy=None, preset="usual",
        environment=None, netrc=None, client=None, gates=None, default_host=None, show_base=false,
        max_response_bytes=None, allow_downgrade=None, async_arguments=None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are named")]
    fn new(
        py: Python<'_>,
        connection: &Bound<'_, PyAny>,
        auth: Option<&Bound<'_, PyAny>>,
        headers: Option<Vec<(String, Option<String>)>>,
        default_headers: Option<Vec<(String, String)>>,
        options: Option<&Bound<'_, PyAny>>,
        policy: Option<RetryPolicy>,
        preset: &str,
        environment: Option<&Bound<'_, PyDict>>,
        netrc: Option<&str>,
        client: Option<&str>,
        gates: Option<&Bound<'_, PyAny>>,
        default_host: Option<String>,
        show_base: bool,
        max_response_bytes: Option<&Bound<'_, PyAny>>,
        allow_downgrade: Option<bool>,
        async_arguments: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let mut connection = if let Ok(text) = connection.cast::<PyString>() {
            http_hook::Connection::parse(&text.to_cow()?).map_err(|error| of_error(py, &error))?
        } else {
            let says = "connection: must be a text, which is a URI or JSON, or a Connection";
            let own = connection.extract::<Connection>();
            own.map_err(|_| crate::error::ArgumentError::new_err(says))?.0
        };
        let mut own = Options::default();
        let mut scheme = auth.map(|auth| scheme(py, auth, &connection)).transpose()?.flatten();
        if let Some(arguments) = async_arguments {
            let arguments = asynchronous(py, arguments, preset)?;
            let wrong = |error| of_argument(py, &error);
            if scheme.is_none() {
                scheme = arguments.auth(&connection).map_err(wrong)?;
            }
            connection = arguments.connection(&connection).map_err(wrong)?;
            own = arguments.options();
        }
        if let Some(options) = options {
            own = options_of(py, options)?.over(own);
        }
        let max_response_bytes = max_response_bytes
            .map(|given| number::whole("max_response_bytes", given, u64::MAX))
            .transpose()?;
        own.max_response_bytes = max_response_bytes.or(own.max_response_bytes);
        own.allow_downgrade = allow_downgrade.or(own.allow_downgrade);
        let mut builder = http_hook::Hook::builder(&connection)
            .defaults(defaults(preset)?)
            .show_base(show_base)
            .options(own)
            .cookies(Jar::default());
        if let Some(scheme) = scheme {
            builder = builder.auth(scheme);
        }
        for (name, value) in default_headers.into_iter().flatten() {
            builder = builder.default_header(name, value);
        }
        for (name, value) in headers.into_iter().flatten() {
            builder = match value {
                Some(value) => builder.header(name, value),
                None => builder.without_header(name),
            };
        }
        let raised = policy.as_ref().map(|policy| policy.raised.clone()).unwrap_or_default();
        if let Some(policy) = policy {
            builder = builder.policy(policy.policy);
        }
        if let Some(variables) = environment {
            // One that is not UTF-8 fails where it counts, and nowhere else.
            let variables: Vec<(OsString, OsString)> = variables
                .iter()
                .map(|(n, v)| Ok::<_, PyErr>((n.extract()?, v.extract()?)))
                .collect::<PyResult<_>>()?;
            builder = builder.environment(variables);
        }
        if let Some(text) = netrc {
            builder = builder.netrc(text).map_err(|error| of_error(py, &error))?;
        }
        if let Some(host) = default_host {
            builder = builder.default_host(host);
        }
        if let Some(settings) = gates {
            let settings = match to_value(settings)? {
                Value::Bool(true) => GateSettings::default(),
                _ => serde_json::from_str(&to_json_text(settings)?)
                    .map_err(|error| of_json(py, "gates", &error))?,
            };
            builder = builder.gates(Gates::new(&settings).map_err(|error| of_error(py, &error))?);
        }
        let hook = builder.build().map_err(|error| of_hook(py, &error))?;
        let hook = match client {
            None => hook,
            Some("requests") => hook.for_client(REQUESTS),
            Some("session") => hook.for_client(SESSION),
            Some("aiohttp") => hook.for_client(AIOHTTP),
            #[cfg(feature = "ureq")]
            Some("ureq") => hook.for_client(crate::transport::capabilities()),
            Some(_) => {
                return Err(PyValueError::new_err(
                    "client: there are requests, session and aiohttp",
                ));
            }
        };
        Ok(Self { hook, raised })
    }

    /// The id of the connection.
    #[getter]
    fn id(&self) -> Option<&str> {
        self.hook.id()
    }

    /// Scheme, host and port, as text.
    #[getter]
    fn origin(&self) -> String {
        self.hook.origin().to_string()
    }

    /// The base URL; its path and query may be secret.
    #[getter]
    fn base_url(&self) -> &str {
        self.hook.base_url()
    }

    /// What is legal in the connection and probably not meant.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.hook.warnings().iter().map(ToString::to_string).collect()
    }

    /// The policy of calls that bring none.
    #[getter]
    fn policy(&self) -> RetryPolicy {
        RetryPolicy::of(self.hook.policy().clone())
    }

    /// Whether any request may be sent again by a policy, as Airflow does.
    #[getter]
    fn resends_any(&self) -> bool {
        self.hook.defaults().resend_any
    }

    /// Joins base URL and endpoint, unescaped.
    fn url_from_endpoint(&self, endpoint: &str) -> String {
        self.hook.url_from_endpoint(endpoint)
    }

    /// Tells of every part of a call which layer set it, as text; secrets are hidden.
    fn explain(&self, py: Python<'_>, plan: &Plan) -> PyResult<String> {
        let told = self.hook.explain(&plan.plan).map_err(|error| of_error(py, &error))?;
        Ok(told.to_string())
    }

    /// Writes a call as a command of curl; secrets are variables of the shell.
    fn to_curl(&self, py: Python<'_>, plan: &Plan) -> PyResult<String> {
        self.hook.to_curl(&plan.plan).map_err(|error| of_error(py, &error))
    }

    /// The same hook without waits between attempts, for tests.
    fn without_waits(&self) -> Self {
        Self { hook: self.hook.without_waits(), raised: self.raised.clone() }
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.hook)
    }
}

/// What holds where nobody says anything.
fn defaults(preset: &str) -> PyResult<Defaults> {
    match preset {
        "usual" => Ok(Defaults::default()),
        "airflow" => Ok(Defaults::airflow()),
        _ => Err(PyValueError::new_err("preset: there are usual and airflow")),
    }
}

/// Reads options named as Airflow's.
pub(crate) fn options_of(py: Python<'_>, options: &Bound<'_, PyAny>) -> PyResult<Options> {
    let text = to_json_text(options)?;
    let Ok(Value::Object(members)) = serde_json::from_str(&text) else {
        return Err(crate::error::ArgumentError::new_err("extra_options: must be a dict"));
    };
    Options::from_json(&members).map_err(|problems| {
        let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
        with_kind(py, crate::error::Error::new_err(texts.join("; ")), "option")
    })
}

/// Reads the arguments of the asynchronous hook; only the preset `airflow` sends anything again as there.
pub(crate) fn asynchronous(
    py: Python<'_>,
    arguments: &Bound<'_, PyAny>,
    preset: &str,
) -> PyResult<AsyncHookArguments> {
    let arguments = AsyncHookArguments::from_json(&to_value(arguments)?);
    let arguments = arguments.map_err(|error| of_argument(py, &error))?;
    Ok(if preset == "airflow" { arguments } else { arguments.at_most_once() })
}

/// Reads how a call proves who is calling: `"none"`, the name of a class for the connection's login, or a tuple of a scheme
/// and what it takes.
pub(crate) fn scheme(
    py: Python<'_>,
    auth: &Bound<'_, PyAny>,
    connection: &http_hook::Connection,
) -> PyResult<Option<AuthScheme>> {
    if let Ok(parts) = auth.cast::<PyTuple>() {
        let parts: Vec<String> = parts.extract()?;
        let secret = |text: &String| Secret::new(text.as_str());
        return match parts.as_slice() {
            [name, token] if name == "bearer" => {
                Ok(Some(AuthScheme::Bearer { token: secret(token) }))
            }
            [name, login, password] if name == "basic" => {
                Ok(Some(AuthScheme::Basic { login: login.clone(), password: secret(password) }))
            }
            [name, login, password] if name == "digest" => {
                Ok(Some(AuthScheme::Digest { login: login.clone(), password: secret(password) }))
            }
            [name, header, value] if name == "api_key" => {
                Ok(Some(AuthScheme::ApiKey { name: header.clone(), value: secret(value) }))
            }
            _ => {
                let says = "auth: a tuple must be bearer and a token; basic or digest, login and password; \
                            api_key, a name and a value";
                Err(crate::error::ArgumentError::new_err(says))
            }
        };
    }
    let name: String = auth.extract()?;
    if name == "none" {
        return Ok(Some(AuthScheme::None));
    }
    let arguments = HookArguments::from_json(&json!({ "auth_type": name }));
    let arguments = arguments.map_err(|error| of_argument(py, &error))?;
    arguments.auth(connection).map_err(|error| of_argument(py, &error))
}
