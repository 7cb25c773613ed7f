//! Which connection is meant, and where it is from. Whatever looks connections up elsewhere goes in here: in [`look_up`].

use std::env;
use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate;
use http_hook::Connection;

use crate::exit::Problem;

/// A connection, with what it is called in messages.
pub(crate) struct Found {
    pub(crate) connection: Connection,
    /// The id, or what stands in its place.
    pub(crate) name: String,
    /// Where it is from.
    pub(crate) origin: String,
    /// What the endpoint is if it was a whole URL.
    pub(crate) endpoint: Option<String>,
    /// What finds it again, unless that holds its secrets.
    pub(crate) again: Option<String>,
}

const PREFIX: &str = "AIRFLOW_CONN_";

/// Finds the connection of a call: an id, the text of a connection, or `-` and a URL.
pub(crate) fn find(conn: &str, endpoint: &str) -> Result<Found, Problem> {
    if conn == "-" {
        return from_url(endpoint);
    }
    if conn.contains("://") || conn.trim_start().starts_with('{') {
        let connection = Connection::parse(conn).map_err(|error| Problem::of_error(&error))?;
        return Ok(found(connection, "the connection", "as given"));
    }
    let (connection, origin) = look_up(conn)?;
    Ok(Found { again: Some(conn.to_owned()), ..found(connection, conn, &origin) })
}

/// Looks a connection up by its id, and tells where it was.
fn look_up(id: &str) -> Result<(Connection, String), Problem> {
    Connection::new().with_id(id).map_err(|error| Problem::of_error(&error))?;
    let variable = format!("{PREFIX}{}", id.to_uppercase());
    let text = match env::var(&variable) {
        Err(env::VarError::NotUnicode(_)) => {
            return Err(Problem::connection(format!("the variable {variable} is not UTF-8")));
        }
        Err(env::VarError::NotPresent) => String::new(),
        Ok(text) => text,
    };
    if text.trim().is_empty() {
        return Err(not_defined(id, &variable));
    }
    let connection = Connection::parse(&text).and_then(|connection| connection.with_id(id));
    let connection = connection
        .map_err(|error| Problem::connection(format!("the variable {variable}: {error}")))?;
    Ok((connection, format!("env {variable}")))
}

fn not_defined(id: &str, variable: &str) -> Problem {
    let settable = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let mut hint = if settable {
        format!("set {variable}, or give a URI")
    } else {
        let of = "an id of letters, digits and `_` can be a variable";
        format!("no shell can set {variable}: {of}, or give a URI")
    };
    let ids = ids();
    if !ids.is_empty() {
        hint.push_str("; defined are: ");
        hint.push_str(&ids.join(", "));
    }
    Problem::not_found(format!("the connection {id} is not defined"), hint)
}

/// Lists the ids that the environment defines.
pub(crate) fn ids() -> Vec<String> {
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let ids = names.filter_map(|name| Some(name.strip_prefix(PREFIX)?.to_lowercase()));
    let mut ids: Vec<_> = ids.filter(|id| !id.is_empty()).collect();
    ids.sort();
    ids
}

/// Completes an id.
pub(crate) fn complete(begin: &OsStr) -> Vec<CompletionCandidate> {
    let begin = begin.to_string_lossy();
    ids().into_iter().filter(|id| id.starts_with(&*begin)).map(CompletionCandidate::new).collect()
}

fn found(connection: Connection, name: &str, origin: &str) -> Found {
    let (name, origin) = (name.to_owned(), origin.to_owned());
    Found { connection, name, origin, endpoint: None, again: None }
}

/// Splits a whole URL into a connection without credentials and the endpoint.
fn from_url(url: &str) -> Result<Found, Problem> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(Problem::usage(
            "without a connection (`-`) the endpoint is a whole URL: https://…",
        ));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, endpoint) = rest.split_at(end);
    let base = format!("{scheme}://{authority}");
    let again = (!authority.contains('@')).then(|| base.clone());
    let found = found(Connection::new().with_host(&base), "the server", "no stored connection");
    Ok(Found { endpoint: Some(endpoint.to_owned()), again, ..found })
}

/// Finds again what [`Found::again`] told.
pub(crate) fn find_again(again: &str) -> Result<Found, Problem> {
    if again.contains("://") { from_url(again) } else { find(again, "") }
}
