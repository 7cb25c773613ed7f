//! Rows of the metastore beside one another, in SQLite: what is done to one of them is done to no other.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use http_hook::{Connection, Secret};
use http_hook_sources::blocking::Source;
use http_hook_sources::metastore::Sqlite;
use http_hook_sources::{Fernet, SourceErrorKind as Kind};

use crate::Folder;
use crate::metastore::{OLD, OLD_TABLE, TABLE, database};

fn host(host: &str) -> Connection {
    Connection::new().with_host(host)
}

/// Host and password of each row, in their order.
fn rows(path: &Path) -> Vec<(String, String)> {
    let database = rusqlite::Connection::open(path).unwrap();
    let mut query = database
        .prepare("SELECT coalesce(host, ''), coalesce(password, '') FROM connection ORDER BY id")
        .unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn hosts(path: &Path) -> Vec<String> {
    rows(path).into_iter().map(|(host, _)| host).collect()
}

#[test]
fn each_row_keeps_what_is_its_own() {
    let keys = Fernet::new(OLD).unwrap();
    let insert = |host: &str| {
        let token = keys.encrypt(&format!("pw of {host}")).unwrap();
        let columns = "conn_id, conn_type, host, password, is_encrypted, is_extra_encrypted";
        format!(
            "INSERT INTO connection ({columns}) VALUES ('hdfs', 'http', '{host}', '{token}', 1, 0);"
        )
    };
    let plain = "INSERT INTO connection (conn_id, conn_type, host, password) VALUES ('plain', 'http', 'p', 'as it is')";
    let statements = format!("{}{}{}{plain}", insert("one"), insert("two"), insert("three"));
    let (_folder, path) = database(&TABLE.replace("NOT NULL UNIQUE", ""), &statements);
    let before = rows(&path);
    let new = Fernet::generate_key().unwrap();
    let both = Fernet::new(&format!("{},{OLD}", new.expose())).unwrap();
    let store = Sqlite::new(&path).keys(both);
    assert_eq!(store.rotate().unwrap(), 3);
    let new = Fernet::new(new.expose()).unwrap();
    let after = rows(&path);
    for (row, name) in after.iter().zip(["one", "two", "three"]) {
        assert_eq!(row.0, name);
        assert_eq!(
            new.decrypt(&row.1).map(|one| one.expose().to_owned()),
            Ok(format!("pw of {name}"))
        );
    }
    assert_eq!(after.last(), before.last());

    // Which of them is meant is not known.
    let error = store.put([("new", &host("n")), ("hdfs", &host("four"))]).unwrap_err();
    assert_eq!((error.kind(), error.id()), (Kind::NotUnique, Some("hdfs")));
    assert_eq!(rows(&path), after);
    assert!(store.remove("hdfs").unwrap() && !store.remove("hdfs").unwrap());
    assert_eq!(hosts(&path), ["p"]);
}

#[test]
fn what_is_not_found_is_not_written_over() {
    let nocase =
        |unique: &str| TABLE.replace("NOT NULL UNIQUE", &format!("COLLATE NOCASE {unique}"));
    let sales = "INSERT INTO connection (conn_id, conn_type, host, password) VALUES ('Sales', 'http', 'other', 'pw')";
    let (_folder, path) = database(&nocase("UNIQUE"), sales);
    let store = Sqlite::new(&path);
    let error = store.put([("new", &host("n")), ("sales", &host("mine"))]).unwrap_err();
    assert_eq!((error.kind(), error.id()), (Kind::NotUnique, Some("sales")));
    assert!(!store.remove("SALES").unwrap());
    assert_eq!(rows(&path), [("other".to_owned(), "pw".to_owned())]);
    store.put([("Sales", &host("mine"))]).unwrap();
    assert_eq!(hosts(&path), ["mine"]);

    // Where both may be there, both are.
    let (_folder, path) = database(&nocase(""), sales);
    let store = Sqlite::new(&path);
    store.put([("sales", &host("mine"))]).unwrap();
    assert_eq!(hosts(&path), ["other", "mine"]);
    assert!(store.remove("sales").unwrap());
    assert_eq!(hosts(&path), ["other"]);

    let theirs = "INSERT INTO connection (conn_id, conn_type, host, team_name) VALUES ('theirs', 'http', 'other', 'o')";
    let (_folder, path) = database(TABLE, theirs);
    let store = Sqlite::new(&path).team("t");
    assert_eq!(store.put([("theirs", &host("mine"))]).unwrap_err().kind(), Kind::NotUnique);
    assert!(!store.remove("theirs").unwrap());
    assert_eq!(hosts(&path), ["other"]);
}

#[test]
fn a_database_that_is_replaced_is_seen() {
    let (_folder, path) = database(TABLE, "");
    let store = Sqlite::new(&path);
    store.put([("a", &host("first"))]).unwrap();
    let found = || store.find("a").unwrap().unwrap().connection().host().map(str::to_owned);
    assert_eq!(found().as_deref(), Some("first"));
    let (_other, restored) = database(TABLE, "");
    Sqlite::new(&restored).put([("a", &host("second"))]).unwrap();
    std::fs::rename(&restored, &path).unwrap();
    assert_eq!(found().as_deref(), Some("second"));
    store.put([("a", &host("third"))]).unwrap();
    assert_eq!(found().as_deref(), Some("third"));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(store.find("a").unwrap_err().kind(), Kind::Io);
}

#[test]
fn an_odd_row_spoils_no_other() {
    let keys = Fernet::new(OLD).unwrap();
    let token = keys.encrypt("pw").unwrap();
    let odd = format!(
        "INSERT INTO connection (conn_id, conn_type) VALUES ('good', 'http'), (NULL, 'http'), (x'00ff', 'http');\
         INSERT INTO connection (conn_id, host, extra) VALUES ('bytes', x'00ff', x'00ff');\
         INSERT INTO connection (conn_id, host, port, password, is_encrypted) VALUES ('both', x'00ff', 'none', '{token}', 1)"
    );
    let (_folder, path) = database(OLD_TABLE, &odd);
    let store = Sqlite::new(&path).keys(keys.clone());
    let ids: Vec<_> = store.ids().unwrap().into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["both", "bytes", "good"]);
    assert!(store.find("good").unwrap().is_some());
    let error = store.find("bytes").unwrap_err();
    assert_eq!((error.kind(), error.id()), (Kind::Malformed, Some("bytes")));
    assert_eq!(store.rotate().unwrap(), 1);
    let database = rusqlite::Connection::open(&path).unwrap();
    let rotated: (Vec<u8>, String) = database
        .query_row("SELECT host, password FROM connection WHERE conn_id = 'both'", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(rotated.0, [0, 255]);
    assert_ne!(rotated.1, token);
    assert_eq!(keys.decrypt(&rotated.1).as_ref().map(Secret::expose), Ok("pw"));
    // What is said to be a token and is none is not passed over: its key may be taken away next.
    database
        .execute_batch("UPDATE connection SET is_extra_encrypted = 1 WHERE conn_id = 'bytes'")
        .unwrap();
    let error = store.rotate().unwrap_err();
    assert_eq!((error.kind(), error.id()), (Kind::Malformed, Some("bytes")));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_waited_for() {
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let ask = |path: &Path| {
        let (say, said) = std::sync::mpsc::channel();
        let path = path.to_owned();
        // A thread that waits for a pipe would not end with the test.
        thread::spawn(move || {
            let store = Sqlite::new(path);
            let kinds = [
                store.find("a").map(|_| ()),
                store.ids().map(|_| ()),
                store.put([("a", &Connection::new())]),
                store.remove("a").map(|_| ()),
            ];
            say.send(kinds.map(|one| one.map_err(|error| error.kind())))
        });
        said.recv_timeout(Duration::from_secs(20)).expect("an answer")
    };
    let folder = Folder::new();
    let path = folder.path().join("pipe.db");
    pipe(&path);
    for path in [&path, Path::new("/dev/zero"), folder.path()] {
        assert_eq!(ask(path), [Err(Kind::Io); 4], "{}", path.display());
    }
    for beside in ["-journal", "-shm", "-wal"] {
        let (folder, path) = database(TABLE, "");
        assert_eq!(ask(&path), [Ok(()); 4]);
        pipe(&folder.path().join(format!("airflow.db{beside}")));
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for path in [&path, &link] {
            assert_eq!(ask(path), [Err(Kind::Io); 4], "{}", path.display());
        }
    }
}

#[test]
fn nobody_waits_for_who_waits_for_a_lock() {
    let (_folder, path) = database(TABLE, "");
    let other = rusqlite::Connection::open(&path).unwrap();
    let store = Sqlite::new(&path);
    assert_eq!(store.find("a"), Ok(None));
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(store.find("a").unwrap_err().kind(), Kind::Io));
        }
    });
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(store.find("a"), Ok(None));
}
