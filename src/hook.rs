//! A connection made ready once: everything that is the same for all its calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use crate::connection::{Connection, ConnectionId, Extra, Problem, Secret};
use crate::error::{Cause, Error, Failure, StopReason};
use crate::request::auth::basic::basic;
use crate::request::build::default_headers;
use crate::request::in_force::InForce;
use crate::request::{BaseParts, BaseUrl, Options, Origin, Setting, headers};
use crate::response::check_failed;
use crate::retry::{Gates, RetryPolicy};

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
    /// Default headers under connection headers under the program's; no credential among them.
    headers: HeaderMap,
    /// What goes to the origin of the connection, and nowhere else.
    authorization: Option<HeaderValue>,
    options: Options,
    defaults: Defaults,
    in_force: Arc<InForce>,
    policy: Arc<RetryPolicy>,
    gates: Gates,
}

/// What holds where neither connection nor call says anything.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Defaults {
    /// The lowest layer of options.
    pub options: Options,
    /// What is retried where nothing else is said.
    pub policy: RetryPolicy,
    /// Whether a policy may send any method again, as the original does.
    pub resend_any: bool,
}

impl Default for Defaults {
    /// Connect 10 s, 60 s to the head of the answer, 60 s between pieces of the body; each call sends once.
    fn default() -> Self {
        let minute = Setting::Set(Duration::from_secs(60));
        let options = Options {
            connect_timeout: Setting::Set(Duration::from_secs(10)),
            head_timeout: minute,
            idle_timeout: minute,
            ..Options::default()
        };
        Self { options, policy: RetryPolicy::never(), resend_any: false }
    }
}

impl Defaults {
    /// What the original does: no time limits, and a policy may send any method again.
    #[must_use]
    pub fn airflow() -> Self {
        Self { options: Options::default(), policy: RetryPolicy::never(), resend_any: true }
    }
}

/// Everything that is wrong with a connection, all at once.
#[derive(Debug)]
pub struct HookError {
    id: Option<ConnectionId>,
    problems: Vec<Problem>,
}

impl HookError {
    /// Lists what is wrong, each with its place and, where there is one, a hint.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(f, "connection {id} cannot be used")?,
            None => f.write_str("the connection cannot be used")?,
        }
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for HookError {}

/// Makes a [`Hook`] of a connection and of what the program adds.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct HookBuilder {
    connection: Connection,
    defaults: Defaults,
    default_host: Option<String>,
    default_headers: Vec<(String, Option<Secret>)>,
    options: Options,
    policy: Option<Arc<RetryPolicy>>,
    gates: Option<Gates>,
}

impl HookBuilder {
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

