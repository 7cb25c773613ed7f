//! A connection as it may be shown: what may be secret is `***`.

use http_hook::{Connection, Secret};
use http_hook_sources::{Form, Found};
use serde_json::{Map, Value, json};

use crate::exit::Problem;
use crate::store::problem;

const HIDDEN: &str = "***";
/// Members of the extra that are options: numbers and switches of these are shown.
const OPTIONS: [&str; 9] = [
    "stream",
    "timeout",
    "verify",
    "verify_ssl",
    "allow_redirects",
    "max_redirects",
    "trust_env",
    "check_response",
    "cert",
];
/// What stored settings call their kinds.
const WORDS: [&str; 7] =
    ["none", "basic", "digest", "bearer", "api_key", "oauth2_client_credentials", "oauth2_refresh"];

/// Prints a connection in our own form.
pub(crate) fn section(id: &str, connection: &Connection, secrets: bool) -> Result<String, Problem> {
    let redacted = if secrets { connection.clone() } else { redacted(connection) };
    let text = Form::Toml.write([(id, &redacted)]).map_err(|error| problem(&error))?;
    Ok(text.expose().to_owned())
}

/// A connection for programs: its fields, and its extra as the JSON that it is, or as a text.
pub(crate) fn members(id: &str, found: &Found, secrets: bool) -> Value {
    let connection = found.connection();
    let shown = if secrets { connection.clone() } else { redacted(connection) };
    let extra = shown.extra().map(Secret::expose);
    let extra = extra.map(|text| serde_json::from_str(text).unwrap_or_else(|_| text.into()));
    json!({
        "id": id,
        "place": found.place(),
        "type": shown.conn_type(),
        "description": shown.description(),
        "host": shown.host(),
        "schema": shown.schema(),
        "port": shown.port(),
        "login": shown.login(),
        "password": shown.password().map(Secret::expose),
        "extra": extra.unwrap_or(Value::Null),
    })
}

/// The host without user info, path and query, with the port if it has one.
pub(crate) fn host(connection: &Connection) -> Option<String> {
    let host = connection.host().filter(|host| !host.is_empty())?;
    let Parts { scheme, authority, .. } = Parts::of(host);
    let port = connection.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{scheme}{authority}{port}"))
}

/// The URL without user info, path and query, which may be secret.
pub(crate) fn url(host: &str) -> String {
    let Parts { scheme, has_login, authority, more } = Parts::of(host);
    let login = if has_login { "***@" } else { "" };
    let more = if more.len() > 1 { "/***" } else { more };
    format!("{scheme}{login}{authority}{more}")
}

/// What a host is made of; a part that is not what it should be is hidden.
struct Parts<'a> {
    /// With what parts it from the rest.
    scheme: &'a str,
    has_login: bool,
    authority: &'a str,
    more: &'a str,
}

impl<'a> Parts<'a> {
    fn of(host: &'a str) -> Self {
        let (scheme, rest) = host.split_at(host.find("://").map_or(0, |at| at + 3));
        let word = scheme.strip_suffix("://").unwrap_or("http");
        let of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if !word.starts_with(|c: char| c.is_ascii_alphabetic()) || !word.chars().all(of_scheme) {
            return Self { scheme: "", has_login: false, authority: HIDDEN, more: "" };
        }
        // A path may have an `@`, too.
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, more) = rest.split_at(end);
        let (has_login, authority) =
            authority.rsplit_once('@').map_or((false, authority), |(_, host)| (true, host));
        let authority = if is_authority(authority) { authority } else { HIDDEN };
        Self { scheme, has_login, authority, more }
    }
}

