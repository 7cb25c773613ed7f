//! The hook itself.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response};

use super::base_url::BaseUrl;
use super::defaults::Defaults;
use super::layers::Sources;
use super::{HookBuilder, HookError, headers};
use crate::auth::ready::Auth;
use crate::base::{Bound, Error, Origin, Problem, Secret};
use crate::connection::{Connection, ConnectionId};
#[cfg(feature = "cookies")]
use crate::cookies::kept::Cookies;
use crate::gates::Gates;
use crate::options::in_force::InForce;
use crate::options::proxy::Environment;
use crate::options::{Capabilities, Options};
use crate::request::woven::Marks;
use crate::response::{Cause, Failure, StopReason, check_failed};
use crate::retry::RetryPolicy;

/// What a hook takes its client for that was told nothing.
pub(super) const UNKNOWN: Capabilities =
    Capabilities::none("a client of which nothing is known (see Hook::for_client)");

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
pub struct Hook {
    pub(super) inner: Arc<Inner>,
    pub(super) capable: Capabilities,
    pub(super) haste: Haste,
}

/// What is switched off for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Haste {
    /// Nothing.
    None,
    /// Waits between attempts.
    Waits,
    /// Further attempts.
    Retries,
}

/// What every response asks of the policy, told once.
pub(super) struct Habits {
    /// Whether it may look at bodies.
    pub(super) looks_at_bodies: bool,
    /// Whether it lets every response of 200 to 299 stand, unasked.
    pub(super) lets_success_stand: bool,
}

pub(super) struct Inner {
    pub(super) id: Option<ConnectionId>,
    pub(super) base: BaseUrl,
    pub(super) show_base: bool,
    pub(super) own: Bound<Own>,
    pub(super) options: Options,
    pub(super) defaults: Defaults,
    pub(super) in_force: Arc<InForce>,
    pub(super) policy: Arc<RetryPolicy>,
    pub(super) habits: Habits,
    pub(super) gates: Gates,
    pub(super) environment: Option<Arc<Environment>>,
    #[cfg(feature = "cookies")]
    pub(super) cookies: Cookies,
    /// Whether content codings are asked for and undone.
    pub(super) decodes: bool,
    pub(super) sources: Sources,
    pub(super) warnings: Vec<Problem>,
}

/// What goes to the origin of the connection, and to no other.
pub(crate) struct Own {
    /// Default headers under connection headers under the program's; no credentials of the scheme among them.
    pub(crate) headers: HeaderMap,
    /// The same with what the scheme always shows.
    pub(crate) proven: HeaderMap,
    /// Of the names of the latter, which begin with those of the former.
    pub(crate) marks: Marks,
    /// The size of the latter, in bytes.
    pub(crate) size: usize,
    pub(crate) auth: Auth,
}

impl Hook {
    /// What is sent where nobody sets a User-Agent.
    pub const DEFAULT_USER_AGENT: &'static str = headers::USER_AGENT_OF_ALL;

    /// Makes a connection ready, with the usual [`Defaults`].
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the connection.
    pub fn new(connection: &Connection) -> Result<Self, HookError> {
        Self::builder(connection).build()
    }

    /// Makes a hook without a stored connection. The URL has a scheme and may have a path, but no query and no fragment; user info in
    /// it proves who is calling.
    ///
    /// The path is shown as `***` in errors, logs and `explain`, as that of a webhook is a secret: see
    /// [`show_base`](HookBuilder::show_base).
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the URL.
    pub fn to(base_url: &str) -> Result<Self, HookError> {
        Self::builder_to(base_url).build()
    }

