//! The metastore in SQLite.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http_hook::{Connection, Secret};
use rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{OpenFlags, Transaction, params_from_iter};

use super::Row;
use super::cells::{Cell, Cells};
use super::table::{Table, not_one, only, seen, statements, taken};
use crate::error::{SourceError, SourceErrorKind};
use crate::fernet::Fernet;
use crate::file::Stamp;

/// How long a lock of another is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What SQLite has beside a database, and opens where it is there.
const BESIDE: [&str; 3] = ["-journal", "-shm", "-wal"];

/// Airflow's metastore in a file of SQLite.
///
/// It is opened for reading at the first look-up, and again when it is another file or was changed; for writing when something is
/// written. It is never made. The lock of another is waited for 5 s. What is no file, a pipe, say, is not opened.
///
/// # Examples
///
/// ```no_run
/// use http_hook_sources::Fernet;
/// use http_hook_sources::blocking::Sources;
/// use http_hook_sources::metastore::Sqlite;
///
/// let keys = Fernet::new(&std::env::var("AIRFLOW__CORE__FERNET_KEY")?)?;
/// let sources = Sources::new().with(Sqlite::new("/opt/airflow/airflow.db").keys(keys));
/// let hook = sources.hook("sales")?.build()?;
/// # let _ = hook;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sqlite {
    path: PathBuf,
    reader: Mutex<Option<(Stamp, rusqlite::Connection)>>,
    pub(super) keys: Option<Fernet>,
    pub(super) team: Option<String>,
}

impl Sqlite {
    /// Names the file of the database.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), reader: Mutex::new(None), keys: None, team: None }
    }

    /// Stores connections, all of them or none, in place of those that are there under their ids. The team of a row stays.
    ///
    /// # Errors
    ///
    /// As [`Row::seal`], and if the database cannot be written. Kind [`NotUnique`](SourceErrorKind::NotUnique) if more than one row has an
    /// id, or if the table takes it for the same as that of a row that is not seen here.
    pub fn put<'a>(
        &self,
        connections: impl IntoIterator<Item = (&'a str, &'a Connection)>,
    ) -> Result<(), SourceError> {
        let statements = statements(|number| format!("?{number}"));
        self.write(|transaction| {
            let put = |id: &str, connection: &Connection| {
                let row = Row::seal(id, connection, self.keys.as_ref())?;
                let there = self.read(transaction, Some(id))?;
                let there = only(self, there, id, self.team.as_deref())?;
                let key = there.map(|there| there.key()).transpose();
                let mut values = values(&row);
                let statement = match key.map_err(|says| self.malformed(says))? {
                    Some(key) => {
                        values.push(Value::Integer(key));
                        &statements.update
                    }
                    None => &statements.insert,
                };
                self.change(transaction, statement, values)
            };
            for (id, connection) in connections {
                put(id, connection).map_err(|error| error.of_id(id))?;
            }
            Ok(())
        })
    }

    /// Takes a connection out; tells whether there was one. What [`find`](crate::blocking::Source::find) does not see stays.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn remove(&self, id: &str) -> Result<bool, SourceError> {
        let statements = statements(|number| format!("?{number}"));
        let removed = self.write(|transaction| {
            let rows = seen(self.read(transaction, Some(id))?, id, self.team.as_deref());
            for row in &rows {
                let key = row.key().map_err(|says| self.malformed(says))?;
                self.change(transaction, &statements.delete, [Value::Integer(key)])?;
            }
            Ok(!rows.is_empty())
        });
        removed.map_err(|error| error.of_id(id))
    }

    /// Encrypts everything that is encrypted again with the first key, all of it or nothing; tells how many rows that were. Of each row
    /// its tokens change, and nothing else.
    ///
    /// # Errors
    ///
    /// If there are no keys, if one of the tokens fits none of them, or if the database cannot be written.
    pub fn rotate(&self) -> Result<usize, SourceError> {
        let Some(keys) = &self.keys else {
            return Err(SourceError::new(
                SourceErrorKind::Key,
                Table::name(self),
                "no keys are set",
            ));
        };
        let statements = statements(|number| format!("?{number}"));
        self.write(|transaction| {
            let mut count = 0;
            for row in self.read(transaction, None)? {
                let Some(rotated) = row.rotate(keys, &Table::name(self))? else { continue };
                let tokens = rotated.tokens.iter().map(Option::as_ref).map(secret);
                let values = tokens.chain([Value::Integer(rotated.key)]);
                self.change(transaction, &statements.rotate, values)?;
                count += 1;
            }
            Ok(count)
        })
    }

    /// Changes one row, or none at all.
    fn change(
        &self,
        transaction: &Transaction<'_>,
        statement: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<(), SourceError> {
        let statement = transaction.prepare_cached(statement);
        let mut statement = statement.map_err(|error| self.fail(&error))?;
        match statement.execute(params_from_iter(values)) {
            Ok(1) => Ok(()),
            Ok(_) => Err(not_one(self)),
            Err(rusqlite::Error::SqliteFailure(failure, _))
                if failure.extended_code == SQLITE_CONSTRAINT_UNIQUE =>
            {
                Err(taken(self))
            }
            Err(error) => Err(self.fail(&error)),
        }
    }

    fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        self.stamp()?;
        let mut connection = self.open(flags)?;
        let behaviour = rusqlite::TransactionBehavior::Immediate;
        let transaction = connection.transaction_with_behavior(behaviour);
        let transaction = transaction.map_err(|error| self.fail(&error))?;
        let done = change(&transaction)?;
        transaction.commit().map_err(|error| self.fail(&error))?;
        Ok(done)
    }

    /// Looks at the file. What it is comes first: to open a pipe waits for its writer.
    fn stamp(&self) -> Result<Stamp, SourceError> {
        let place = || Table::name(self);
        let wrong = |error: &io::Error| SourceError::of_io(place(), error);
        let says = "not a file, or not one beside it";
        let no_file = || SourceError::new(SourceErrorKind::Io, place(), says);
        let metadata = fs::metadata(&self.path).map_err(|error| wrong(&error))?;
        if !metadata.is_file() {
            return Err(no_file());
        }
        // SQLite puts them beside the file itself, not beside a link to it.
        let mut file = self.path.clone();
        if file.is_symlink() {
            file = fs::canonicalize(file).map_err(|error| wrong(&error))?;
        }
        for suffix in BESIDE {
            let mut beside = file.clone().into_os_string();
            beside.push(suffix);
            match fs::metadata(Path::new(&beside)) {
                Ok(metadata) if !metadata.is_file() => return Err(no_file()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(wrong(&error)),
            }
        }
        Ok(Stamp::new(&metadata))
    }

    fn open(&self, flags: OpenFlags) -> Result<rusqlite::Connection, SourceError> {
        // A path is a path, whatever it looks like: no flag for URIs.
        let connection = rusqlite::Connection::open_with_flags(&self.path, flags);
        let connection = connection.map_err(|error| self.fail(&error))?;
        connection.busy_timeout(PATIENCE).map_err(|error| self.fail(&error))?;
        Ok(connection)
    }

    fn read(
        &self,
        connection: &rusqlite::Connection,
        id: Option<&str>,
    ) -> Result<Vec<Cells>, SourceError> {
        let read = || {
            let only = if id.is_some() { " WHERE conn_id = ?1" } else { " ORDER BY conn_id" };
            let statement = format!("SELECT * FROM connection{only}");
            let mut statement = connection.prepare_cached(&statement)?;
            let names: Vec<String> =
                statement.column_names().into_iter().map(str::to_owned).collect();
            let mut rows = statement.query(params_from_iter(id))?;
            let mut read = Vec::new();
            while let Some(row) = rows.next()? {
                let index = |name: &str| names.iter().position(|own| own == name);
                read.push(Cells::read(|name| row.get_ref(index(name)?).ok().map(cell)));
            }
            Ok(read)
        };
        read().map_err(|error| self.fail(&error))
    }

    /// What the library says may quote a statement, never a value: all values are bound.
    fn fail(&self, error: &rusqlite::Error) -> SourceError {
        let (kind, says) = match error {
            rusqlite::Error::SqliteFailure(failure, _) => {
                (SourceErrorKind::Io, format!("{failure}"))
            }
            _ => (SourceErrorKind::Malformed, "not a table of connections".to_owned()),
        };
        SourceError::new(kind, Table::name(self), says)
    }
}

