//! Connections as text: what is read can be printed and read again; nothing is ever repeated in an error.

use http_hook::{Connection, Error, Hook, Secret};

use super::MARKER;

/// The URI form.
pub(crate) fn uri(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    check(text, Connection::from_uri, Connection::to_uri);
}

/// The JSON form.
pub(crate) fn json(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    check(text, Connection::from_json, Connection::to_json);
}

type Read = fn(&str) -> Result<Connection, Error>;

fn check(text: &str, read: Read, print: fn(&Connection) -> Secret) {
    for text in [text.to_owned(), planted(text)] {
        match read(&text) {
            Ok(connection) => {
                printed_is_read(&connection, read, print);
                is_discreet(&connection);
            }
            Err(error) => is_silent(&format!("{error} {error:?}"), MARKER),
        }
    }
}

/// A text with the secret somewhere in it; where, the text itself decides.
fn planted(text: &str) -> String {
    let sum: usize = text.bytes().map(usize::from).sum();
    let at = (0..=text.len()).filter(|at| text.is_char_boundary(*at));
    let places: Vec<usize> = at.collect();
    let (before, after) = text.split_at(places[sum % places.len()]);
    format!("{before}{MARKER}{after}")
}

/// What was printed is read as the same fields, where empty is as good as absent, and is printed alike from then on.
fn printed_is_read(connection: &Connection, read: Read, print: fn(&Connection) -> Secret) {
    if is_ambiguous(connection) {
        return;
    }
    let again = read(print(connection).expose()).expect("what was printed can be read");
    assert_eq!(fields(&again), fields(connection), "printing and reading keeps the fields");
    let twice = read(print(&again).expose()).expect("what was printed can be read");
    assert_eq!(twice, again, "printing is stable");
}

/// The original finds a protocol inside a host by the type's name, wherever it stands: `hhttp://h` of type `http`
/// is printed as what is read as `h/`. Such a host is no base URL.
fn is_ambiguous(connection: &Connection) -> bool {
    let within = format!("{}://", connection.conn_type().unwrap_or_default().replace('_', "-"));
    connection.host().is_some_and(|host| host.to_lowercase().contains(&within))
}

fn fields(connection: &Connection) -> [String; 6] {
    let text = |field: Option<&str>| field.unwrap_or_default().to_owned();
    [
        text(connection.conn_type()),
        // the URI form lowers a host before it is unescaped
        text(connection.host()).to_lowercase(),
        text(connection.schema()),
        text(connection.login()),
        text(connection.password().map(Secret::expose)),
        connection.port().unwrap_or_default().to_string(),
    ]
}

/// Secret fields show in no `Debug` and in no error, whatever becomes of the connection.
fn is_discreet(connection: &Connection) {
    let open = [
        connection.conn_type(),
        connection.description(),
        connection.host(),
        connection.schema(),
        connection.login(),
    ];
    let marker = MARKER.to_lowercase();
    if open.iter().flatten().any(|field| field.to_lowercase().contains(&marker)) {
        return;
    }
    is_silent(&format!("{connection:?}"), MARKER);
    let secret_is = |field: Option<&Secret>| field.is_some_and(|it| it.expose().contains(MARKER));
    if secret_is(connection.password()) && !secret_is(connection.extra()) {
        match Hook::new(connection) {
            Ok(hook) => is_silent(&format!("{hook:?}"), MARKER),
            Err(error) => is_silent(&format!("{error} {error:?}"), MARKER),
        }
    }
}

fn is_silent(text: &str, secret: &str) {
    assert!(!text.contains(secret), "a secret in {text:?}");
}
