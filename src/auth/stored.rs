//! Authentication as a connection stores it.
//!
//! In code it is an [`AuthScheme`]; in a connection's extra it is the member `auth` of the reserved object `http_hook`:
//!
//! | `scheme` | further members (what stands in where one is missing) |
//! | --- | --- |
//! | `none` | |
//! | `basic`, `digest` | `login`, `password` (those of the connection; a password that is missing is empty) |
//! | `bearer` | `token` (the connection's password) |
//! | `api_key` | `name`; `value` (the connection's password); `in`: `header` or `query` (`header`) |
//! | `oauth2_client_credentials` | `token_url`; `client_id`, `client_secret` (login and password); `client_auth`: `basic` or `body` (`basic`); `scope`; `audience`, `resource`: a text or a list; `fields`: an object of further texts for the form; `verify`: true, false or the path of a file with authorities, for the token endpoint alone (as elsewhere, never the API's false); `skew_seconds` (30); `require_token_type` (false); `allow_http` (false) |
//! | `oauth2_refresh` | the same, and `refresh_token`; a `client_secret` only where one is written |
//!
//! ```json
//! {"http_hook": {"auth": {"scheme": "api_key", "name": "X-Api-Key"}}}
//! ```

use std::time::Duration;

use serde_json::{Map, Value};

use crate::auth::oauth2::OAuth2;
use crate::auth::scheme::AuthScheme;
use crate::base::{Error, ErrorKind, Secret, redact};
use crate::options::Verify;

/// The longest time before its end at which a token counts as expired, in seconds.
const MAX_SKEW: u64 = 24 * 60 * 60;

impl AuthScheme {
    /// Reads the member `auth` of the reserved object, with login and password of the connection to fall back on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`] that names the member: one that is missing, unknown, or of the wrong kind. A value is
    /// never quoted.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::auth::{AuthScheme, Credentials};
    ///
    /// let value = serde_json::json!({"scheme": "bearer", "token": "t-1"});
    /// let scheme = AuthScheme::from_json(&value, None, None)?;
    /// let Credentials::Header(name, value) = scheme.credentials()? else { panic!("a bearer token is a header") };
    /// assert_eq!((name.as_str(), value.to_str()?), ("authorization", "Bearer t-1"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_json(
        value: &Value,
        login: Option<&str>,
        password: Option<&Secret>,
    ) -> Result<Self, Error> {
        let object = value.as_object().ok_or_else(|| wrong("auth: must be an object"))?;
        let read = Members { object, login, password };
        let scheme = read.text("scheme")?.ok_or_else(|| wrong("auth.scheme: is missing"))?;
        let pair = ["scheme", "login", "password"];
        match scheme {
            "none" => {
                read.only(&["scheme"])?;
                Ok(Self::None)
            }
            "basic" => {
                read.only(&pair)?;
                Ok(Self::Basic { login: read.login("login")?, password: read.password_or_empty()? })
            }
            "digest" => {
                read.only(&pair)?;
                Ok(Self::Digest {
                    login: read.login("login")?,
                    password: read.password_or_empty()?,
                })
            }
            "bearer" => {
                read.only(&["scheme", "token"])?;
                Ok(Self::Bearer { token: read.password("token")? })
            }
            "api_key" => {
                read.only(&["scheme", "in", "name", "value"])?;
                let in_query = match read.text("in")? {
                    None | Some("header") => false,
                    Some("query") => true,
                    Some(_) => return Err(wrong("auth.in: must be header or query")),
                };
                let name = read.text("name")?.ok_or_else(|| wrong("auth.name: is missing"))?;
                let (name, value) = (name.to_owned(), read.password("value")?);
                Ok(if in_query {
                    Self::ApiKeyInQuery { name, value }
                } else {
                    Self::ApiKey { name, value }
                })
            }
            "oauth2_client_credentials" => read.oauth2(false),
            "oauth2_refresh" => read.oauth2(true),
            _ => Err(wrong(
                "auth.scheme: there is no such scheme (but none, basic, bearer, api_key, digest, \
                 oauth2_client_credentials and oauth2_refresh)",
            )),
        }
    }
}

/// The members of the object, and what stands in for them.
struct Members<'a> {
    object: &'a Map<String, Value>,
    login: Option<&'a str>,
    password: Option<&'a Secret>,
}

