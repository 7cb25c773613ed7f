//! The metastore in SQLite.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http_hook::{Connection, Secret};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{OpenFlags, Transaction, params_from_iter};

use super::Row;
use super::table::{Table, statements};
use crate::error::{SourceError, SourceErrorKind};
use crate::fernet::Fernet;

/// How long a lock of another is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Airflow's metastore in a file of SQLite.
///
/// It is opened for reading at the first look-up, and for writing when something is written; it is never made.
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
    reader: Mutex<Option<rusqlite::Connection>>,
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
    /// As [`Row::seal`], and if the database cannot be written.
    pub fn put<'a>(
        &self,
        connections: impl IntoIterator<Item = (&'a str, &'a Connection)>,
    ) -> Result<(), SourceError> {
        let [update, insert] = statements(|number| format!("?{number}"));
        self.write(|transaction| {
            for (id, connection) in connections {
                let row = Row::seal(id, connection, self.keys.as_ref())
                    .map_err(|error| error.of_id(id))?;
                let values = values(&row);
                let update = transaction.execute(&update, params_from_iter(&values));
                if update.map_err(|error| self.fail(&error))? == 0 {
                    let insert = transaction.execute(&insert, params_from_iter(&values));
                    insert.map_err(|error| self.fail(&error))?;
                }
            }
            Ok(())
        })
    }

    /// Takes a connection out; tells whether there was one.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn remove(&self, id: &str) -> Result<bool, SourceError> {
        self.write(|transaction| {
            let deleted = transaction.execute("DELETE FROM connection WHERE conn_id = ?1", [id]);
            deleted.map(|rows| rows > 0).map_err(|error| self.fail(&error))
        })
    }

    /// Encrypts everything that is encrypted again with the first key, all of it or nothing; tells how many rows that were.
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
        let [update, _] = statements(|number| format!("?{number}"));
        self.write(|transaction| {
            let mut rotated = 0;
            for mut row in self.read(transaction, None)? {
                let any = row.rotate(keys).map_err(|error| error.of_id(&row.conn_id))?;
                if any {
                    transaction
                        .execute(&update, params_from_iter(values(&row)))
                        .map_err(|error| self.fail(&error))?;
                    rotated += 1;
                }
            }
            Ok(rotated)
        })
    }

    fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = self.open(flags)?;
        let behaviour = rusqlite::TransactionBehavior::Immediate;
        let transaction = connection.transaction_with_behavior(behaviour);
        let transaction = transaction.map_err(|error| self.fail(&error))?;
        let done = change(&transaction)?;
        transaction.commit().map_err(|error| self.fail(&error))?;
        Ok(done)
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
    ) -> Result<Vec<Row>, SourceError> {
        let read = || -> rusqlite::Result<Vec<Result<Row, &'static str>>> {
            let only = if id.is_some() { " WHERE conn_id = ?1" } else { " ORDER BY conn_id" };
            // Columns are found by their names: versions of Airflow differ in them.
            let mut statement =
                connection.prepare_cached(&format!("SELECT * FROM connection{only}"))?;
            let names: Vec<String> =
                statement.column_names().into_iter().map(str::to_owned).collect();
            let mut rows = statement.query(params_from_iter(id))?;
            let mut read = Vec::new();
            while let Some(row) = rows.next()? {
                read.push(row_of(&names, row));
            }
            Ok(read)
        };
        let rows = read().map_err(|error| self.fail(&error))?;
        rows.into_iter()
            .map(|row| {
                row.map_err(|says| {
                    SourceError::new(SourceErrorKind::Malformed, Table::name(self), says)
                })
            })
            .collect()
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

    fn rows(&self, id: Option<&str>) -> Result<Vec<Row>, SourceError> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if reader.is_none() {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            *reader = Some(self.open(flags)?);
        }
        let Some(connection) = reader.as_ref() else { return Ok(Vec::new()) };
        let read = self.read(connection, id);
        if read.is_err() {
            // The file may be another one by the next time.
            *reader = None;
        }
        read
    }
}

fn values(row: &Row) -> Vec<Value> {
    let text = |value: &Option<String>| value.clone().map_or(Value::Null, Value::Text);
    let secret = |value: &Option<Secret>| {
        value.as_ref().map_or(Value::Null, |secret| Value::Text(secret.expose().to_owned()))
    };
    vec![
        Value::Text(row.conn_id.clone()),
        text(&row.conn_type),
        text(&row.description),
        text(&row.host),
        text(&row.schema),
        text(&row.login),
        secret(&row.password),
        row.port.map_or(Value::Null, Value::Integer),
        secret(&row.extra),
        Value::Integer(row.is_encrypted.into()),
        Value::Integer(row.is_extra_encrypted.into()),
    ]
}

fn row_of(names: &[String], row: &rusqlite::Row<'_>) -> Result<Row, &'static str> {
    let value = |name: &str| {
        let index = names.iter().position(|own| own == name)?;
        row.get_ref(index).ok()
    };
    let text = |name: &str| match value(name) {
        None | Some(ValueRef::Null) => Ok(None),
        Some(ValueRef::Text(bytes)) => {
            String::from_utf8(bytes.to_vec()).map(Some).map_err(|_| "a text that is not UTF-8")
        }
        // SQLite keeps in a column what it was given.
        Some(ValueRef::Integer(number)) => Ok(Some(number.to_string())),
        Some(_) => Err("a column that holds no text"),
    };
    let flag = |name: &str| match value(name) {
        None | Some(ValueRef::Null | ValueRef::Integer(0)) => Ok(false),
        Some(ValueRef::Integer(_)) => Ok(true),
        Some(_) => Err("a column that is neither true nor false"),
    };
    let port = match value("port") {
        None | Some(ValueRef::Null) => None,
        Some(ValueRef::Integer(port)) => Some(port),
        Some(_) => return Err("a port that is not a number"),
    };
    Ok(Row {
        conn_id: text("conn_id")?.ok_or("a row without an id")?,
        conn_type: text("conn_type")?,
        description: text("description")?,
        host: text("host")?,
        schema: text("schema")?,
        login: text("login")?,
        password: text("password")?.map(Secret::new),
        port,
        extra: text("extra")?.map(Secret::new),
        is_encrypted: flag("is_encrypted")?,
        is_extra_encrypted: flag("is_extra_encrypted")?,
        team_name: text("team_name")?,
    })
}
