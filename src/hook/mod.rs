//! A connection made ready once: everything that is the same for all its calls.

mod builder;
mod defaults;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response};

pub use builder::{HookBuilder, HookError};
pub use defaults::Defaults;

#[cfg(feature = "cookies")]
use crate::call::jar::Cookies;
#[cfg(feature = "cookies")]
use crate::connection::Secret;
use crate::connection::{Connection, ConnectionId};
#[cfg(feature = "decode")]
use crate::error::TransportError;
use crate::error::{Cause, Error, Failure, StopReason};
use crate::explain::Sources;
use crate::request::auth::flow::Auth;
use crate::request::in_force::InForce;
use crate::request::proxy::Environment;
use crate::request::{BaseUrl, Options, Origin};
use crate::response::check_failed;
#[cfg(feature = "cookies")]
use crate::response::cookies::Jar;
#[cfg(feature = "decode")]
use crate::response::decode::decode;
use crate::retry::{Gates, RetryPolicy};
#[cfg(feature = "cookies")]
use std::sync::PoisonError;

/// What is sent where nobody sets a User-Agent.
pub const DEFAULT_USER_AGENT: &str = concat!("http-hook/", env!("CARGO_PKG_VERSION"));

/// A connection made ready once. Cheap to clone; clones share what calls share.
///
/// # Examples
///
/// ```
/// use http_hook::{Connection, Hook};
///
/// let connection = Connection::parse("http://reader:secret@api.example.com/https")?;
/// let hook = Hook::new(&connection)?;
/// assert_eq!(hook.base_url(), "https://api.example.com");
///
/// let bare = Hook::to("https://api.example.com/v2")?; // no stored connection
/// assert_eq!(bare.url_from_endpoint("orders"), "https://api.example.com/v2/orders");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Hook(Arc<Inner>);

struct Inner {
    id: Option<ConnectionId>,
    base: BaseUrl,
    /// Default headers under connection headers under the program's; no credential of the scheme among them.
    headers: HeaderMap,
    /// The same with what the scheme always shows: for the origin of the connection, and no other.
    proven: HeaderMap,
    auth: Auth,
    options: Options,
    defaults: Defaults,
    in_force: Arc<InForce>,
    policy: Arc<RetryPolicy>,
    gates: Gates,
    environment: Option<Arc<Environment>>,
    #[cfg(feature = "cookies")]
    cookies: Cookies,
    /// Whether content codings are asked for and undone.
    decodes: bool,
    sources: Sources,
}

impl Hook {
    /// Makes a connection ready, with the usual [`Defaults`].
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the connection.
    pub fn new(connection: &Connection) -> Result<Self, HookError> {
        Self::builder(connection).build()
    }

    /// Makes a hook without a stored connection.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the URL.
    pub fn to(base_url: &str) -> Result<Self, HookError> {
        Self::new(&Connection::new().with_host(base_url))
    }

    /// Begins a hook to which the program adds headers, options or a policy.
    pub fn builder(connection: &Connection) -> HookBuilder {
        HookBuilder::new(connection)
    }

    /// Gives the id of the connection.
    #[must_use]
    pub fn id(&self) -> Option<&ConnectionId> {
        self.0.id.as_ref()
    }

    /// Gives the origin that every request starts at, and that credentials are bound to.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        self.0.base.origin()
    }

    /// Gives the base URL, without user info.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.0.base.text()
    }

    /// Joins base URL and endpoint, unescaped, as the original's method of this name.
    #[must_use]
    pub fn url_from_endpoint(&self, endpoint: &str) -> String {
        self.0.base.url_from_endpoint(endpoint)
    }

    /// Checks the status of a response: 400 to 599 is a failure.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that prints `404:Not Found` and holds the response.
    pub fn check_response(&self, response: Response<Bytes>) -> Result<Response<Bytes>, Failure> {
        if check_failed(response.status()) {
            return Err(Failure::new(StopReason::Rejected, Cause::Response(response)));
        }
        Ok(response)
    }

    /// Gives the options of the program and of the connection, without the defaults below them.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn sources(&self) -> &Sources {
        &self.0.sources
    }

    pub(crate) fn default_options(&self) -> &Options {
        &self.0.defaults.options
    }

    pub(crate) fn base(&self) -> &BaseUrl {
        &self.0.base
    }

    pub(crate) fn policy(&self) -> &Arc<RetryPolicy> {
        &self.0.policy
    }

    pub(crate) fn gates(&self) -> &Gates {
        &self.0.gates
    }

    pub(crate) fn resend_any(&self) -> bool {
        self.0.defaults.resend_any
    }

    /// Whether a layer below the call sets this header.
    pub(crate) fn sets_header(&self, name: &http::HeaderName) -> bool {
        self.0.headers.contains_key(name)
    }

    /// The options in force for a call that lays `call` over those of the connection.
    ///
    /// # Errors
    ///
    /// A proxy that cannot be read.
    pub(crate) fn in_force(&self, call: Option<&Options>) -> Result<Arc<InForce>, Error> {
        let Some(call) = call else { return Ok(Arc::clone(&self.0.in_force)) };
        let set = call.clone().over(self.0.options.clone());
        let environment = self.0.environment.as_ref();
        InForce::new(&self.0.defaults.options, &set, environment, self.origin()).map(Arc::new)
    }

    /// What the lowest layer says of content codings.
    pub(crate) fn accept_encoding(&self) -> &'static str {
        accept_encoding(self.0.decodes)
    }

    /// Undoes the content codings of a response, if that was asked for.
    ///
    /// # Errors
    ///
    /// Kind `Body` if a coding is broken, kind `Limit` if there is more than `limit` behind it.
    #[cfg(feature = "decode")]
    pub(crate) fn decode(
        &self,
        response: Response<Bytes>,
        limit: u64,
    ) -> Result<Response<Bytes>, TransportError> {
        if !self.0.decodes {
            return Ok(response);
        }
        let (mut parts, body) = response.into_parts();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let decoded = decode(&parts.headers, body, limit)?;
        if decoded.changed {
            parts.headers.remove(http::header::CONTENT_ENCODING);
            parts.headers.remove(http::header::CONTENT_LENGTH);
        }
        Ok(Response::from_parts(parts, decoded.bytes))
    }

    /// Where the cookies of a new call are kept.
    #[cfg(feature = "cookies")]
    pub(crate) fn cookies(&self) -> Cookies {
        self.0.cookies.clone()
    }

    /// The same, with cookies of the call itself.
    #[cfg(feature = "cookies")]
    pub(crate) fn cookies_with(&self, own: &[(String, Secret)]) -> Cookies {
        let mut jar = match &self.0.cookies {
            Cookies::None => Jar::default(),
            Cookies::Call(jar) => Jar::clone(jar),
            Cookies::Shared(jar) => jar.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        };
        for (name, value) in own {
            // What a plan holds was tried before.
            let _ = jar.insert(self.origin(), name, value);
        }
        Cookies::Call(Box::new(jar))
    }

    /// Everything below the call that goes to the origin of the connection, with what the scheme always shows.
    pub(crate) fn proven_headers(&self) -> HeaderMap {
        self.0.proven.clone()
    }

    /// The same without any proof.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.0.headers.clone()
    }

    pub(crate) fn auth(&self) -> &Auth {
        &self.0.auth
    }
}

fn accept_encoding(decodes: bool) -> &'static str {
    if decodes { "gzip, deflate, br, zstd" } else { "identity" }
}

/// Names the connection and its origin, nothing else.
impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook")
            .field("id", &self.0.id)
            .field("origin", &format_args!("{}", self.origin()))
            .finish_non_exhaustive()
    }
}
