//! Which authentication a connection uses, as data; how it is stored is in [`stored`](super::stored).

use std::fmt;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Request};

use crate::auth::basic::{basic, sensitive};
use crate::auth::challenge::Challenge;
use crate::auth::oauth2::OAuth2;
use crate::auth::token::bearer;
use crate::base::Secret;
use crate::base::Timestamp;
use crate::base::{Error, ErrorKind, Quiet, caught, headers};
use crate::body::Payload;

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
    /// By a key in a header, with each request.
    ApiKey {
        /// The name of the header.
        name: String,
        /// The key.
        value: Secret,
    },
    /// By a key in the query, with each request. Servers tend to log it.
    ApiKeyInQuery {
        /// The name of the pair.
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

impl From<OAuth2> for AuthScheme {
    fn from(scheme: OAuth2) -> Self {
        Self::OAuth2(Box::new(scheme))
    }
}

/// Names the scheme: login, key and token are the connection's.
impl fmt::Debug for AuthScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic { .. } => "Basic",
            Self::Bearer { .. } => "Bearer",
            Self::ApiKey { .. } => "ApiKey",
            Self::ApiKeyInQuery { .. } => "ApiKeyInQuery",
            Self::Digest { .. } => "Digest",
            Self::OAuth2(_) => "OAuth2",
            Self::Custom(_) => "Custom",
        })
    }
}

/// What a request gets added.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing.
    #[default]
    Nothing,
    /// This header, in place of any of its name. The value is marked as sensitive.
    Header(HeaderName, HeaderValue),
    /// These headers, each in place of any of its name. The values are marked as sensitive.
    Headers(Vec<(HeaderName, HeaderValue)>),
    /// This pair, behind the query.
    Query(String, Secret),
}

/// Names the kind.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Header(..) => "Header",
            Self::Headers(_) => "Headers",
            Self::Query(..) => "Query",
        })
    }
}

/// A way of authentication that is not among those of [`AuthScheme`].
///
/// It is asked before each send, retries among them, for requests to the connection's own origin only. The request is as it will be sent but for
/// what this adds: its URI is the whole URL, its headers are there, and its body is [`Payload::Bytes`], empty where there is none, or a source
/// that cannot be looked into. `seed` decides what looks like chance, `now` is the time. It must not depend on anything but its arguments
/// and itself, and its `Debug` must not tell a secret. One that panics ends the call as one that fails.
///
/// # Examples
///
/// A signature of the path, the time and the body:
///
/// ```
/// use std::sync::Arc;
/// use http::{HeaderName, HeaderValue, Request};
/// use http_hook::auth::{AuthScheme, Authenticate, Credentials};
/// use http_hook::body::Payload;
/// use http_hook::{Error, ErrorKind, Hook, Secret, Timestamp};
///
/// #[derive(Debug)] // a `Secret` prints as ***
/// struct Signed(Secret);
///
/// impl Authenticate for Signed {
///     fn authorize(&self, request: &Request<Payload>, _: u64, now: Timestamp) -> Result<Credentials, Error> {
///         let Payload::Bytes(body) = request.body() else {
///             return Err(Error::new(ErrorKind::Auth, "a body that is streamed cannot be signed"));
///         };
///         let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
///         let at = HeaderValue::from(now.since_epoch().as_secs());
///         let text = [request.method().as_str().as_bytes(), target.as_bytes(), at.as_bytes(), body].join(&b'\n');
///         let mac = hmac_sha256::HMAC::mac(text, self.0.expose()); // of the crate `hmac-sha256`
///         let mac: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
///         let mac = HeaderValue::try_from(mac).map_err(|_| Error::new(ErrorKind::Auth, "the signature"))?;
///         let header = HeaderName::from_static;
///         Ok(Credentials::Headers(vec![(header("x-time"), at), (header("x-signature"), mac)]))
///     }
/// }
///
/// let scheme = AuthScheme::Custom(Arc::new(Signed("k3y".into())));
/// let hook = Hook::builder_to("https://api.example.com").auth(scheme).build()?; // for `from_hook`
/// # use http_hook::{Call, RequestPlan, Step};
/// # let now = Timestamp::new(std::time::Duration::from_secs(5));
/// # let call = Call::new(&hook, RequestPlan::post("v1/orders?page=2").data("box"), 7, now);
/// # let Step::Send { request, .. } = call.step(&hook, now) else { unreachable!() };
/// # let mac = hmac_sha256::HMAC::mac("POST\n/v1/orders?page=2\n5\nbox", "k3y");
/// # let mac: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
/// # assert_eq!(request.headers()["x-signature"], mac);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Authenticate: Send + Sync + fmt::Debug {
    /// Returns what each request gets added.
    ///
    /// # Errors
    ///
    /// An [`Error`] that names no secret; the call ends with it.
    fn authorize(
        &self,
        request: &Request<Payload>,
        seed: u64,
        now: Timestamp,
    ) -> Result<Credentials, Error>;

    /// Answers a 401: with a proof the request is sent once more, without one the 401 is the response.
    ///
    /// # Errors
    ///
    /// An [`Error`] that names no secret; the call ends with it.
    fn answer(
        &self,
        request: &Request<Payload>,
        challenges: &[Challenge],
        seed: u64,
        now: Timestamp,
    ) -> Result<Option<Credentials>, Error> {
        let _ = (request, challenges, seed, now);
        Ok(None)
    }
}

impl Authenticate for Quiet<Arc<dyn Authenticate>> {
    fn authorize(
        &self,
        request: &Request<Payload>,
        seed: u64,
        now: Timestamp,
    ) -> Result<Credentials, Error> {
        self.get().map_or(Ok(Credentials::Nothing), |own| own.authorize(request, seed, now))
    }

    fn answer(
        &self,
        request: &Request<Payload>,
        challenges: &[Challenge],
        seed: u64,
        now: Timestamp,
    ) -> Result<Option<Credentials>, Error> {
        self.get().map_or(Ok(None), |own| own.answer(request, challenges, seed, now))
    }
}

impl AuthScheme {
    /// The same: the end of one that is the caller's may panic.
    pub(crate) fn quiet(self) -> Self {
        match self {
            Self::Custom(own) => Self::Custom(Arc::new(Quiet::new(own))),
            known => known,
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
            Self::ApiKey { name, value } => {
                let name = HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| wrong("auth.name: no header can have this name"))?;
                headers::check_scheme_name(&name, "auth.name")?;
                Ok(Credentials::Header(name, sensitive(value.expose())?))
            }
            Self::ApiKeyInQuery { name, value } => {
                Ok(Credentials::Query(name.clone(), value.clone()))
            }
            Self::None | Self::Digest { .. } | Self::OAuth2(_) | Self::Custom(_) => {
                Ok(Credentials::Nothing)
            }
        }
    }
}

/// Asks a scheme of the caller's own what a request gets, apart from what all calls do.
#[cold]
#[inline(never)]
pub(super) fn authorized(
    own: &dyn Authenticate,
    request: &Request<Payload>,
    seed: u64,
    now: Timestamp,
) -> Result<Credentials, Error> {
    asked(|| own.authorize(request, seed, now))
}

/// Asks a scheme of the caller's own.
#[cold]
pub(super) fn asked<T>(code: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let panicked = || Err(Error::new(ErrorKind::Auth, "auth: code of the scheme panicked"));
    caught(code).unwrap_or_else(panicked)
}

fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Auth, message)
}
