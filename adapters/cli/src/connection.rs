//! Which connection is meant, and where it is from. An id is looked up in the [`Store`].

use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate;
use http_hook::connection::Problem as Reason;
use http_hook::{Connection, Hook};

use crate::exit::Problem;
use crate::exposed;
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
    /// What is doubtful in where it is from.
    pub(crate) warning: Option<String>,
    /// What finds it again, unless that holds its secrets.
    pub(crate) again: Option<String>,
}

/// The id of a connection for programs: what a [name](Found::name) of messages stands for that is no id is none.
pub(crate) fn id_of(name: &str) -> Option<&str> {
    Some(name).filter(|name| ![SERVER, GIVEN].contains(name))
}

/// What stands in messages in the place of an id.
const SERVER: &str = "the server";
const GIVEN: &str = "the connection";

/// Finds the connection of a call: an id, the text of a connection, or `-` and a URL.
pub(crate) fn find(conn: &str, endpoint: &str, settings: &Settings) -> Result<Found, Problem> {
    if conn == "-" {
        return from_url(endpoint);
    }
    if conn.contains("://") || conn.trim_start().starts_with('{') {
        let connection = Connection::parse(conn).map_err(|error| Problem::of_error(&error))?;
        return Ok(found(connection, GIVEN, "as given"));
    }
    let (connection, origin) = look_up(conn, settings)?;
    let warning = exposed::warning(&connection, &origin);
    Ok(Found { again: Some(conn.to_owned()), warning, ..found(connection, conn, &origin) })
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
    Found { connection, name, origin, endpoint: None, warning: None, again: None }
}

/// Says how what was written is a whole URL.
fn not_whole(url: &str) -> Problem {
    let problem = Problem::usage("without a connection (`-`) the endpoint is a whole URL");
    let host = if url.starts_with(':') { format!("localhost{url}") } else { url.to_owned() };
    // A password has no place in what is repeated.
    let plain = url.len() < 200 && !url.contains(['@', ' ']) && !url.starts_with('/');
    if !plain || url.is_empty() {
        return problem.with_hint("https://HOST/PATH");
    }
    let name = host.split([':', '/']).next().unwrap_or_default();
    let local = name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok();
    let scheme = if local { "http" } else { "https" };
    problem.with_hint(format!("{scheme}://{}", screen::line(&host)))
}

/// Splits a whole URL into a connection without credentials and the endpoint.
fn from_url(url: &str) -> Result<Found, Problem> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(not_whole(url));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, endpoint) = rest.split_at(end);
    let base = format!("{scheme}://{authority}");
    Hook::to(&base).map_err(|error| {
        let says: Vec<_> = error.problems().iter().map(Reason::message).collect();
        Problem::usage(format!("the URL: {}", says.join("; ")))
    })?;
    let again = (!authority.contains('@')).then(|| base.clone());
    let found = found(Connection::new().with_host(&base), SERVER, NOT_STORED);
    Ok(Found { endpoint: Some(endpoint.to_owned()), again, ..found })
}

/// Finds again what [`Found::again`] told.
pub(crate) fn find_again(again: &str, settings: &Settings) -> Result<Found, Problem> {
    if again.contains("://") { from_url(again) } else { find(again, "", settings) }
}
