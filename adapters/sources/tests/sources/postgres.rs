//! Airflow's metastore in PostgreSQL. What needs a server: `POSTGRES=1 bash adapters/foreign/metastore`.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use http_hook::{Connection, Secret};
use http_hook_sources::blocking::Source;
use http_hook_sources::metastore::Postgres;
use http_hook_sources::{Fernet, SourceErrorKind as Kind};
use tokio_postgres::{NoTls, SimpleQueryMessage};

const COLUMNS: &str = "id serial PRIMARY KEY, conn_id varchar(250) UNIQUE, conn_type varchar(500), description text, host varchar(500), \
     schema varchar(500), login text, password text, port int, is_encrypted bool, is_extra_encrypted bool, extra text, team_name varchar(50)";

/// What listens and takes all there is; says what it is to say to each that connects, and nothing more.
fn silent(says: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut start = [0; 512];
                assert!(stream.read(&mut start).unwrap() > 0);
                stream.write_all(says).unwrap();
                while stream.read(&mut start).is_ok_and(|length| length > 0) {}
            });
        }
    });
    port
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let address = |port| format!("postgresql://u:c4n4ry@127.0.0.1:{port}/d?connect_timeout=1");
    let store = Postgres::new(&address(silent(b""))).unwrap();
    let begun = Instant::now();
    let error = store.find("sales").unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string()),
        (
            Kind::Unavailable,
            "metastore postgres d: connection `sales`: no connection within 1 s".to_owned()
        )
    );
    assert_eq!(store.put([("sales", &Connection::new())]).unwrap_err().kind(), Kind::Unavailable);
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());

    // Logged in, ready, and silent from then on; and while one waits, another one waits for its turn.
    let ready = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
    let store = Postgres::new(&address(silent(ready))).unwrap();
    let begun = Instant::now();
    thread::scope(|scope| {
        let looks: Vec<_> = (0..5)
            .map(|_| {
                scope.spawn(|| {
                    let error = store.find("sales").unwrap_err();
                    assert_eq!((error.kind(), error.id()), (Kind::Unavailable, Some("sales")));
                    error.says().to_owned()
                })
            })
            .collect();
        let says: Vec<_> = looks.into_iter().map(|look| look.join().unwrap()).collect();
        assert!(says.contains(&"no answer within 10 s".to_owned()), "{says:?}");
        assert!(
            says.contains(&"another look-up has had no answer for 10 s".to_owned()),
            "{says:?}"
        );
    });
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
}

/// A table of its own in the server that the environment names.
struct Server(String);

impl Server {
    fn new(schema: &str, columns: &str) -> Self {
        let all = Self(
            std::env::var("METASTORE_URL")
                .expect("a server: POSTGRES=1 bash adapters/foreign/metastore"),
        );
        all.sql(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"));
        let own = Self(format!("{}?options=-c%20search_path%3D{schema}", all.0));
        own.sql(&format!("CREATE TABLE connection ({columns})"));
        own
    }

    fn with(&self, options: &str) -> Postgres {
        Postgres::new(&format!("{}{options}", self.0)).unwrap()
    }

    /// Each value that the statements give, row by row.
    fn sql(&self, statements: &str) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&self.0, NoTls).await.unwrap();
            tokio::spawn(connection);
            let mut values = Vec::new();
            for message in client.simple_query(statements).await.unwrap() {
                if let SimpleQueryMessage::Row(row) = message {
                    values.extend((0..row.len()).map(|at| row.get(at).unwrap_or("").to_owned()));
                }
            }
            values
        })
    }
}

fn host(host: &str) -> Connection {
    Connection::new().with_host(host)
}

