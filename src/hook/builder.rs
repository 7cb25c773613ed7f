//! A hook in the making: the connection, what the program adds, and everything that is wrong with either.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
#[cfg(feature = "cookies")]
use std::sync::Mutex;

use super::Defaults;
use crate::auth::{AuthScheme, Netrc, TokenCache};
use crate::base::{Error, Quiet, Secret};
use crate::connection::Connection;
#[cfg(feature = "cookies")]
use crate::cookies::Jar;
#[cfg(feature = "cookies")]
use crate::cookies::kept::Cookies;
use crate::gates::Gates;
use crate::options::Options;
use crate::options::proxy::Environment;
use crate::retry::RetryPolicy;

/// Makes a [`Hook`](crate::Hook) of a connection and of what the program adds.
#[derive(Clone, Default)]
#[must_use]
pub struct HookBuilder {
    pub(super) connection: Connection,
    /// Whether the connection is no more than a URL that the program gives.
    pub(super) given: bool,
    pub(super) defaults: Defaults,
    pub(super) default_host: Option<String>,
    pub(super) show_base: bool,
    /// Under the connection's.
    pub(super) low_headers: Vec<(String, Option<Secret>)>,
    /// Over the connection's.
    pub(super) high_headers: Vec<(String, Option<Secret>)>,
    pub(super) options: Options,
    pub(super) policy: Option<Arc<RetryPolicy>>,
    pub(super) gates: Option<Gates>,
    pub(super) auth: Option<AuthScheme>,
    pub(super) tokens: Option<Arc<dyn TokenCache>>,
    pub(super) environment: Option<Arc<Environment>>,
    pub(super) netrc: Option<Netrc>,
    #[cfg(feature = "cookies")]
    pub(super) cookies: Cookies,
    pub(super) decodes: bool,
}

impl HookBuilder {
    pub(super) fn new(connection: &Connection) -> Self {
        Self { connection: connection.clone(), ..Self::default() }
    }

    pub(super) fn to(base_url: &str) -> Self {
        let connection = Connection::new().with_host(base_url);
        Self { connection, given: true, ..Self::default() }
    }

    /// Sets what holds where nothing else is said. Default: [`Defaults::default`].
    pub fn defaults(mut self, defaults: Defaults) -> Self {
        self.defaults = defaults;
        self
    }

    /// Sets the host of a connection that has none.
    pub fn default_host(mut self, host: impl Into<String>) -> Self {
        self.default_host = Some(host.into());
        self
    }

    /// Shows the base path of the connection in events, spans, `explain` and errors: it is no secret. Without it they show
    /// `/***` in its place, since the path of a webhook is one. The query of a base URL is never shown.
    pub fn show_base(mut self, show: bool) -> Self {
        self.show_base = show;
        self
    }