/// Whether it may be a name or an address with a port: what stands for a port may be a password.
fn is_authority(text: &str) -> bool {
    let address = text.strip_prefix('[').and_then(|text| text.split_once(']'));
    let (name, port) = match address {
        Some((address, "")) => (address, ""),
        Some((address, port)) => match port.strip_prefix(':') {
            Some(port) => (address, port),
            None => return false,
        },
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let of_name =
        |c: char| c.is_alphanumeric() || "-._".contains(c) || address.is_some() && ":%".contains(c);
    name.chars().all(of_name) && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// The type, if it is one: of a text that is no connection, a secret say, the beginning is read as a type.
pub(crate) fn kind(connection: &Connection) -> Option<&str> {
    let kind = connection.conn_type()?;
    let is_word = kind.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let has_host = connection.host().is_some_and(|host| !host.is_empty());
    let is_usual = matches!(kind, "" | "http" | "https" | "http_hook" | "generic");
    Some(if is_usual || is_word && has_host && kind.len() <= 32 { kind } else { HIDDEN })
}

fn redacted(connection: &Connection) -> Connection {
    let mut shown = Connection::new();
    if let Some(kind) = kind(connection) {
        shown = shown.with_conn_type(kind);
    }
    if let Some(description) = connection.description() {
        shown = shown.with_description(description);
    }
    if let Some(host) = connection.host() {
        shown = shown.with_host(url(host));
    }
    if let Some(schema) = connection.schema() {
        let is_scheme = matches!(schema, "" | "http" | "https");
        shown = shown.with_schema(if is_scheme { schema } else { HIDDEN });
    }
    if let Some(port) = connection.port().and_then(|port| u16::try_from(port).ok()) {
        shown = shown.with_port(port);
    }
    let password = connection.password().filter(|password| !password.expose().is_empty());
    if let Some(login) = connection.login() {
        // A login without a password is a key, as often as not.
        let is_shown = password.is_some() || login.is_empty();
        shown = shown.with_login(if is_shown { login } else { HIDDEN });
    }
    if password.is_some() {
        shown = shown.with_password(HIDDEN);
    }
    match connection.extra().map(Secret::expose).filter(|extra| !extra.is_empty()) {
        Some(extra) => shown.with_extra(extra_shown(extra)),
        None => shown,
    }
}

fn extra_shown(extra: &str) -> String {
    let Ok(members) = serde_json::from_str::<Map<String, Value>>(extra) else {
        return HIDDEN.to_owned();
    };
    let shown = members.into_iter().map(|(name, value)| {
        let value = match value {
            Value::Object(settings) if name == "http_hook" => Value::Object(of_settings(settings)),
            value => hidden(value, OPTIONS.contains(&name.as_str()), &[]),
        };
        (name, value)
    });
    Value::Object(shown.collect()).to_string()
}

fn of_settings(settings: Map<String, Value>) -> Map<String, Value> {
    let shown = settings.into_iter().map(|(name, value)| {
        let value = match value {
            Value::Object(auth) if name == "auth" => {
                let shown = auth.into_iter().map(|(name, value)| {
                    let known: &[&str] = if name == "scheme" { &WORDS } else { &[] };
                    (name, hidden(value, false, known))
                });
                Value::Object(shown.collect())
            }
            value => hidden(value, name == "retry", &[]),
        };
        (name, value)
    });
    shown.collect()
}

/// Puts `***` in the place of every value that is not one of some words, nor a number or a switch where these are shown.
fn hidden(value: Value, numbers: bool, words: &[&str]) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Number(_) | Value::Bool(_) if numbers => value,
        Value::String(text) if words.contains(&text.as_str()) => Value::String(text),
        Value::Array(items) => items.into_iter().map(|item| hidden(item, numbers, words)).collect(),
        Value::Object(members) => {
            let shown = members.into_iter().map(|(name, value)| {
                let value = match value {
                    // What kind of wait or stop it is.
                    Value::String(text) if numbers && name == "type" && is_kind(&text) => {
                        Value::String(text)
                    }
                    value => hidden(value, numbers, words),
                };
                (name, value)
            });
            Value::Object(shown.collect())
        }
        _ => HIDDEN.into(),
    }
}

fn is_kind(text: &str) -> bool {
    text.len() < 32 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}
