//! The form of the file: its tables, how it is made, and for whom it is opened.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::{JournalError, shown};
use crate::file::{Durability, Run};

/// What marks a file of SQLite as a journal: `hhjl`.
const APPLICATION: i32 = 0x6868_6a6c;
/// The version of the form.
const FORM: i32 = 2;

/// `settled_calls` fails while `calls` does not say what was under way.
const SCHEMA: &str = "
    CREATE TABLE calls(
        id text PRIMARY KEY NOT NULL,
        connection text,
        plan text NOT NULL,
        state text NOT NULL,
        epoch integer NOT NULL,
        call text,
        due integer,
        outcome text,
        created integer NOT NULL,
        updated integer NOT NULL
    );
    CREATE TABLE run(key text PRIMARY KEY NOT NULL, value text NOT NULL) WITHOUT ROWID;
    CREATE VIEW settled_calls AS
        WITH settled(yes) AS MATERIALIZED (SELECT CASE
            WHEN EXISTS(SELECT 1 FROM run WHERE key = 'sends')
            THEN json_extract('{}', 'this run was killed: go on with it, or settle it by --resume --jobs 0')
            ELSE 1 END)
        SELECT id, connection, plan, state, epoch, call, due, outcome, created, updated
        FROM settled CROSS JOIN calls WHERE yes;
";

/// Makes the file with its tables.
pub(crate) fn make(path: &Path, run: &Run) -> Result<(), JournalError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| of_io(path, &error))?;
    let tables = || {
        let mut connection = Connection::open_with_flags(path, flags())?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction()?;
        transaction.execute_batch(SCHEMA)?;
        let seed = run.seed.to_string();
        let values = [
            ("connection", run.connection.as_ref()),
            ("calls", Some(&run.calls)),
            ("seed", Some(&seed)),
        ];
        for (key, value) in values {
            if let Some(value) = value {
                transaction.execute("INSERT INTO run VALUES(?1, ?2)", [key, value])?;
            }
        }
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", FORM)?;
        transaction.commit()?;
        connection.close().map_err(|(_, error)| error)
    };
    tables().map_err(|error| JournalError::of(path, error))
}

fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// Opens the file for its one owner. Who only looks whether there is a journal has it for a moment, too, and is waited for.
pub(crate) fn own(path: &Path, durability: Durability) -> Result<Connection, JournalError> {
    for _ in 0..200 {
        match connect(path, durability) {
            Err(JournalError::InUse(_)) => thread::sleep(Duration::from_millis(5)),
            opened => return opened,
        }
    }
    connect(path, durability)
}

/// Opens the file for one owner, and looks whether it is a journal.
pub(crate) fn connect(path: &Path, durability: Durability) -> Result<Connection, JournalError> {
    let of = |error| JournalError::of(path, error);
    let connection = Connection::open_with_flags(path, flags()).map_err(of)?;
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let form = |what: String| JournalError::Form { file: shown(path), what };
    connection.busy_timeout(Duration::ZERO).map_err(of)?;
    // Before the first read: then there is no memory to share, and nobody else to share it with.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(of)?;
    if number("application_id").map_err(of)? != APPLICATION {
        return Err(form("this is no journal".to_owned()));
    }
    match number("user_version").map_err(of)? {
        FORM => {}
        newer if newer > FORM => {
            return Err(form(format!(
                "the journal is of form {newer}, and this version reads {FORM}: it is newer"
            )));
        }
        older => {
            return Err(form(format!(
                "the journal is of form {older}, and this version reads {FORM}: it is older"
            )));
        }
    }
    let settings = || {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        let synchronous = match durability {
            Durability::Process => "NORMAL",
            Durability::Machine => "FULL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "wal_autocheckpoint", 8_000)?;
        connection.pragma_update(None, "cache_size", -8_000)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        // Takes the lock, and finds out whether the file can be written.
        connection.execute_batch("BEGIN IMMEDIATE; UPDATE run SET value = value; COMMIT")
    };
    settings().map_err(of)?;
    Ok(connection)
}

pub(crate) fn of_io(path: &Path, error: &io::Error) -> JournalError {
    let code = match error.kind() {
        io::ErrorKind::PermissionDenied => rusqlite::ffi::SQLITE_READONLY,
        io::ErrorKind::StorageFull => rusqlite::ffi::SQLITE_FULL,
        _ => rusqlite::ffi::SQLITE_CANTOPEN,
    };
    let cause =
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(error.to_string()));
    JournalError::Storage { file: shown(path), cause: std::sync::Arc::new(cause) }
}
