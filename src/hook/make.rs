//! A hook is made: everything is read, and everything that is wrong is collected.

use std::sync::Arc;

use http::HeaderMap;

use super::base_url::{BaseParts, BaseUrl};
use super::error::Subject;
use super::given;
use super::headers::default_headers;
use super::layers::{Layer, Sources};
use super::made::{Habits, Haste, Inner, Own, UNKNOWN};
use super::{Hook, HookBuilder, HookError};
use crate::auth::AuthScheme;
use crate::auth::ready::{Auth, Kept};
use crate::base::{Bound, Error, Problem, Secret, headers, redact};
use crate::connection::{ConnectionId, Extra};
use crate::gates::Gates;
use crate::options::Setting;
use crate::options::in_force::InForce;
use crate::options::proxy::Wrong;
use crate::request::woven;
use crate::retry::RetryPolicy;

impl HookBuilder {
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
        let options = extra.options.clone().over(self.options.clone());
        let in_force = base.as_ref().map(|base| {
            let environment = self.environment.as_ref();
            InForce::new(&self.defaults.options, &options, environment, base.origin())
        });
        let in_force = in_force.transpose();
        let known = in_force.as_ref().ok().and_then(Option::as_ref);
        let auth = self.auth_of(&extra, base.as_ref(), known, &mut sources, &mut problems);
        let policy = self.policy_of(&extra, &mut problems);
        let in_force = in_force.unwrap_or_else(|wrong| {
            let place = match &wrong {
                Wrong::Variable(_) => "environment",
                Wrong::Option(_) if extra.options.proxies == Setting::Inherit => "options",
                Wrong::Option(_) => "connection.extra",
            };
            problems.push(problem(place, &wrong.into()));
            None
        });
        known_settings(&extra, &mut problems);
        let (Some(base), Some(auth), Some(in_force), true) =
            (base, auth, in_force, problems.is_empty())
        else {
            let of = if self.given {
                Subject::Program
            } else {
                Subject::Connection(connection.id.clone())
            };
            return Err(HookError { of, problems });
        };
        let mut proven = headers.clone();
        if let Some((name, value)) = auth.shown() {
            proven.insert(name.clone(), value.clone());
        }
        let size = headers::size_of(&proven);
        let marks = woven::marks(&proven);
        let own = Own { headers, proven, marks, size, auth };
        let own = Bound::new(base.origin().clone(), own);
        let id = connection.id.as_ref().map_or("", ConnectionId::as_str);
        let owner = Secret::new(format!("{id}\n{}\n{}", base.origin(), base.rest()));
        let owner = Arc::new(owner);
        let inner = Inner {
            id: connection.id.clone(),
            base,
            show_base: self.show_base,
            own,
            options,
            defaults: self.defaults,
            in_force: Arc::new(in_force.of(Some(&owner))),
            habits: Habits {
                looks_at_bodies: policy.looks_at_bodies(),
                lets_success_stand: policy.lets_success_stand(),
            },
            policy,
            gates: self.gates.unwrap_or_else(Gates::none),
            environment: self.environment,
            #[cfg(feature = "cookies")]
            cookies: self.cookies,
            decodes: self.decodes,
            sources,
            warnings: extra.warnings,
        };
        Ok(Hook { inner: Arc::new(inner), capable: UNKNOWN, haste: Haste::None })
    }

    fn base(&self, problems: &mut Vec<Problem>) -> Option<BaseUrl> {
        let connection = &self.connection;
        let given = connection.host().filter(|_| self.given);
        if let Some(problem) = given.and_then(given::unfit) {
            problems.push(problem);
            return None;
        }
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
                problems.extend(self.base_problems(&errors));
                None
            }
        }
    }

    /// Says what is wrong with the base URL, and how it is written: most who get here pasted something else.
    fn base_problems(&self, errors: &[Error]) -> Vec<Problem> {
        if self.given {
            return errors.iter().map(given::problem).collect();
        }
        let is_empty = |host: Option<&str>| host.is_none_or(str::is_empty);
        if is_empty(self.connection.host()) && is_empty(self.default_host.as_deref()) {
            // Without a host, what stands in the place of the schema is a part of something else.
            let others = errors.iter().filter(|error| {
                !error.message().contains("connection.schema")
                    && !error.message().contains("connection.host")
            });
            let others = others.map(|error| problem("connection", error));
            let none = Problem::new("connection.host", "there is none").with_hint(
                "write http://api.example.com:8080, or http://api.example.com/https for TLS, without quotes; a bare host, \
                 host and port, or a token is no connection",
            );
            return others.chain([none]).collect();
        }
        let with_hint = |error: &Error| {
            let problem = problem("connection", error);
            if !error.message().contains("connection.schema") {
                return problem;
            }
            problem.with_hint(
                "what follows the host of a URI is the scheme here, http or https: put a path into the endpoint, or write it \
                 with the host, as http://https%3A%2F%2Fapi.example.com%2Fv1",
            )
        };
        errors.iter().map(with_hint).collect()
    }

    fn headers(
        &self,
        extra: &Extra,
        sources: &mut Sources,
        problems: &mut Vec<Problem>,
    ) -> HeaderMap {
        let mut map = default_headers(self.decodes);
        let layers = [
            (Layer::Program, &self.low_headers),
            (Layer::Connection("extra"), &extra.headers),
            (Layer::Program, &self.high_headers),
        ];
        for (layer, words) in layers {
            let is_connections = layer != Layer::Program;
            for (index, (name, value)) in words.iter().enumerate() {
                let text = value.as_ref().map_or("", Secret::expose);
                let (name, mut checked) = match headers::parse(name, text.as_bytes()) {
                    Ok(header) => header,
                    Err(fault) => {
                        let which = match fault.shown_name(is_connections) {
                            Some(name) => name.to_string(),
                            None => index.saturating_add(1).to_string(),
                        };
                        let place =
                            if is_connections { "connection.extra, header" } else { "header" };
                        problems.push(Problem::new(format!("{place} {which}"), fault.why));
                        continue;
                    }
                };
                sources.headers.push((name.clone(), layer));
                checked.set_sensitive(true);
                if value.is_none() {
                    map.remove(name);
                } else if map.len() >= headers::MAX_HEADERS
                    || map.try_insert(name, checked).is_err()
                {
                    let place = if is_connections { "connection.extra" } else { "header" };
                    problems.push(Problem::new(place, "too many headers"));
                    return map;
                }
            }
        }
        map
    }

    fn auth_of(
        &self,
        extra: &Extra,
        base: Option<&BaseUrl>,
        in_force: Option<&InForce>,
        sources: &mut Sources,
        problems: &mut Vec<Problem>,
    ) -> Option<Auth> {
        let connection = &self.connection;
        let scheme = match (&self.auth, extra.settings.get("auth")) {
            (Some(scheme), _) => Ok(scheme.clone()),
            (None, Some(value)) => {
                AuthScheme::from_json(value, connection.login(), connection.password())
            }
            (None, None) => {
                let trusted = in_force.is_some_and(|in_force| in_force.trust_env);
                Ok(self.usual_scheme(base, trusted, sources))
            }
        };
        let id = connection.id().unwrap_or_default();
        let kept = self.tokens.clone().zip(base.zip(in_force));
        let kept = kept.map(|(cache, (base, in_force))| Kept {
            cache,
            id,
            origin: base.origin(),
            in_force,
        });
        let auth = scheme.and_then(|scheme| Auth::new(scheme, kept));
        let place = if self.auth.is_some() { "auth" } else { "connection" };
        auth.map_err(|error| problems.push(problem(place, &error))).ok()
    }

    /// Basic with login and password of the connection, else of its host text, else of the netrc; a password alone
    /// is nothing.
    fn usual_scheme(
        &self,
        base: Option<&BaseUrl>,
        trusted: bool,
        sources: &mut Sources,
    ) -> AuthScheme {
        let connection = &self.connection;
        let own = connection.login().filter(|login| !login.is_empty()).map(|login| {
            (login.to_owned(), connection.password().cloned().unwrap_or_else(|| Secret::new("")))
        });
        let of_host =
            || base?.user_info().map(|(login, password)| (login.to_owned(), password.clone()));
        let of_netrc = || {
            let origin = base?.origin();
            let found = self.netrc.as_ref().filter(|_| trusted)?.find(origin)?;
            let found = found.into_secret_at(origin);
            sources.netrc = found.is_some();
            found
        };
        match own.or_else(of_host).or_else(of_netrc) {
            Some((login, password)) => AuthScheme::Basic { login, password },
            None => AuthScheme::None,
        }
    }

    fn policy_of(&self, extra: &Extra, problems: &mut Vec<Problem>) -> Arc<RetryPolicy> {
        if let Some(policy) = &self.policy {
            if let Err(error) = policy.validate() {
                problems.push(problem("retry policy", &error));
            }
            return Arc::clone(policy);
        }
        match extra.settings.get("retry") {
            None => Arc::new(self.defaults.policy.clone()),
            Some(value) => Arc::new(RetryPolicy::from_connection(value).unwrap_or_else(|error| {
                problems.push(problem("connection.extra.http_hook.retry", &error));
                RetryPolicy::never()
            })),
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

/// Refuses settings that nobody reads: a typo there would go unseen. Their names may be secrets.
fn known_settings(extra: &Extra, problems: &mut Vec<Problem>) {
    let known = ["auth", "retry"];
    for name in extra.settings.keys().filter(|name| !known.contains(&name.as_str())) {
        let problem = Problem::new(
            "connection.extra.http_hook",
            "a setting that there is not, beside auth and retry",
        );
        problems.push(match redact::nearest(name, known) {
            Some(near) => problem.with_hint(format!("is it `{near}`?")),
            None => problem,
        });
    }
}
