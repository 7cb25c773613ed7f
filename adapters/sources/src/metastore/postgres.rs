//! The metastore in PostgreSQL.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use http_hook::{Connection, Secret};
use postgres::types::{ToSql, Type};
use postgres::{Client, Config, NoTls, Transaction};

use super::Row;
use super::table::{Table, statements};
use crate::error::{SourceError, SourceErrorKind};
use crate::fernet::Fernet;

/// How long a connection to the server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Airflow's metastore in PostgreSQL.
///
/// It connects at the first look-up, without TLS: over a socket or a network that is trusted. A connection that broke is made anew. Every
/// query runs on a thread of its own, so that it may be asked for from any runtime.
///
/// # Examples
///
/// ```no_run
/// use http_hook_sources::blocking::Sources;
/// use http_hook_sources::metastore::Postgres;
///
/// let metastore = Postgres::new("postgresql://airflow:secret@localhost/airflow")?;
/// let hook = Sources::new().with(metastore).hook("sales")?.build()?;
/// # let _ = hook;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Postgres {
    config: Config,
    client: Mutex<Option<Client>>,
    pub(super) keys: Option<Fernet>,
    pub(super) team: Option<String>,
}

impl Postgres {
    /// Reads the address of a database: a URL, also in SQLAlchemy's form (`postgresql+psycopg2://…`), or words `name=value`.
    ///
    /// # Errors
    ///
    /// If it is none, or asks for TLS, which there is none of here.
    pub fn new(address: &str) -> Result<Self, SourceError> {
        let unsupported =
            |says| SourceError::new(SourceErrorKind::Unsupported, "metastore postgres", says);
        let address = match address.split_once("://") {
            Some((scheme, rest)) => {
                let scheme = scheme.split('+').next().unwrap_or_default();
                format!("{scheme}://{rest}")
            }
            None => address.to_owned(),
        };
        // What the library says may quote the address.
        let config: Config =
            address.parse().map_err(|_| unsupported("not the address of a database"))?;
        if config.get_ssl_mode() == postgres::config::SslMode::Require {
            return Err(unsupported("TLS is not supported here"));
        }
        let mut config = config;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        config.application_name("http-hook");
        Ok(Self { config, client: Mutex::new(None), keys: None, team: None })
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
        let mut rows = Vec::new();
        for (id, connection) in connections {
            let row = Row::seal(id, connection, self.keys.as_ref());
            rows.push(row.map_err(|error| error.of_id(id))?);
        }
        self.with(|client| {
            let mut transaction = client.transaction()?;
            write(&mut transaction, &rows)?;
            transaction.commit()
        })
    }