    /// Begins such a hook, to which the program adds headers, options or a policy. What is wrong with the URL is told where it is built.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Call, Hook, RequestPlan, Timestamp};
    ///
    /// let hook = Hook::builder_to("https://api.example.com/v2").show_base(true).header("x-team", "sales").build()?;
    /// let failure = Call::new(&hook, RequestPlan::get("orders"), 7, Timestamp::default()).cancel(&hook);
    /// assert_eq!(failure.url(), Some("https://api.example.com/v2/orders"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder_to(base_url: &str) -> HookBuilder {
        HookBuilder::to(base_url)
    }

    /// Begins a hook to which the program adds headers, options or a policy.
    pub fn builder(connection: &Connection) -> HookBuilder {
        HookBuilder::new(connection)
    }

    /// Tells the hook what the client can do that its requests go out by: an option that it would drop is an error before
    /// anything is sent. [`HttpHook`](crate::HttpHook) does so with what its transport says of itself.
    ///
    /// A hook that was told nothing refuses every option that asks for a capability, except the time limits that nobody set.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::options::{Capabilities, Capability};
    /// use http_hook::{Call, Connection, Hook, RequestPlan, Step, Timestamp};
    ///
    /// let connection = Connection::parse(r#"{"host": "https://api.test", "extra": {"verify": false}}"#)?;
    /// let hook = Hook::new(&connection)?;
    /// let first = |hook: &Hook| {
    ///     let now = Timestamp::default();
    ///     Call::new(hook, RequestPlan::get("a"), 7, now).step(hook, now)
    /// };
    /// assert!(matches!(first(&hook), Step::Done(Err(_))));
    ///
    /// let mine = Capabilities::none("my client").with(Capability::VerifyOff);
    /// assert!(matches!(first(&hook.for_client(mine)), Step::Send { .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn for_client(&self, capabilities: Capabilities) -> Self {
        Self { inner: Arc::clone(&self.inner), capable: capabilities, haste: self.haste }
    }

    /// Returns a hook whose calls never wait between two attempts, whatever policy and server say: for tests. What gates make them wait
    /// for, they still do.
    #[must_use]
    pub fn without_waits(&self) -> Self {
        Self { haste: Haste::Waits, ..self.clone() }
    }

    /// Returns a hook whose calls make one attempt, whatever their policies: for tests. What would have been sent again fails as if the
    /// attempts were used up.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Call, Hook, RequestPlan, Step, StopReason, Timestamp};
    ///
    /// let (hook, now) = (Hook::to("https://api.example.com")?.without_retries(), Timestamp::default());
    /// let call = Call::new(&hook, RequestPlan::get("orders").retries(9), 7, now);
    /// let Step::Send { attempt, .. } = call.step(&hook, now) else { unreachable!() };
    /// let busy = http::Response::builder().status(503).body(bytes::Bytes::new())?;
    /// let Step::Done(Err(failure)) = attempt.finish(&hook, Ok(busy), now) else { unreachable!() };
    /// assert_eq!(failure.reason(), StopReason::Attempts);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn without_retries(&self) -> Self {
        Self { haste: Haste::Retries, ..self.clone() }
    }

    /// Whether nothing is switched off.
    pub(crate) fn is_usual(&self) -> bool {
        self.haste == Haste::None
    }

    /// Whether there are further attempts.
    pub(crate) fn retries(&self) -> bool {
        self.haste != Haste::Retries
    }

    /// Returns the id of the connection.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.inner.id.as_ref().map(ConnectionId::as_str)
    }

    /// Returns the origin that every request starts at, and that credentials are bound to.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        self.inner.own.origin()
    }

    /// Returns the base URL, without user info. Its path and its query are the connection's, and may be secret.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.inner.base.text()
    }

    /// Joins base URL and endpoint, unescaped, as the original's method of this name. As [`base_url`](Self::base_url), it tells
    /// what may be secret.
    #[must_use]
    pub fn url_from_endpoint(&self, endpoint: &str) -> String {
        self.inner.base.url_from_endpoint(endpoint)
    }

    /// Checks the status of a response: 400 to 599 is a failure.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that prints `404:Not Found` and holds the response.
    pub fn check_response(&self, response: Response<Bytes>) -> Result<Response<Bytes>, Failure> {
        if check_failed(response.status()) {
            let cause = self.with_reason_shown(Cause::Response(response));
            return Err(Failure::new(StopReason::Rejected, cause));
        }
        Ok(response)
    }

    /// Returns the options of the program and of the connection, without the defaults below them.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// Lists what is legal in the connection and probably not meant: `verify=False` in a URI, which names a file, or a header that is
    /// called as an option would be. No value is repeated.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Connection, Hook};
    ///
    /// let hook = Hook::new(&Connection::parse("http://api.example.com/https?verify=False")?)?;
    /// let warnings: Vec<String> = hook.warnings().iter().map(ToString::to_string).collect();
    /// let verify = "connection.extra.verify: read as the name of a file (write false for the value)";
    /// assert_eq!(warnings, [verify]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.inner.warnings
    }

    /// Returns what holds where neither connection nor call says anything.
    #[must_use]
    pub fn defaults(&self) -> &Defaults {
        &self.inner.defaults
    }

    /// Returns the policy of calls that bring none of their own: that of the program, else of the connection, else of the defaults.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Hook, RetryPolicy};
    ///
    /// let hook = Hook::to("https://api.example.com")?;
    /// assert_eq!(*hook.policy(), RetryPolicy::never());
    /// # Ok::<(), http_hook::hook::HookError>(())
    /// ```
    #[must_use]
    pub fn policy(&self) -> &RetryPolicy {
        &self.inner.policy
    }

    /// Whether the [policy](Self::policy) may look at bodies.
    pub(crate) fn looks_at_bodies(&self) -> bool {
        self.inner.habits.looks_at_bodies
    }

    /// Whether the [policy](Self::policy) lets every response of 200 to 299 stand, unasked.
    pub(crate) fn lets_success_stand(&self) -> bool {
        self.inner.habits.lets_success_stand
    }

    pub(crate) fn shared_policy(&self) -> &Arc<RetryPolicy> {
        &self.inner.policy
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.capable
    }

    pub(crate) fn sources(&self) -> &Sources {
        &self.inner.sources
    }

    pub(crate) fn base(&self) -> &BaseUrl {
        &self.inner.base
    }

    pub(crate) fn shows_base(&self) -> bool {
        self.inner.show_base
    }

    pub(crate) fn gates(&self) -> &Gates {
        &self.inner.gates
    }

    /// What goes to the origin of the connection.
    pub(crate) fn own(&self) -> &Bound<Own> {
        &self.inner.own
    }

    /// The lowest layer of headers alone: what goes to any origin.
    pub(crate) fn default_headers(&self) -> HeaderMap {
        headers::default_headers(self.inner.decodes)
    }

    /// The options in force for a call that lays `call` over those of the connection.
    ///
    /// # Errors
    ///
    /// A proxy that cannot be read.
    pub(crate) fn in_force(&self, call: Option<&Options>) -> Result<Arc<InForce>, Error> {
        let Some(call) = call else { return Ok(Arc::clone(&self.inner.in_force)) };
        let set = call.clone().over(self.inner.options.clone());
        let environment = self.inner.environment.as_ref();
        let new = InForce::new(&self.inner.defaults.options, &set, environment, self.origin())?;
        Ok(Arc::new(new.of(self.inner.in_force.owner())))
    }

    /// Logins and passwords of the proxies that its calls go through.
    pub(crate) fn proxy_logins(&self) -> impl Iterator<Item = &(String, Secret)> {
        self.inner.in_force.proxy_logins(self.origin())
    }

    /// Whether a call with these options was made by this hook, or one of the same connection, origin and base.
    #[inline]
    pub(crate) fn made(&self, in_force: &Arc<InForce>) -> bool {
        let own = &self.inner.in_force;
        // Mostly it is one and the same; the text is compared where a hook was made anew.
        Arc::ptr_eq(in_force, own) || in_force.owner() == own.owner()
    }

    /// Whether the other one is of the same connection, origin and base.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.made(&other.inner.in_force)
    }

    /// Whether content codings are asked for and undone.
    pub(crate) fn decodes(&self) -> bool {
        self.inner.decodes
    }

    /// Where the cookies of a new call are kept.
    #[cfg(feature = "cookies")]
    pub(crate) fn cookies(&self) -> &Cookies {
        &self.inner.cookies
    }
}

/// Names the connection and its origin, nothing else.
impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook")
            .field("id", &self.inner.id)
            .field("origin", &format_args!("{}", self.origin()))
            .finish_non_exhaustive()
    }
}