    /// Sets a header for all calls, under those of the connection and over the core's own defaults.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Connection, Hook, RequestPlan};
    ///
    /// let connection = Connection::parse("http://api.test/https?X-Team=sales")?;
    /// let hook = Hook::builder(&connection).default_header("x-team", "ops").default_header("x-app", "7").build()?;
    /// let told = hook.explain(&RequestPlan::get("a"))?;
    /// assert_eq!(told.get("header x-team").map(|fact| fact.layer.to_string()), Some("connection.extra".to_owned()));
    /// assert_eq!(told.get("header x-app").map(|fact| fact.layer.to_string()), Some("program".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn default_header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.low_headers.push((name.into(), Some(value.into())));
        self
    }

    /// Sets a header for all calls, over one of the connection.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.high_headers.push((name.into(), Some(value.into())));
        self
    }

    /// Takes a header of the connection, or a default one, out of all calls.
    pub fn without_header(mut self, name: impl Into<String>) -> Self {
        self.high_headers.push((name.into(), None));
        self
    }

    /// Lays the program's options under those of the connection.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options.over(self.options);
        self
    }

    /// Sets the policy of all calls, over that of the connection.
    pub fn policy(mut self, policy: impl Into<Arc<RetryPolicy>>) -> Self {
        self.policy = Some(policy.into());
        self
    }

    /// Sets how calls prove who is calling, over what the connection says.
    ///
    /// Without it: `http_hook.auth` in the connection's extra, else Basic with its login and password, else with the
    /// user info of its host, else nothing.
    pub fn auth(mut self, scheme: impl Into<AuthScheme>) -> Self {
        self.auth = Some(scheme.into().quiet());
        self
    }

    /// Keeps the tokens of this hook in `cache` too, so that they outlive it.
    pub fn token_cache(mut self, cache: Arc<dyn TokenCache>) -> Self {
        self.tokens = Some(Arc::new(Quiet::new(cache)));
        self
    }

    /// Passes the variables of the environment in: its proxies and certificate authorities hold where neither connection nor call
    /// says anything, unless `trust_env` is off. One that counts there and is not UTF-8 is an error that names it. The core reads no
    /// environment by itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Connection, Hook};
    ///
    /// // In a program: std::env::vars_os().
    /// let variables = [("https_proxy", "http://proxy.test:3128"), ("no_proxy", "inner.test")];
    /// let hook = Hook::builder(&Connection::new().with_host("https://api.test")).environment(variables).build()?;
    /// # let _ = hook;
    /// # Ok::<(), http_hook::hook::HookError>(())
    /// ```
    pub fn environment<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.environment = Some(Arc::new(Environment::new(variables)));
        self
    }

    /// Takes login and password of the connection's host from a netrc, where nothing else says who is calling and
    /// `trust_env` is not off. A call that switches it off goes without; one that switches it on over a hook where it is off, too.
    ///
    /// It is the text of such a file, read by the rules of Python's `netrc` module, which the original uses. Nothing is looked up by
    /// itself: the caller reads the file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`](crate::ErrorKind::Auth) with the line of a word that has no place there;
    /// [`ErrorKind::Limit`](crate::ErrorKind::Limit) past 1 MiB or 10,000 entries. The original takes such a file for an empty one.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Connection, Hook};
    ///
    /// let connection = Connection::new().with_host("https://api.test");
    /// let hook = Hook::builder(&connection).netrc("machine api.test login u password p")?.build()?;
    /// # let _ = hook;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn netrc(mut self, text: &str) -> Result<Self, Error> {
        self.netrc = Some(Netrc::parse(text)?);
        Ok(self)
    }

    /// Keeps cookies from the first request of a call to its last, each call beginning with a copy of `jar`.
    #[cfg(feature = "cookies")]
    pub fn cookies(mut self, jar: Jar) -> Self {
        self.cookies = Cookies::Call(Box::new(jar));
        self
    }

    /// Keeps cookies in one jar for all calls.
    #[cfg(feature = "cookies")]
    pub fn shared_cookies(mut self, jar: Jar) -> Self {
        self.cookies = Cookies::Shared(Arc::new(Mutex::new(jar)));
        self
    }

    /// Asks for gzip, deflate, br and zstd, and undoes them within the limit on bodies. A body that is streamed stays
    /// as it came.
    #[cfg(feature = "decode")]
    pub fn decode(mut self, decode: bool) -> Self {
        self.decodes = decode;
        self
    }

    /// Attaches the gates that all calls share: retry budget, circuit breaker, rate limit. Default: none.
    ///
    /// The breaker counts what the policy of a call takes for worth another attempt, whether there is another or not; of a call without
    /// a policy, what the [default](RetryPolicy::default) would.
    pub fn gates(mut self, gates: Gates) -> Self {
        self.gates = Some(gates);
        self
    }
}

impl HookBuilder {
    #[cfg(feature = "cookies")]
    fn shown_cookies(&self) -> impl fmt::Debug + '_ {
        &self.cookies
    }

    #[cfg(not(feature = "cookies"))]
    #[expect(clippy::unused_self, reason = "with the feature it is used")]
    fn shown_cookies(&self) -> impl fmt::Debug {
        format_args!("None")
    }
}

/// Tells id, type and what is set, no value.
impl fmt::Debug for HookBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookBuilder")
            .field("connection", &self.connection)
            .field("low_headers", &self.low_headers.len())
            .field("high_headers", &self.high_headers.len())
            .field("auth", &self.auth)
            .field("netrc", &self.netrc.is_some())
            .field("environment", &self.environment.is_some())
            .field("gates", &self.gates.is_some())
            .field("cookies", &self.shown_cookies())
            .field("decodes", &self.decodes)
            .finish_non_exhaustive()
    }
}
