//! The arguments of a recorded call: the library's reading, and what the recording has of its own.

use http_hook::auth::AuthScheme;
use http_hook::{Connection, Secret};
use http_hook_airflow::{CallArguments, HookArguments, Planned};
use serde_json::Value;

use super::Fault;

/// Plans a call.
pub(super) fn plan(input: &Value, call: &Value) -> Result<Planned, Fault> {
    let hook = hook_arguments(&input["hook"])?;
    let given = |name: &str| call.get(name).cloned().unwrap_or_default();
    let arguments = CallArguments {
        endpoint: given("endpoint"),
        data: given("data"),
        headers: given("headers"),
        extra_options: given("extra_options"),
        request_kwargs: given("request_kwargs"),
    };
    Ok(arguments.plan(hook.method())?)
}

/// Reads the arguments of a hook, without the class that only the recording knows.
pub(super) fn hook_arguments(hook: &Value) -> Result<HookArguments, Fault> {
    let mut hook = hook.clone();
    if hook["auth_type"] == HEADER_PAIR {
        hook["auth_type"] = Value::Null;
    }
    Ok(HookArguments::from_json(&hook)?)
}

/// A class of the recording's own: it sends the pair in a header, or `none` if it is made without arguments.
const HEADER_PAIR: &str = "header_pair";

/// Makes the scheme that `auth_type` names; `None` where the connection alone decides.
pub(super) fn scheme(connection: &Connection, hook: &Value) -> Result<Option<AuthScheme>, Fault> {
    if hook["auth_type"] != HEADER_PAIR {
        return Ok(hook_arguments(hook)?.auth(connection)?);
    }
    let password = connection.password().map_or("", Secret::expose);
    let value = match connection.login() {
        None | Some("") => "none".to_owned(),
        Some(login) => format!("{login}:{password}"),
    };
    Ok(Some(AuthScheme::ApiKey { name: "x-auth".to_owned(), value: Secret::new(value) }))
}