#[test]
#[ignore = "needs a server"]
fn each_row_keeps_what_is_its_own() {
    let server = Server::new("own", &COLUMNS.replace("UNIQUE", ""));
    let (old, new) = (Fernet::generate_key().unwrap(), Fernet::generate_key().unwrap());
    let keys = Fernet::new(old.expose()).unwrap();
    for name in ["one", "two", "three"] {
        let token = keys.encrypt(&format!("pw of {name}")).unwrap();
        server.sql(&format!(
            "INSERT INTO connection (conn_id, host, password, is_encrypted) VALUES ('hdfs', '{name}', '{token}', true)"
        ));
    }
    server.sql("INSERT INTO connection (conn_id, host, password) VALUES ('plain', 'p', 'as it is'), (NULL, 'n', NULL)");
    let both = Fernet::new(&format!("{},{}", new.expose(), old.expose())).unwrap();
    let store = server.with("").keys(both);
    assert_eq!(store.rotate().unwrap(), 3);
    let rows = || server.sql("SELECT host, password FROM connection ORDER BY id");
    let after = rows();
    let new = Fernet::new(new.expose()).unwrap();
    for (row, name) in after.chunks(2).zip(["one", "two", "three"]) {
        assert_eq!(row[0], name);
        assert_eq!(
            new.decrypt(&row[1]).as_ref().map(Secret::expose),
            Ok(format!("pw of {name}").as_str())
        );
    }
    assert_eq!(after[6..], ["p", "as it is", "n", ""]);
    assert_eq!(store.ids().unwrap().len(), 4, "a row without an id is not listed");
    let error = store.put([("new", &host("n")), ("hdfs", &host("four"))]).unwrap_err();
    assert_eq!((error.kind(), error.id()), (Kind::NotUnique, Some("hdfs")));
    assert_eq!(rows(), after);
    assert!(store.remove("hdfs").unwrap() && !store.remove("hdfs").unwrap());
    assert_eq!(rows(), ["p", "as it is", "n", ""]);
}

#[test]
#[ignore = "needs a server"]
fn what_is_not_found_is_not_written_over() {
    let server = Server::new("nocase", COLUMNS);
    server.sql(
        "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
         ALTER TABLE connection ALTER conn_id TYPE varchar(250) COLLATE any_case; \
         INSERT INTO connection (conn_id, host, team_name) VALUES ('Sales', 'other', NULL), ('theirs', 'o', 'o')",
    );
    let store = server.with("").team("t");
    for id in ["sales", "theirs"] {
        assert_eq!(store.find(id), Ok(None));
        let error = store.put([("new", &host("n")), (id, &host("mine"))]).unwrap_err();
        assert_eq!((error.kind(), error.id()), (Kind::NotUnique, Some(id)));
        assert!(!store.remove(id).unwrap());
    }
    assert_eq!(server.sql("SELECT host FROM connection ORDER BY id"), ["other", "o"]);
    store.put([("Sales", &host("mine")), ("new", &host("n").with_port(80))]).unwrap();
    assert_eq!(
        server.sql("SELECT host, port FROM connection ORDER BY id"),
        ["mine", "", "o", "", "n", "80"]
    );
    assert_eq!(store.find("new").unwrap().unwrap().connection().port(), Some(80));
}

#[test]
#[ignore = "needs a server"]
fn an_odd_column_spoils_no_list() {
    let server = Server::new("odd", &COLUMNS.replace("host varchar(500)", "host bytea"));
    server.sql("INSERT INTO connection (conn_id, host) VALUES ('good', NULL), ('odd', '\\x00ff')");
    let store =
        server.with("").keys(Fernet::new(Fernet::generate_key().unwrap().expose()).unwrap());
    assert_eq!(store.ids().unwrap().len(), 2);
    assert_eq!(store.rotate(), Ok(0));
    assert!(store.find("good").unwrap().is_some());
    assert_eq!(store.find("odd").unwrap_err().kind(), Kind::Malformed);
}