impl Table for Sqlite {
    fn name(&self) -> String {
        format!("metastore {}", self.path.display())
    }

    fn rows(&self, id: Option<&str>) -> Result<Vec<Cells>, SourceError> {
        let stamp = self.stamp()?;
        let reader = || self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody waits for who waits for a lock: the second look-up at a time opens the file for itself.
        let kept = reader().take().filter(|(kept, _)| *kept == stamp);
        let connection = match kept {
            Some((_, connection)) => connection,
            None => {
                self.open(OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?
            }
        };
        let read = self.read(&connection, id)?;
        *reader() = Some((stamp, connection));
        Ok(read)
    }
}

fn secret(value: Option<&Secret>) -> Value {
    value.map_or(Value::Null, |secret| Value::Text(secret.expose().to_owned()))
}

fn values(row: &Row) -> Vec<Value> {
    let text = |value: &Option<String>| value.clone().map_or(Value::Null, Value::Text);
    vec![
        Value::Text(row.conn_id.clone()),
        text(&row.conn_type),
        text(&row.description),
        text(&row.host),
        text(&row.schema),
        text(&row.login),
        secret(row.password.as_ref()),
        row.port.map_or(Value::Null, Value::Integer),
        secret(row.extra.as_ref()),
        Value::Integer(row.is_encrypted.into()),
        Value::Integer(row.is_extra_encrypted.into()),
    ]
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Text(bytes) => String::from_utf8(bytes.to_vec()).map_or(Cell::Other, Cell::Text),
        ValueRef::Integer(number) => Cell::Number(number),
        ValueRef::Real(_) | ValueRef::Blob(_) => Cell::Other,
    }
}
