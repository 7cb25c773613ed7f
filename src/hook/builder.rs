//! A hook in the making: the connection, what the program adds, and everything that is wrong with either.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;

use super::{Defaults, Hook, Inner};
#[cfg(feature = "cookies")]
use crate::call::jar::Cookies;
use crate::connection::{Connection, ConnectionId, Extra, Problem, Secret};
use crate::error::Error;
use crate::explain::{Layer, Sources};
use crate::request::auth::flow::Auth;
use crate::request::auth::{AuthScheme, Netrc, TokenCache};
use crate::request::build::default_headers;
use crate::request::in_force::InForce;
use crate::request::proxy::Environment;
use crate::request::{BaseParts, BaseUrl, Options, headers};
#[cfg(feature = "cookies")]
use crate::response::cookies::Jar;
use crate::retry::{Gates, RetryPolicy};
#[cfg(feature = "cookies")]
use std::sync::Mutex;

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
    auth: Option<AuthScheme>,
    tokens: Option<Arc<dyn TokenCache>>,
    environment: Option<Arc<Environment>>,
    netrc: Option<Netrc>,
    #[cfg(feature = "cookies")]
    cookies: Cookies,
    decodes: bool,
}

impl HookBuilder {
    pub(super) fn new(connection: &Connection) -> Self {
        Self { connection: connection.clone(), ..Self::default() }
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

    /// Sets how calls prove who is calling, over what the connection says.
    ///
    /// Without it: `http_hook.auth` in the connection's extra, else Basic with its login and password, else with the
    /// user info of its host, else nothing.
    pub fn auth(mut self, scheme: AuthScheme) -> Self {
        self.auth = Some(scheme);
        self
    }

    /// Keeps the tokens of this hook in `cache` too, so that they outlive it.
    pub fn token_cache(mut self, cache: Arc<dyn TokenCache>) -> Self {
        self.tokens = Some(cache);
        self
    }

    /// Passes the environment in: its proxies and certificate authorities hold where neither connection nor call
    /// says anything, unless `trust_env` is off. The core reads no environment by itself.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(Arc::new(environment));
        self
    }

    /// Takes login and password of the connection's host from a netrc, where nothing else says who is calling and
    /// `trust_env` is not off.
    pub fn netrc(mut self, netrc: Netrc) -> Self {
        self.netrc = Some(netrc);
        self
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
        let mut sources = Sources::of(connection, self.default_host.is_some());
        let headers = self.headers(&extra, &mut sources, &mut problems);
        sources.program = self.options.clone();
        sources.extra = extra.options.clone();
        let auth = self.auth_of(&extra, base.as_ref(), &mut problems);
        let policy = self.policy_of(&extra, &mut problems);
        let options = extra.options.clone().over(self.options.clone());
        let in_force = base.as_ref().and_then(|base| {
            let environment = self.environment.as_ref();
            InForce::new(&self.defaults.options, &options, environment, base.origin())
                .map_err(|error| problems.push(problem("connection.extra", &error)))
                .ok()
        });
        known_settings(&extra, &mut problems);
        let (Some(base), Some(auth), Some(in_force), true) =
            (base, auth, in_force, problems.is_empty())
        else {
            return Err(HookError { id: connection.id().cloned(), problems });
        };
        let mut proven = headers.clone();
        auth.add_to(&mut proven);
        let id = connection.id().cloned();
        let defaults = self.defaults;
        Ok(Hook(Arc::new(Inner {
            id,
            base,
            headers,
            proven,
            auth,
            options,
            defaults,
            in_force: Arc::new(in_force),
            policy,
            gates: self.gates.unwrap_or_else(Gates::none),
            environment: self.environment,
            #[cfg(feature = "cookies")]
            cookies: self.cookies,
            decodes: self.decodes,
            sources,
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

    fn headers(
        &self,
        extra: &Extra,
        sources: &mut Sources,
        problems: &mut Vec<Problem>,
    ) -> HeaderMap {
        let mut map = default_headers(super::accept_encoding(self.decodes));
        let layers = [
            ("connection.extra", Layer::Connection("extra"), &extra.headers),
            ("header", Layer::Program, &self.default_headers),
        ];
        for (place, layer, words) in layers {
            for (name, value) in words {
                let text = value.as_ref().map_or("", Secret::expose);
                let checked = headers::check(name, text, place);
                if let Ok((name, _)) = &checked {
                    sources.headers.push((name.clone(), layer, value.is_some()));
                }
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

    fn auth_of(
        &self,
        extra: &Extra,
        base: Option<&BaseUrl>,
        problems: &mut Vec<Problem>,
    ) -> Option<Auth> {
        let connection = &self.connection;
        let scheme = match (&self.auth, extra.settings.get("auth")) {
            (Some(scheme), _) => Ok(scheme.clone()),
            (None, Some(value)) => {
                AuthScheme::from_json(value, connection.login(), connection.password())
            }
            (None, None) => Ok(self.usual_scheme(extra, base)),
        };
        let owner = connection.id().map_or("", ConnectionId::as_str);
        let auth = scheme.and_then(|scheme| Auth::new(scheme, owner, self.tokens.clone()));
        auth.map_err(|error| problems.push(problem("connection", &error))).ok()
    }

    /// Basic with login and password of the connection, else of its host text, else of the netrc; a password alone
    /// is nothing.
    fn usual_scheme(&self, extra: &Extra, base: Option<&BaseUrl>) -> AuthScheme {
        let connection = &self.connection;
        let own = connection.login().filter(|login| !login.is_empty()).map(|login| {
            (login, connection.password().cloned().unwrap_or_else(|| Secret::new("")))
        });
        let of_host = || base?.user_info().map(|(login, password)| (login, password.clone()));
        let trusted = extra.options.trust_env.or(self.options.trust_env).unwrap_or(true);
        let of_netrc = || self.netrc.as_ref().filter(|_| trusted)?.find(base?.origin().host());
        match own.or_else(of_host).or_else(of_netrc) {
            Some((login, password)) => AuthScheme::Basic { login: login.to_owned(), password },
            None => AuthScheme::None,
        }
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

/// Refuses settings that nobody reads: a typo there would go unseen.
fn known_settings(extra: &Extra, problems: &mut Vec<Problem>) {
    for name in extra.settings.keys() {
        if !["auth", "retry"].contains(&name.as_str()) {
            let place = format!("connection.extra.http_hook.{}", name.escape_default());
            problems
                .push(Problem::new(place, "there is no such setting; there are auth and retry"));
        }
    }
}