#[test]
#[ignore = "needs a server"]
fn a_table_that_is_locked_is_not_waited_for() {
    let server = Server::new("locked", COLUMNS);
    let store = server.with("");
    store.put([("sales", &host("h"))]).unwrap();
    assert!(store.find("sales").unwrap().is_some());
    let brief = server.with("%20-c%20statement_timeout%3D500");
    thread::scope(|scope| {
        let locked = scope.spawn(|| {
            server.sql("BEGIN; LOCK TABLE connection IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(13)")
        });
        thread::sleep(Duration::from_secs(1));
        let limited = |look: &dyn Fn() -> Option<Kind>, least: u64, most: u64| {
            let begun = Instant::now();
            assert_eq!(look(), Some(Kind::Unavailable));
            let took = begun.elapsed();
            assert!(
                took >= Duration::from_millis(least) && took < Duration::from_millis(most),
                "{took:?}"
            );
        };
        let kind = |store: &Postgres| store.find("sales").map_err(|error| error.kind()).err();
        limited(&|| kind(&brief), 400, 5000);
        thread::scope(|scope| {
            scope.spawn(|| {
                let error = store.find("sales").unwrap_err();
                let says =
                    "metastore postgres postgres: connection `sales`: no answer in time (57014)";
                assert_eq!(error.to_string(), says);
            });
            scope.spawn(|| {
                limited(
                    &|| store.remove("sales").map_err(|error| error.kind()).err(),
                    9000,
                    10_500,
                );
            });
            scope.spawn(|| limited(&|| kind(&server.with("")), 9000, 10_500));
        });
        assert!(!locked.is_finished());
        // Nothing of it waits in the server.
        let waiting =
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'connection'::regclass";
        assert_eq!(server.sql(waiting), ["0"]);
    });
    assert!(store.find("sales").unwrap().is_some());
}

#[test]
#[ignore = "needs a server"]
fn a_connection_that_broke_is_made_anew() {
    let server = Server::new("broke", COLUMNS);
    // Of a role of its own: other tests have connections, too.
    server.sql("DROP ROLE IF EXISTS broke; CREATE ROLE broke SUPERUSER LOGIN PASSWORD 'broke'");
    let at = server.0.rfind('@').unwrap();
    let store = Postgres::new(&format!("postgresql://broke:broke{}", &server.0[at..])).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // From within a runtime, and so is its end.
    runtime.block_on(async move {
        store.put([("sales", &host("h"))]).unwrap();
        for _ in 0..3 {
            assert!(store.find("sales").unwrap().is_some());
            let end =
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'broke'";
            thread::scope(|scope| scope.spawn(|| assert!(!server.sql(end).is_empty())).join())
                .unwrap();
            thread::sleep(Duration::from_millis(300));
        }
        drop(store);
    });
}

/// Keeps what is logged in this process.
struct Logged(Mutex<String>);

impl log::Log for Logged {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut logged = self.0.lock().unwrap();
        logged.extend([record.target(), " ", &record.args().to_string(), "\n"]);
    }

    fn flush(&self) {}
}

static LOGGED: Logged = Logged(Mutex::new(String::new()));

#[test]
#[ignore = "needs a server"]
fn no_secret_is_logged() {
    log::set_logger(&LOGGED).expect("the first one");
    log::set_max_level(log::LevelFilter::Trace);
    let server = Server::new("logged", COLUMNS);
    let keys = Fernet::new(Fernet::generate_key().unwrap().expose()).unwrap();
    let secret = host("h").with_password("c4n4ry").with_extra(r#"{"key": "c4n4ry"}"#);
    let plain = server.with("");
    plain.put([("sales", &secret)]).unwrap();
    plain.put([("sales", &secret)]).unwrap();
    assert!(plain.find("sales").unwrap().is_some());
    let sealed = server.with("").keys(keys);
    sealed.put([("sealed", &secret)]).unwrap();
    assert_eq!(sealed.rotate(), Ok(1));
    assert!(sealed.remove("sealed").unwrap());
    let logged = LOGGED.0.lock().unwrap();
    assert!(logged.contains("tokio_postgres"), "it is listened to");
    for secret in ["c4n4ry", "gAAAA"] {
        let told: Vec<_> = logged.lines().filter(|line| line.contains(secret)).collect();
        assert!(told.is_empty(), "{told:?}");
    }
}