    /// Takes a connection out; tells whether there was one.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn remove(&self, id: &str) -> Result<bool, SourceError> {
        self.with(|client| {
            client.execute("DELETE FROM connection WHERE conn_id = $1", &[&id]).map(|rows| rows > 0)
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
        let rotated = |rows: &[postgres::Row]| {
            let mut rotated = Vec::new();
            for row in rows {
                let mut row = self.row(row)?;
                let any = row.rotate(keys).map_err(|error| error.of_id(&row.conn_id))?;
                rotated.extend(any.then_some(row));
            }
            Ok(rotated)
        };
        // What is changed meanwhile is not put back: the rows are locked from when they are read.
        self.with(|client| {
            let mut transaction = client.transaction()?;
            let rows =
                transaction.query("SELECT * FROM connection ORDER BY conn_id FOR UPDATE", &[])?;
            match rotated(&rows) {
                Ok(rotated) => {
                    write(&mut transaction, &rotated)?;
                    transaction.commit()?;
                    Ok(Ok(rotated.len()))
                }
                Err(error) => Ok(Err(error)),
            }
        })?
    }

    /// Runs on a thread of its own: the client has a runtime inside, which must not be started within another.
    fn with<T: Send>(
        &self,
        query: impl FnOnce(&mut Client) -> Result<T, postgres::Error> + Send,
    ) -> Result<T, SourceError> {
        let run = || {
            let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
            if client.as_ref().is_none_or(Client::is_closed) {
                *client = Some(self.config.connect(NoTls).map_err(|error| self.fail(&error))?);
            }
            match client.as_mut() {
                Some(client) => query(client).map_err(|error| self.fail(&error)),
                None => Err(SourceError::new(
                    SourceErrorKind::Unavailable,
                    Table::name(self),
                    "no connection",
                )),
            }
        };
        let broke = || {
            SourceError::new(SourceErrorKind::Unavailable, Table::name(self), "the query broke off")
        };
        thread::scope(|scope| scope.spawn(run).join()).unwrap_or_else(|_| Err(broke()))
    }

    /// Tells the code of an error: its text may hold values.
    fn fail(&self, error: &postgres::Error) -> SourceError {
        let (kind, says) = match error.code() {
            Some(code) if code.code().starts_with("28") => {
                (SourceErrorKind::Denied, format!("the server refuses the login ({})", code.code()))
            }
            Some(code) if code.code().starts_with("42") => (
                SourceErrorKind::Malformed,
                format!("not a table of connections ({})", code.code()),
            ),
            Some(code) => {
                (SourceErrorKind::Unavailable, format!("the server says {}", code.code()))
            }
            None => (SourceErrorKind::Unavailable, "the server cannot be reached".to_owned()),
        };
        SourceError::new(kind, Table::name(self), says)
    }
}

fn write(transaction: &mut Transaction<'_>, rows: &[Row]) -> Result<(), postgres::Error> {
    let [update, insert] = statements(|number| format!("${number}"));
    for row in rows {
        let (password, extra) = (row.password.as_ref(), row.extra.as_ref());
        let (password, extra) = (password.map(Secret::expose), extra.map(Secret::expose));
        let port = row.port.and_then(|port| i32::try_from(port).ok());
        let values: [&(dyn ToSql + Sync); 11] = [
            &row.conn_id,
            &row.conn_type,
            &row.description,
            &row.host,
            &row.schema,
            &row.login,
            &password,
            &port,
            &extra,
            &row.is_encrypted,
            &row.is_extra_encrypted,
        ];
        if transaction.execute(&update, &values)? == 0 {
            transaction.execute(&insert, &values)?;
        }
    }
    Ok(())
}

impl Table for Postgres {
    fn name(&self) -> String {
        format!("metastore postgres {}", self.config.get_dbname().unwrap_or_default())
    }

    fn rows(&self, id: Option<&str>) -> Result<Vec<Row>, SourceError> {
        let rows = self.with(|client| match id {
            Some(id) => client.query("SELECT * FROM connection WHERE conn_id = $1", &[&id]),
            None => client.query("SELECT * FROM connection ORDER BY conn_id", &[]),
        })?;
        rows.iter().map(|row| self.row(row)).collect()
    }
}

impl Postgres {
    fn row(&self, row: &postgres::Row) -> Result<Row, SourceError> {
        let wrong = |says: &'static str| {
            SourceError::new(SourceErrorKind::Malformed, Table::name(self), says)
        };
        // Columns are found by their names: versions of Airflow differ in them.
        let index = |name: &str| row.columns().iter().position(|column| column.name() == name);
        let text = |name: &str| match index(name) {
            None => Ok(None),
            Some(index) => row
                .try_get::<_, Option<String>>(index)
                .map_err(|_| wrong("a column that holds no text")),
        };
        let flag = |name: &str| match index(name) {
            None => Ok(false),
            Some(index) => row
                .try_get::<_, Option<bool>>(index)
                .map(Option::unwrap_or_default)
                .map_err(|_| wrong("a column that is neither true nor false")),
        };
        let port = index("port").map(|index| {
            match row.columns().get(index).map(postgres::Column::type_) {
                Some(&Type::INT8) => row.try_get::<_, Option<i64>>(index),
                _ => row.try_get::<_, Option<i32>>(index).map(|port| port.map(i64::from)),
            }
        });
        let port = port.transpose().map_err(|_| wrong("a port that is not a number"))?.flatten();
        Ok(Row {
            conn_id: text("conn_id")?.ok_or_else(|| wrong("a row without an id"))?,
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
}
