//! Airflow's metastore in SQLite.

use http_hook::{Connection, Secret};
use http_hook_sources::blocking::{Source, Sources};
use http_hook_sources::metastore::Sqlite;
use http_hook_sources::{Fernet, SourceErrorKind as Kind};

use crate::Folder;

pub(crate) const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

/// As Airflow 3 makes it.
pub(crate) const TABLE: &str = "CREATE TABLE connection (id INTEGER NOT NULL PRIMARY KEY, conn_id VARCHAR(250) NOT NULL UNIQUE, \
     conn_type VARCHAR(500) NOT NULL, description TEXT, host VARCHAR(500), schema VARCHAR(500), login TEXT, password TEXT, \
     port INTEGER, is_encrypted BOOLEAN NOT NULL DEFAULT 0, is_extra_encrypted BOOLEAN NOT NULL DEFAULT 0, \
     team_name VARCHAR(50), extra TEXT)";

/// As Airflow 1.10 makes it.
pub(crate) const OLD_TABLE: &str = "CREATE TABLE connection (id INTEGER NOT NULL PRIMARY KEY, conn_id VARCHAR(250), conn_type VARCHAR(500), \
     host VARCHAR(500), schema VARCHAR(500), login VARCHAR(500), password VARCHAR(5000), port INTEGER, extra VARCHAR(5000), \
     is_encrypted BOOLEAN, is_extra_encrypted BOOLEAN)";

pub(crate) fn database(table: &str, statements: &str) -> (Folder, std::path::PathBuf) {
    let folder = Folder::new();
    let path = folder.path().join("airflow.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(&format!("{table};{statements}")).unwrap();
    (folder, path)
}

fn full() -> Connection {
    Connection::new()
        .with_conn_type("http")
        .with_description("who sells")
        .with_host("api.test")
        .with_schema("https")
        .with_login("svc")
        .with_password("p/ä ss")
        .with_port(8443)
        .with_extra(r#"{"X-Team": "sales", "timeout": 5}"#)
}

#[test]
fn what_is_put_is_found_encrypted_or_not() {
    for keys in [None, Some(OLD)] {
        let (_folder, path) = database(TABLE, "");
        let store = Sqlite::new(&path);
        let store = keys.map_or(Sqlite::new(&path), |keys| store.keys(Fernet::new(keys).unwrap()));
        store
            .put([("a", &full()), ("b", &Connection::new()), ("A", &full().with_password(""))])
            .unwrap();
        store.put([("b", &full())]).unwrap();
        for id in ["a", "b"] {
            assert_eq!(store.find(id).unwrap().unwrap().into_connection(), full(), "{id}");
        }
        let none = store.find("A").unwrap().unwrap().into_connection();
        assert_eq!(none.password(), None, "an empty password is none, as in Airflow");
        let ids: Vec<_> = store.ids().unwrap().into_iter().map(|one| one.id).collect();
        assert_eq!(ids, ["A", "a", "b"]);
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        assert_eq!(text.contains("p/ä ss"), keys.is_none());
        assert!(store.remove("a").unwrap() && !store.remove("a").unwrap());
        assert_eq!(store.find("a").unwrap(), None);
    }
}

#[test]
fn what_is_encrypted_needs_a_key_that_fits_and_rotates() {
    let (_folder, path) = database(TABLE, "");
    let with = |keys: &str| Sqlite::new(&path).keys(Fernet::new(keys).unwrap());
    with(OLD).put([("a", &full())]).unwrap();
    Sqlite::new(&path).put([("plain", &full())]).unwrap();
    let kind = |store: Sqlite| store.find("a").map_err(|error| error.kind()).map(|_| ());
    assert_eq!(kind(Sqlite::new(&path)), Err(Kind::Key));
    assert_eq!(kind(with(NEW)), Err(Kind::Token));
    assert!(Sqlite::new(&path).find("plain").unwrap().is_some());

    assert!(with(NEW).rotate().is_err(), "all of it or nothing");
    assert_eq!(kind(with(OLD)), Ok(()));
    let both =
        Sources::new().with(Sqlite::new(&path).keys(Fernet::new(&format!("{NEW},{OLD}")).unwrap()));
    assert_eq!(both.rotate().unwrap(), Some(1));
    assert_eq!(kind(with(NEW)), Ok(()));
    assert_eq!(kind(with(OLD)), Err(Kind::Token));
    let error = Sources::new().with(with(OLD)).get("a").unwrap_err().to_string();
    let place = format!("metastore {}", path.display());
    assert_eq!(
        error,
        format!("{place}: connection `a`: password: made with another key, or changed")
    );
}

#[test]
fn rows_of_other_versions_and_teams_are_borne() {
    let (_folder, path) = database(
        OLD_TABLE,
        "INSERT INTO connection (conn_id, conn_type, host) VALUES ('a', 'http', 'h'), ('twice', 'http', 'h'), ('twice', 'http', 'i');\
         INSERT INTO connection (conn_id, port) VALUES ('port', 'canary'); INSERT INTO connection (conn_id, extra) VALUES ('extra', 'canary')",
    );
    let store = Sqlite::new(&path);
    assert_eq!(store.find("a").unwrap().unwrap().connection().host(), Some("h"));
    assert_eq!(store.find("twice").unwrap_err().kind(), Kind::NotUnique);
    for id in ["port", "extra"] {
        let error = store.find(id).unwrap_err();
        assert!(
            error.kind() == Kind::Malformed && !error.to_string().contains("canary"),
            "{error}"
        );
    }

    let (_folder, path) = database(
        TABLE,
        "INSERT INTO connection (conn_id, conn_type, team_name) VALUES ('mine', 'http', 't'), ('theirs', 'http', 'o'), ('all', 'http', NULL)",
    );
    let store = Sqlite::new(&path).team("t");
    let there: Vec<bool> =
        ["mine", "theirs", "all"].iter().map(|id| store.find(id).unwrap().is_some()).collect();
    assert_eq!(there, [true, false, true]);
    store.put([("mine", &full())]).unwrap();
    assert!(store.find("mine").unwrap().is_some(), "the team stays");
}

#[test]
fn what_is_no_metastore_is_an_error_and_is_not_made() {
    let folder = Folder::new();
    let absent = folder.path().join("absent.db");
    assert_eq!(Sqlite::new(&absent).find("a").unwrap_err().kind(), Kind::Io);
    assert!(Sqlite::new(&absent).put([("a", &full())]).is_err() && !absent.exists());
    let text = folder.write("text.db", &"not a database ".repeat(100));
    assert!(Sqlite::new(text).find("a").is_err());
    let (_folder, path) = database("CREATE TABLE other (id INTEGER)", "");
    assert!(Sqlite::new(path).find("a").is_err());
    let (_folder, path) = database(TABLE, "");
    for (id, connection) in [("two words", full()), ("", full()), ("a", full().with_extra("[1]"))] {
        assert!(Sqlite::new(&path).put([("ok", &full()), (id, &connection)]).is_err(), "{id}");
    }
    assert_eq!(Sqlite::new(&path).find("ok").unwrap(), None, "all of them or none");
    assert_eq!(full().password().map(Secret::expose), Some("p/ä ss"));
}
