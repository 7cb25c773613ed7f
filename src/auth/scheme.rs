//! Which authentication a connection uses, as data.
//!
//! In code it is an [`AuthScheme`]. In a connection's extra it is the member `auth` of the reserved object `http_hook`:
//!
//! | `scheme` | further members (what stands in where one is missing) |
//! | --- | --- |
//! | `none` | |
//! | `basic`, `digest` | `login`, `password` (those of the connection; a password that is missing is empty) |
//! | `bearer` | `token` (the connection's password) |
//! | `api_key` | `name`; `value` (the connection's password); `in`: `header` or `query` (`header`) |
//! | `oauth2_client_credentials` | `token_url`; `client_id`, `client_secret` (login and password); `client_auth`: `basic` or `body` (`basic`); `scope`; `audience`; `skew_seconds` (30); `allow_http` (false) |
//! | `oauth2_refresh` | the same, and `refresh_token`; a `client_secret` only where one is written |
//!
//! ```json
//! {"http_hook": {"auth": {"scheme": "api_key", "name": "X-Api-Key"}}}
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value};

use crate::auth::basic::{basic, sensitive};
use crate::auth::challenge::Challenge;
use crate::auth::oauth2::{ClientAuth, Grant, OAuth2, bearer};
use crate::base::Secret;
use crate::base::Timestamp;
use crate::base::{Error, ErrorKind, headers, redact};

/// The longest time before its end at which a token counts as expired, in seconds.
const MAX_SKEW: u64 = 24 * 60 * 60;

/// How requests to a connection's origin prove who sends them.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum AuthScheme {
    /// Not at all.
    #[default]
    None,
    /// By login and password, with each request.
    Basic {
        /// The login.
        login: String,
        /// The password.
        password: Secret,
    },
    /// By a token, with each request.
    Bearer {
        /// The token.
        token: Secret,
    },
    /// By a key in a header or in the query, with each request.
    ApiKey {
        /// Where the key goes.
        place: KeyPlace,
        /// The name of the header or of the pair in the query.
        name: String,
        /// The key.
        value: Secret,
    },
    /// By an answer to the server's challenge. Needs the feature `digest`.
    Digest {
        /// The login.
        login: String,
        /// The password.
        password: Secret,
    },
    /// By a token that is fetched first.
    OAuth2(Box<OAuth2>),
    /// In a way of the caller's own.
    Custom(Arc<dyn Authenticate>),
}

/// Names the scheme: login, key and token are the connection's.
impl fmt::Debug for AuthScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic { .. } => "Basic",
            Self::Bearer { .. } => "Bearer",
            Self::ApiKey { .. } => "ApiKey",
            Self::Digest { .. } => "Digest",
            Self::OAuth2(_) => "OAuth2",
            Self::Custom(_) => "Custom",
        })
    }
}

/// Where a key goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyPlace {
    /// Into a header.
    #[default]
    Header,
    /// Into the query. Servers tend to log it.
    Query,
}

/// What a request gets added.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing.
    #[default]
    Nothing,
    /// This header, in place of any of its name. The value is marked as sensitive.
    Header(HeaderName, HeaderValue),
    /// This pair, behind the query.
    Query(String, Secret),
}

/// Names the kind.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Header(..) => "Header",
            Self::Query(..) => "Query",
        })
    }
}

/// A request that is about to be sent, as far as a proof depends on it.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct AuthRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// Path and query.
    pub target: &'a PathAndQuery,
    /// The headers so far.
    pub headers: &'a HeaderMap,
    /// The body, if it is in memory.
    pub body: Option<&'a [u8]>,
    /// Decides what looks like chance.
    pub seed: u64,
    /// The time.
    pub now: Timestamp,
}

/// Tells method and path: query, header values and body may hold secrets.
impl fmt::Debug for AuthRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthRequest")
            .field("method", self.method)
            .field("path", &self.target.path())
            .finish_non_exhaustive()
    }
}

impl<'a> AuthRequest<'a> {
    /// Describes a request without headers, whose body is empty.
    #[must_use]
    pub fn new(
        method: &'a Method,
        target: &'a PathAndQuery,
        headers: &'a HeaderMap,
        seed: u64,
        now: Timestamp,
    ) -> Self {
        Self { method, target, headers, body: Some(&[]), seed, now }
    }

