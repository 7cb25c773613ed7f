//! The argument `auth_type` of the hook, and `auth` of a call.

use http::HeaderName;
use http::header::PROXY_AUTHORIZATION;
use http_hook::auth::{AuthRequest, AuthScheme, Authenticate, Proof};
use http_hook::{Connection, Error, ErrorKind, Secret};
use serde_json::{Value, json};
use std::sync::Arc;

use super::Fault;
use super::arguments::Inexpressible;
use crate::recorded::values::tagged;

/// Reads `auth_type`; `None` where the connection alone decides.
///
/// # Errors
///
/// What the library says of a type that lacks a login, and a type that nobody knows.
pub(super) fn scheme(connection: &Connection, hook: &Value) -> Result<Option<AuthScheme>, Fault> {
    let (login, password) = (connection.login(), connection.password());
    let given = login.filter(|login| !login.is_empty()).map(|login| {
        let password = password.map_or("", Secret::expose);
        format!("{login}:{password}")
    });
    let scheme = match hook["auth_type"].as_str() {
        None => return Ok(None),
        Some(name @ ("basic" | "digest")) => {
            AuthScheme::from_json(&json!({"scheme": name}), login, password)
                .map_err(|error| Fault::from(&error))?
        }
        Some("proxy") => {
            let basic = AuthScheme::from_json(&json!({"scheme": "basic"}), login, password);
            let proof =
                basic.and_then(|basic| basic.proof()).map_err(|error| Fault::from(&error))?;
            let Proof::Header(_, value) = proof else { return Err(Inexpressible.into()) };
            custom(PROXY_AUTHORIZATION, value.to_str().unwrap_or_default())
        }
        Some("header_pair") => {
            custom(HeaderName::from_static("x-auth"), given.as_deref().unwrap_or("none"))
        }
        Some(_) => return Err(Inexpressible.into()),
    };
    Ok(Some(scheme))
}

/// Reads `auth` of a call: a tuple of login and password.
///
/// # Errors
///
/// Anything else.
pub(super) fn of_call(value: &Value) -> Result<AuthScheme, Inexpressible> {
    let pair = tagged(value, "$tuple").and_then(Value::as_array).ok_or(Inexpressible)?;
    match pair.as_slice() {
        [Value::String(login), Value::String(password)] => {
            Ok(AuthScheme::Basic { login: login.clone(), password: Secret::new(password.as_str()) })
        }
        _ => Err(Inexpressible),
    }
}

fn custom(name: HeaderName, value: &str) -> AuthScheme {
    AuthScheme::Custom(Arc::new(Fixed { name, value: Secret::new(value) }))
}

/// One header with each request: a scheme that the library does not know.
#[derive(Debug)]
struct Fixed {
    name: HeaderName,
    value: Secret,
}

impl Authenticate for Fixed {
    fn authorize(&self, _: &AuthRequest<'_>) -> Result<Proof, Error> {
        let value = self.value.expose().parse();
        let value =
            value.map_err(|_| Error::new(ErrorKind::Auth, "auth: no header can hold it"))?;
        Ok(Proof::Header(self.name.clone(), value))
    }
}
