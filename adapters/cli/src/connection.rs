//! Which connection is meant, and where it is from.

use std::env;

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
}

/// Finds the connection of a call: an id, the text of a connection, or `-` and a URL.
pub(crate) fn find(conn: &str, endpoint: &str) -> Result<Found, Problem> {
    if conn == "-" {
        return from_url(endpoint);
    }
    if conn.contains("://") || conn.trim_start().starts_with('{') {
        let connection = Connection::parse(conn).map_err(|error| Problem::of_error(&error))?;
        return Ok(found(connection, "the connection", "as given"));
    }
    Connection::new().with_id(conn).map_err(|error| Problem::of_error(&error))?;
    let variable = format!("AIRFLOW_CONN_{}", conn.to_uppercase());
    let text = match env::var(&variable) {
        Err(env::VarError::NotUnicode(_)) => {
            return Err(Problem::connection(format!("the variable {variable} is not UTF-8")));
        }
        Err(env::VarError::NotPresent) => String::new(),
        Ok(text) => text,
    };
    if text.trim().is_empty() {
        let message = format!("the connection {conn} is not defined");
        return Err(Problem::not_found(message, format!("set {variable}, or give a URI")));
    }
    let connection = Connection::parse(&text)
        .map_err(|error| Problem::connection(format!("the variable {variable}: {error}")))?;
    let connection = connection.with_id(conn).map_err(|error| Problem::of_error(&error))?;
    Ok(found(connection, conn, &format!("env {variable}")))
}

fn found(connection: Connection, name: &str, origin: &str) -> Found {
    Found { connection, name: name.to_owned(), origin: origin.to_owned(), endpoint: None }
}

/// Splits a whole URL into a connection without credentials and the endpoint.
fn from_url(url: &str) -> Result<Found, Problem> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(Problem::usage("without a connection (`-`) the endpoint is a whole URL"));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, endpoint) = rest.split_at(end);
    let base = format!("{scheme}://{authority}");
    let mut found = found(Connection::new().with_host(&base), "the server", "no connection");
    found.endpoint = Some(endpoint.to_owned());
    Ok(found)
}