impl<'a> Members<'a> {
    fn only(&self, known: &[&str]) -> Result<(), Error> {
        match self.object.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(wrong(match redact::nearest(name, known.iter().copied()) {
                Some(near) => {
                    format!("auth: a member that this scheme does not have; `{near}` is one")
                }
                None => format!(
                    "auth: a member that this scheme does not have, beside {}",
                    known.join(", ")
                ),
            })),
        }
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, Error> {
        match self.object.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(format!("auth.{name}: must be a text"))),
        }
    }

    fn login(&self, name: &str) -> Result<String, Error> {
        let login = self.text(name)?.or(self.login).filter(|login| !login.is_empty());
        login.map(str::to_owned).ok_or_else(|| {
            wrong(format!("auth.{name}: is missing, and the connection has no login"))
        })
    }

    fn password(&self, name: &str) -> Result<Secret, Error> {
        let own = self.text(name)?.map(Secret::new);
        let any = own.or_else(|| self.password.cloned()).filter(|any| !any.expose().is_empty());
        any.ok_or_else(|| {
            wrong(format!("auth.{name}: is missing, and the connection has no password"))
        })
    }

    fn password_or_empty(&self) -> Result<Secret, Error> {
        let own = self.text("password")?.map(Secret::new);
        Ok(own.or_else(|| self.password.cloned()).unwrap_or_else(|| Secret::new("")))
    }

    fn oauth2(&self, refresh: bool) -> Result<AuthScheme, Error> {
        let common = [
            "scheme",
            "token_url",
            "client_id",
            "client_secret",
            "client_auth",
            "scope",
            "audience",
            "resource",
            "fields",
            "verify",
            "skew_seconds",
            "require_token_type",
            "allow_http",
        ];
        let known = common.into_iter().chain(refresh.then_some("refresh_token"));
        self.only(&known.collect::<Vec<_>>())?;
        let url = self.text("token_url")?.ok_or_else(|| wrong("auth.token_url: is missing"))?;
        let id = self.login("client_id")?;
        let mut own = if refresh {
            let token = self
                .text("refresh_token")?
                .ok_or_else(|| wrong("auth.refresh_token: is missing"))?;
            let mut own = OAuth2::refresh(url, id, Secret::new(token));
            own.client_secret = self.text("client_secret")?.map(Secret::new);
            own
        } else {
            OAuth2::client_credentials(url, id, self.password("client_secret")?)
        };
        own.secret_in_form = match self.text("client_auth")? {
            None | Some("basic") => false,
            Some("body") => true,
            Some(_) => return Err(wrong("auth.client_auth: must be basic or body")),
        };
        own.scope = self.text("scope")?.map(str::to_owned);
        for name in ["audience", "resource"] {
            if let Some(value) = self.object.get(name) {
                let must = || wrong(format!("auth.{name}: must be a text or a list of texts"));
                own.fields.extend(texts(name, value).ok_or_else(must)?);
            }
        }
        own.fields.extend(self.further()?);
        own.verify = match self.object.get("verify") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(true)) => Some(Verify::System),
            Some(Value::Bool(false)) => Some(Verify::Off),
            Some(Value::String(path)) if !path.is_empty() => Some(Verify::File(path.clone())),
            Some(_) => {
                return Err(wrong("auth.verify: must be true, false or the path of a file"));
            }
        };
        if let Some(value) = self.object.get("skew_seconds") {
            let seconds = value.as_u64().filter(|seconds| *seconds <= MAX_SKEW);
            let says = "auth.skew_seconds: must be a whole number of seconds up to a day";
            own.skew = Duration::from_secs(seconds.ok_or_else(|| wrong(says))?);
        }
        own.require_token_type = self.flag("require_token_type")?;
        own.allow_http = self.flag("allow_http")?;
        debug_assert_eq!(refresh, own.refresh_token.is_some());
        Ok(own.into())
    }

    fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.object.get(name) {
            None => Ok(false),
            Some(value) => {
                value.as_bool().ok_or_else(|| wrong(format!("auth.{name}: must be true or false")))
            }
        }
    }

    /// Further fields of the form, of names that no other member writes.
    fn further(&self) -> Result<Vec<(String, Secret)>, Error> {
        let must = || wrong("auth.fields: must be an object of texts or lists of texts");
        let all = match self.object.get("fields") {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(value) => value.as_object().ok_or_else(must)?,
        };
        let mut fields = Vec::new();
        for (name, value) in all {
            if let Some(own) = WRITTEN.into_iter().find(|own| name == own) {
                return Err(wrong(format!("auth.fields: {own} is written by the scheme itself")));
            }
            if name.is_empty() {
                return Err(wrong("auth.fields: a name is empty"));
            }
            fields.extend(texts(name, value).ok_or_else(must)?);
        }
        Ok(fields)
    }
}

/// The fields of the form that the scheme writes.
const WRITTEN: [&str; 5] = ["grant_type", "client_id", "client_secret", "refresh_token", "scope"];

/// One field for a text, one of the same name for each text of a list.
fn texts(name: &str, value: &Value) -> Option<Vec<(String, Secret)>> {
    let one = |value: &Value| Some((name.to_owned(), Secret::new(value.as_str()?)));
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(all) => all.iter().map(one).collect(),
        other => Some(vec![one(other)?]),
    }
}

fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Auth, message)
}
