//! Which connection is meant, and where it is from. An id is looked up in the [`Store`].

use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate;
use http_hook::Connection;

use crate::exit::Problem;
use crate::screen;
use crate::settings::Settings;
use crate::store::Store;

/// What stands in the place of where a connection is from that is none.
pub(crate) const NOT_STORED: &str = "no stored connection";

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

/// Finds the connection of a call: an id, the text of a connection, or `-` and a URL.
pub(crate) fn find(conn: &str, endpoint: &str, settings: &Settings) -> Result<Found, Problem> {
    if conn == "-" {
        return from_url(endpoint);
    }
    if conn.contains("://") || conn.trim_start().starts_with('{') {
        let connection = Connection::parse(conn).map_err(|error| Problem::of_error(&error))?;
        return Ok(found(connection, "the connection", "as given"));
    }
    let (connection, origin) = look_up(conn, settings)?;
    Ok(Found { again: Some(conn.to_owned()), ..found(connection, conn, &origin) })
}

/// Looks a connection up by its id, and tells where it was.
fn look_up(id: &str, settings: &Settings) -> Result<(Connection, String), Problem> {
    Connection::new().with_id(id).map_err(|error| Problem::of_error(&error))?;
    let store = Store::new(settings)?;
    let found = store.get(id)?;
    Ok((found.connection().clone(), found.place().to_owned()))
}

/// Completes an id. What cannot be read completes nothing.
pub(crate) fn complete(begin: &OsStr) -> Vec<CompletionCandidate> {
    let begin = begin.to_string_lossy();
    let store = Settings::load().and_then(|settings| Store::new(&settings));
    let ids = store.map(|store| store.ids()).unwrap_or_default();
    let is_plain = |id: &String| screen::line(id) == *id;
    let fitting = ids.into_iter().filter(|id| id.starts_with(&*begin)).filter(is_plain);
    fitting.map(CompletionCandidate::new).collect()
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
    let found = found(Connection::new().with_host(&base), "the server", NOT_STORED);
    Ok(Found { endpoint: Some(endpoint.to_owned()), again, ..found })
}

/// Finds again what [`Found::again`] told.
pub(crate) fn find_again(again: &str, settings: &Settings) -> Result<Found, Problem> {
    if again.contains("://") { from_url(again) } else { find(again, "", settings) }
}
