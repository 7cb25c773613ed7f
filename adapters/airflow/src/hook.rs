//! The arguments of the hook's constructor.

use std::time::Duration;

use http::Method;
use http_hook::auth::AuthScheme;
use http_hook::options::{KeepAlive, Setting};
use http_hook::{Connection, Error, ErrorKind, Options, Secret};
use serde_json::Value;

use crate::error::{ArgumentError, dict};

/// The arguments of `HttpHook`, but for the connection's id and the adapter.
///
/// # Examples
///
/// ```
/// use http_hook::options::{KeepAlive, Setting};
/// use http_hook_airflow::HookArguments;
/// use serde_json::json;
///
/// let hook = HookArguments::from_json(&json!({"tcp_keep_alive_count": 9}))?;
/// assert_eq!(hook.method(), "POST");
/// let keep_alive = KeepAlive { count: 9, ..KeepAlive::default() };
/// assert_eq!(hook.options().keep_alive, Setting::Set(keep_alive));
/// # Ok::<(), http_hook_airflow::ArgumentError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookArguments {
    method: Method,
    auth_type: Option<AuthType>,
    keep_alive: Setting<KeepAlive>,
}

/// A class that makes a credential of login and password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthType {
    /// `requests.auth.HTTPBasicAuth`, `aiohttp.BasicAuth`.
    Basic,
    /// `requests.auth.HTTPDigestAuth`.
    Digest,
    /// `requests.auth.HTTPProxyAuth`: Basic, in `Proxy-Authorization`.
    Proxy,
}

impl HookArguments {
    /// Reads `method`, `auth_type`, `tcp_keep_alive` and its `_idle`, `_interval` and `_count` out of an object.
    ///
    /// The method is turned into capitals, POST where none is named. `auth_type` is `basic`, `digest`, `proxy`, or the
    /// name of a class, with its module or without. Keep-alive says nothing unless one of its arguments is given; then it
    /// is on with the original's times, unless `tcp_keep_alive` is false. Any other name is passed over.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] that names the argument.
    pub fn from_json(hook: &Value) -> Result<Self, ArgumentError> {
        dict(hook)?;
        let auth_type = match hook.get("auth_type") {
            None | Some(Value::Null) => None,
            Some(name) => Some(AuthType::read(name)?),
        };
        Ok(Self { method: method(hook)?, auth_type, keep_alive: keep_alive(hook)? })
    }

    /// Returns the method of its calls.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the class that makes the credential, if one is named.
    #[must_use]
    pub const fn auth_type(&self) -> Option<AuthType> {
        self.auth_type
    }

    /// Returns the options that it sets.
    #[must_use]
    pub fn options(&self) -> Options {
        let mut options = Options::default();
        options.keep_alive = self.keep_alive;
        options
    }

    /// Makes the scheme of a connection's login and password; `None` if the connection alone decides.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] for `auth_type` if the connection has no login, or one that no header can hold.
    pub fn auth(&self, connection: &Connection) -> Result<Option<AuthScheme>, ArgumentError> {
        let Some(auth_type) = self.auth_type else { return Ok(None) };
        let refused = |error| ArgumentError::refused("auth_type", error);
        auth_type.scheme(connection).map(Some).map_err(refused)
    }
}

impl AuthType {
    fn read(name: &Value) -> Result<Self, ArgumentError> {
        let name = name.as_str().unwrap_or_default();
        match name.rsplit('.').next().unwrap_or_default() {
            "basic" | "HTTPBasicAuth" | "BasicAuth" => Ok(Self::Basic),
            "digest" | "HTTPDigestAuth" => Ok(Self::Digest),
            "proxy" | "HTTPProxyAuth" => Ok(Self::Proxy),
            _ => {
                let wanted =
                    "must be basic, digest, proxy, or the class of requests that is one of these";
                Err(ArgumentError::wrong_type("auth_type", wanted))
            }
        }
    }

    /// Makes the scheme; a password that is missing is empty.
    fn scheme(self, connection: &Connection) -> Result<AuthScheme, Error> {
        let missing = || Error::new(ErrorKind::Auth, "the connection has no login");
        let login = connection.login().filter(|login| !login.is_empty()).ok_or_else(missing)?;
        let password = connection.password().cloned().unwrap_or_else(|| Secret::new(""));
        let login = login.to_owned();
        Ok(match self {
            Self::Basic => AuthScheme::Basic { login, password },
            Self::Digest => AuthScheme::Digest { login, password },
            Self::Proxy => {
                let message = "credentials for a proxy stand in its URL, and go to that proxy only";
                return Err(Error::new(ErrorKind::Auth, message));
            }
        })
    }
}

fn method(hook: &Value) -> Result<Method, ArgumentError> {
    let name = match hook.get("method") {
        None => return Ok(Method::POST),
        Some(Value::String(name)) => name.to_ascii_uppercase(),
        Some(_) => return Err(ArgumentError::wrong_type("method", "must be a text")),
    };
    Method::from_bytes(name.as_bytes()).map_err(|_| {
        ArgumentError::refused("method", Error::new(ErrorKind::Method, "not the name of a method"))
    })
}

fn keep_alive(hook: &Value) -> Result<Setting<KeepAlive>, ArgumentError> {
    let usual = KeepAlive::default();
    let idle = whole(hook, "tcp_keep_alive_idle")?.map(Duration::from_secs);
    let interval = whole(hook, "tcp_keep_alive_interval")?.map(Duration::from_secs);
    let count = whole(hook, "tcp_keep_alive_count")?;
    let on = KeepAlive {
        idle: idle.unwrap_or(usual.idle),
        interval: interval.unwrap_or(usual.interval),
        count: count.map_or(usual.count, |count| u32::try_from(count).unwrap_or(u32::MAX)),
    };
    match hook.get("tcp_keep_alive") {
        Some(Value::Bool(false)) => Ok(Setting::Unset),
        Some(Value::Bool(true)) => Ok(Setting::Set(on)),
        Some(_) => Err(ArgumentError::wrong_type("tcp_keep_alive", "must be True or False")),
        None if idle.or(interval).is_none() && count.is_none() => Ok(Setting::Inherit),
        None => Ok(Setting::Set(on)),
    }
}

fn whole(hook: &Value, name: &'static str) -> Result<Option<u64>, ArgumentError> {
    let wrong = || ArgumentError::wrong_type(name, "must be a whole number, 0 or more");
    hook.get(name).map(|value| value.as_u64().ok_or_else(wrong)).transpose()
}
