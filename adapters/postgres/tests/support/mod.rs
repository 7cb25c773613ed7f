//! What tests of the engine have in common: databases, rows that were moved, and what they wait for.

#![allow(dead_code, reason = "each test has its own part of it")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

use http_hook_postgres::{Engine, State, Status};

pub(crate) fn url() -> String {
    env::var("POSTGRES_URL").expect("a database: bash adapters/postgres/run test")
}

/// A database of its own without tables, as its URL.
pub(crate) async fn database(name: &str) -> String {
    let url = url();
    let server = Engine::new(&url, 2).expect("a URL");
    let client = server.pool().get().await.expect("PostgreSQL");
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database");
    let at = url.rfind('/').expect("a path");
    format!("{}/{name}", &url[..at])
}

/// A database of its own with its tables, and its URL.
pub(crate) async fn fresh(name: &str) -> (Engine, String) {
    let url = database(name).await;
    let engine = Engine::new(&url, 12).expect("a URL");
    engine.migrate().await.expect("tables");
    (engine, url)
}

/// Moves the rows of a journal, as the page says: id, connection, plan, state, epoch, call, due, outcome, created, updated.
pub(crate) fn move_rows(url: &str, name: &str, rows: &[[&str; 10]]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("move-{name}"));
    fs::create_dir_all(&folder).expect("a folder");
    let quoted = |value: &&str| {
        if value.is_empty() { String::new() } else { format!("\"{}\"", value.replace('"', "\"\"")) }
    };
    let line = |row: &[&str; 10]| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n";
    fs::write(folder.join("rows.csv"), rows.iter().map(line).collect::<String>()).expect("rows");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/from_journal.sql");
    let mut psql = Command::new("psql");
    psql.current_dir(&folder).args([url, "-q", "-v", &format!("name={name}"), "-f", script]);
    let moved = psql.output().expect("psql");
    assert!(moved.status.success(), "{}", String::from_utf8_lossy(&moved.stderr));
}

pub(crate) async fn until(engine: &Engine, id: &str, is: impl Fn(&Status) -> bool) -> Status {
    let begun = Instant::now();
    loop {
        let status = engine.status(id).await.expect("a status").expect("a call");
        if is(&status) {
            return status;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{id}: {status:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) fn is_done(status: &Status) -> bool {
    status.state == State::Done
}
