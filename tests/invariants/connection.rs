//! Connections as text: what is read can be printed and read again; nothing is ever repeated in an error.

use http_hook::{Connection, Error, Hook, Secret};

use super::MARKER;

/// The URI form.
pub fn uri(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    check(text, Connection::from_uri, Connection::to_uri);
}

/// The JSON form.
pub fn json(bytes: &[u8]) {
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
    let again = read(print(connection).expose()).expect("what was printed can be read");
    assert_eq!(fields(&again), fields(connection), "printing and reading keeps the fields");
    let twice = read(print(&again).expose()).expect("what was printed can be read");
    assert_eq!(twice, again, "printing is stable");
}

fn fields(connection: &Connection) -> [String; 6] {
    let text = |field: Option<&str>| field.unwrap_or_default().to_owned();
    [
        text(connection.conn_type()),
        text(connection.host()),
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
    if !open.iter().flatten().any(|field| field.to_lowercase().contains(&MARKER.to_lowercase())) {
        is_silent(&format!("{connection:?}"), MARKER);
    }
    if connection.password().is_some_and(|password| password.expose().contains(MARKER)) {
        match Hook::new(connection) {
            Ok(hook) => is_silent(&format!("{hook:?}"), MARKER),
            Err(error) => is_silent(&format!("{error} {error:?}"), MARKER),
        }
    }
}

fn is_silent(text: &str, secret: &str) {
    assert!(!text.contains(secret), "a secret in {text:?}");
}