    /// Sets a header for all calls, over one of the connection.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.default_headers.push((name.into(), Some(value.into())));
        self
    }

    /// Takes a header of the connection, or a default one, out of all calls.
    pub fn without_header(mut self, name: impl Into<String>) -> Self {
        self.default_headers.push((name.into(), None));
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

    /// Attaches the gates that all calls share: retry budget, circuit breaker, rate limit. Default: none.
    pub fn gates(mut self, gates: Gates) -> Self {
        self.gates = Some(gates);
        self
    }

    /// Makes the hook.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the connection, or with what the program added.
    pub fn build(self) -> Result<Hook, HookError> {
        let mut problems = Vec::new();
        let connection = &self.connection;
        let extra = Extra::read(connection, &mut problems);
        let base = self.base(&mut problems);
        let headers = self.headers(&extra, &mut problems);
        let user_info = base
            .as_ref()
            .and_then(|base| base.user_info())
            .map(|(login, password)| (login.to_owned(), password.clone()));
        let authorization = credentials(connection, user_info).and_then(|(login, password)| {
            basic(&login, &password)
                .map_err(|error| problems.push(problem("connection.login", &error)))
                .ok()
        });
        let policy = self.policy_of(&extra, &mut problems);
        let (Some(base), true) = (base, problems.is_empty()) else {
            return Err(HookError { id: connection.id().cloned(), problems });
        };
        let options = extra.options.over(self.options);
        let in_force = Arc::new(InForce::new(&self.defaults.options, &options));
        let id = connection.id().cloned();
        let defaults = self.defaults;
        Ok(Hook(Arc::new(Inner {
            id,
            base,
            headers,
            authorization,
            options,
            defaults,
            in_force,
            policy,
            gates: self.gates.unwrap_or_else(Gates::none),
        })))
    }

    fn base(&self, problems: &mut Vec<Problem>) -> Option<BaseUrl> {
        let connection = &self.connection;
        let parts = BaseParts {
            conn_type: connection.conn_type(),
            schema: connection.schema(),
            host: connection.host(),
            port: connection.port(),
            default_host: self.default_host.as_deref().unwrap_or_default(),
        };
        match BaseUrl::new(&parts) {
            Ok(base) => Some(base),
            Err(errors) => {
                problems.extend(errors.iter().map(|error| problem("connection", error)));
                None
            }
        }
    }

    fn headers(&self, extra: &Extra, problems: &mut Vec<Problem>) -> HeaderMap {
        let mut map = default_headers();
        let layers = [("connection.extra", &extra.headers), ("header", &self.default_headers)];
        for (place, layer) in layers {
            for (name, value) in layer {
                let text = value.as_ref().map_or("", Secret::expose);
                let checked = headers::check(name, text, place);
                match (checked, value) {
                    (Ok((name, mut checked)), Some(_)) => {
                        checked.set_sensitive(true);
                        if map.len() >= headers::MAX_HEADERS
                            || map.try_insert(name, checked).is_err()
                        {
                            problems.push(Problem::new(place, "too many headers"));
                            return map;
                        }
                    }
                    (Ok((name, _)), None) => {
                        map.remove(name);
                    }
                    (Err(error), _) => problems.push(problem(place, &error)),
                }
            }
        }
        map
    }

    fn policy_of(&self, extra: &Extra, problems: &mut Vec<Problem>) -> Arc<RetryPolicy> {
        if let Some(policy) = &self.policy {
            return Arc::clone(policy);
        }
        match extra.settings.get("retry") {
            None => Arc::new(self.defaults.policy.clone()),
            Some(value) => {
                let read = RetryPolicy::from_json(&value.to_string());
                Arc::new(read.unwrap_or_else(|error| {
                    problems.push(problem("connection.extra.http_hook.retry", &error));
                    RetryPolicy::never()
                }))
            }
        }
    }
}

/// An error as a problem; a message that names its own place keeps it.
fn problem(place: &str, error: &Error) -> Problem {
    let message = error.message();
    match message.split_once(": ") {
        Some((own, message)) if own.starts_with(place) => Problem::new(own, message.to_owned()),
        _ => Problem::new(place, message.to_owned()),
    }
}

/// What is sent where nobody sets a User-Agent.
pub const DEFAULT_USER_AGENT: &str = concat!("http-hook/", env!("CARGO_PKG_VERSION"));

/// Login and password of the connection, else of its host text; a password alone is nothing.
fn credentials(
    connection: &Connection,
    user_info: Option<(String, Secret)>,
) -> Option<(String, Secret)> {
    match connection.login().filter(|login| !login.is_empty()) {
        Some(login) => {
            let password = connection.password().cloned().unwrap_or_else(|| "".into());
            Some((login.to_owned(), password))
        }
        None => user_info,
    }
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
        HookBuilder { connection: connection.clone(), ..HookBuilder::default() }
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
    pub(crate) fn in_force(&self, call: Option<&Options>) -> Arc<InForce> {
        match call {
            None => Arc::clone(&self.0.in_force),
            Some(call) => {
                let set = call.clone().over(self.0.options.clone());
                Arc::new(InForce::new(&self.0.defaults.options, &set))
            }
        }
    }

    /// Everything below the call that goes to the origin of the connection.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.0.headers.clone()
    }

    /// The one place where the connection's credentials meet a request: only its own origin gets them.
    pub(crate) fn authorize(&self, origin: &Origin, headers: &mut HeaderMap) {
        if origin == self.origin() {
            if let Some(value) = &self.0.authorization {
                headers.insert(AUTHORIZATION, value.clone());
            }
        }
    }
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
