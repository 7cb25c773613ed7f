//! Reads and writes Airflow's metastore: `metastore dump PLACE` prints all connections as lines of JSON, `metastore load PLACE` stores
//! those of standard input. PLACE is a file of `SQLite` or the address of a `PostgreSQL`; keys are those of `AIRFLOW__CORE__FERNET_KEY`.
//!
//! What it prints are secrets: it is for `adapters/foreign/metastore`, which compares them with what Airflow reads.

use std::env;
use std::error::Error;
use std::io::{self, BufRead};

use http_hook::{Connection, Secret};
use http_hook_sources::Fernet;
use http_hook_sources::blocking::Source;
use http_hook_sources::metastore::{Postgres, Sqlite};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [what, place] = arguments.as_slice() else { return Err("dump|load PLACE".into()) };
    let keys = env::var("AIRFLOW__CORE__FERNET_KEY").ok().filter(|keys| !keys.is_empty());
    let keys = keys.map(|keys| Fernet::new(&keys)).transpose()?;
    if place.contains("://") {
        let store = Postgres::new(place)?;
        let store = keys.map_or(store, |keys| Postgres::new(place).expect("it was one").keys(keys));
        run(what, &store, |all| Ok(store.put(all)?))
    } else {
        let store = Sqlite::new(place);
        let store = keys.map_or(store, |keys| Sqlite::new(place).keys(keys));
        run(what, &store, |all| Ok(store.put(all)?))
    }
}

fn run(
    what: &str,
    store: &impl Source,
    put: impl FnOnce(Vec<(&str, &Connection)>) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    if what == "dump" {
        for listed in store.ids()? {
            let found = store.find(&listed.id)?.ok_or("listed, and not there")?;
            println!("{}", dump(&listed.id, found.connection()));
        }
        return Ok(());
    }
    let mut read = Vec::new();
    for line in io::stdin().lock().lines() {
        let value: Value = serde_json::from_str(&line?)?;
        read.push((value["conn_id"].as_str().ok_or("no id")?.to_owned(), load(&value)?));
    }
    put(read.iter().map(|(id, connection)| (id.as_str(), connection)).collect())
}

fn dump(id: &str, connection: &Connection) -> Value {
    json!({
        "conn_id": id,
        "conn_type": connection.conn_type(),
        "description": connection.description(),
        "host": connection.host(),
        "schema": connection.schema(),
        "login": connection.login(),
        "password": connection.password().map(Secret::expose),
        "port": connection.port(),
        "extra": connection.extra().map(Secret::expose),
    })
}

/// Sets one field.
type Set = fn(Connection, &str) -> Connection;

fn load(value: &Value) -> Result<Connection, Box<dyn Error>> {
    let text = |name: &str| value[name].as_str();
    let mut made = Connection::new();
    let setters: [(&str, Set); 7] = [
        ("conn_type", |made, text| made.with_conn_type(text)),
        ("description", |made, text| made.with_description(text)),
        ("host", |made, text| made.with_host(text)),
        ("schema", |made, text| made.with_schema(text)),
        ("login", |made, text| made.with_login(text)),
        ("password", |made, text| made.with_password(text)),
        ("extra", |made, text| made.with_extra(text)),
    ];
    for (name, set) in setters {
        if let Some(text) = text(name) {
            made = set(made, text);
        }
    }
    if let Some(port) = value["port"].as_u64() {
        made = made.with_port(port.try_into()?);
    }
    Ok(made)
}