    /// Sets the body, `None` if it is not in memory.
    #[must_use]
    pub const fn with_body(mut self, body: Option<&'a [u8]>) -> Self {
        self.body = body;
        self
    }
}

/// A way of authentication that is not among those of [`AuthScheme`].
///
/// It is asked only for requests to the connection's own origin. It must not depend on anything but its arguments
/// and itself, and its `Debug` must not tell a secret.
pub trait Authenticate: Send + Sync + fmt::Debug {
    /// Returns what each request gets added.
    ///
    /// # Errors
    ///
    /// An [`Error`] that names no secret; the call ends with it.
    fn authorize(&self, request: &AuthRequest<'_>) -> Result<Credentials, Error>;

    /// Answers a 401: with a proof the request is sent once more, without one the 401 is the response.
    ///
    /// # Errors
    ///
    /// An [`Error`] that names no secret; the call ends with it.
    fn answer(
        &self,
        request: &AuthRequest<'_>,
        challenges: &[Challenge],
    ) -> Result<Option<Credentials>, Error> {
        let _ = (request, challenges);
        Ok(None)
    }
}

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
                let place = match read.text("in")? {
                    None | Some("header") => KeyPlace::Header,
                    Some("query") => KeyPlace::Query,
                    Some(_) => return Err(wrong("auth.in: must be header or query")),
                };
                let name = read.text("name")?.ok_or_else(|| wrong("auth.name: is missing"))?;
                Ok(Self::ApiKey { place, name: name.to_owned(), value: read.password("value")? })
            }
            "oauth2_client_credentials" => read.oauth2(false),
            "oauth2_refresh" => read.oauth2(true),
            _ => Err(wrong("auth.scheme: there is no such scheme")),
        }
    }

    /// Returns what every request gets added: nothing for the schemes that need a challenge or a token first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`] if a credential cannot stand where it has to go.
    pub fn credentials(&self) -> Result<Credentials, Error> {
        match self {
            Self::Basic { login, password } => {
                Ok(Credentials::Header(AUTHORIZATION, basic(login, password)?))
            }
            Self::Bearer { token } => Ok(Credentials::Header(AUTHORIZATION, bearer(token)?)),
            Self::ApiKey { place: KeyPlace::Header, name, value } => {
                let name = HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| wrong("auth.name: no header can have this name"))?;
                headers::check_scheme_name(&name, "auth.name")?;
                Ok(Credentials::Header(name, sensitive(value.expose())?))
            }
            Self::ApiKey { place: KeyPlace::Query, name, value } => {
                Ok(Credentials::Query(name.clone(), value.clone()))
            }
            Self::None | Self::Digest { .. } | Self::OAuth2(_) | Self::Custom(_) => {
                Ok(Credentials::Nothing)
            }
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
            Some(name) => Err(wrong(match redact::nearest(name, known) {
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
            "skew_seconds",
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
        own.client_auth = match self.text("client_auth")? {
            None | Some("basic") => ClientAuth::Basic,
            Some("body") => ClientAuth::Body,
            Some(_) => return Err(wrong("auth.client_auth: must be basic or body")),
        };
        own.scope = self.text("scope")?.map(str::to_owned);
        own.fields
            .extend(self.text("audience")?.map(|text| ("audience".to_owned(), Secret::new(text))));
        if let Some(value) = self.object.get("skew_seconds") {
            let seconds = value.as_u64().filter(|seconds| *seconds <= MAX_SKEW);
            let says = "auth.skew_seconds: must be a whole number of seconds up to a day";
            own.skew = Duration::from_secs(seconds.ok_or_else(|| wrong(says))?);
        }
        if let Some(value) = self.object.get("allow_http") {
            let allow = value.as_bool();
            own.allow_http =
                allow.ok_or_else(|| wrong("auth.allow_http: must be true or false"))?;
        }
        debug_assert_eq!(refresh, matches!(own.grant, Grant::Refresh(_)));
        Ok(AuthScheme::OAuth2(Box::new(own)))
    }
}

fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Auth, message)
}
