//! The metastore in PostgreSQL.

use std::error::Error;
use std::thread;
use std::time::Duration;

use http_hook::{Connection, Secret};
use tokio::runtime::Builder;
use tokio::time::timeout;
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Client, Config, NoTls};

use super::Row;
use super::cells::{Cell, Cells};
use super::link::{Driver, Line, Link};
use super::table::{Statements, Table, not_one, only, seen, statements, taken};
use crate::error::{SourceError, SourceErrorKind};
use crate::fernet::Fernet;

/// How long a connection to the server, each answer of it, and the turn of another look-up may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Begins a transaction in which the server gives up a little earlier than that, also where it waits for a lock; what the server has set
/// for itself holds if it is less. For this transaction alone: a pool before the server may give its connection to others.
const BEGIN: &str = "BEGIN; SELECT set_config('statement_timeout', '9500', true) \
     WHERE current_setting('statement_timeout')::interval NOT BETWEEN '1 ms' AND '9500 ms'";

/// Airflow's metastore in PostgreSQL.
///
/// It connects at the first look-up, without TLS: over a socket or a network that is trusted. A connection that broke is made anew. Every
/// query runs on a thread of its own, so that it may be asked for from any runtime.
///
/// A connection to the server may take 10 s for each host of the address, or its `connect_timeout`, until the server says that it is
/// ready. Each answer may take 10 s, also where a lock is waited for; so may the turn, while another thread looks something up. What takes
/// longer is an error of kind [`Unavailable`](SourceErrorKind::Unavailable), and its connection is closed.
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
    /// For look-ups; what writes has a connection of its own.
    line: Line,
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
        if config.get_ssl_mode() == tokio_postgres::config::SslMode::Require {
            return Err(unsupported("TLS is not supported here"));
        }
        let mut config = config;
        config.application_name("http-hook");
        Ok(Self { config, line: Line::default(), keys: None, team: None })
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
        let mut rows = Vec::new();
        for (id, connection) in connections {
            let row = Row::seal(id, connection, self.keys.as_ref());
            rows.push(row.map_err(|error| error.of_id(id))?);
        }
        let statements = statements(|number| format!("${number}"));
        self.write(async |client| {
            for row in &rows {
                let put = self.put_row(client, &statements, row).await;
                put.map_err(|error| error.of_id(&row.conn_id))?;
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
        let statements = statements(|number| format!("${number}"));
        let removed = self.write(async |client| {
            let rows = seen(self.locked(client, Some(id)).await?, id, self.team.as_deref());
            for row in &rows {
                let key = row.key().map_err(|says| self.malformed(says))?;
                self.change(client, &statements.delete, &[(&key, Type::INT8)]).await?;
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
        let statements = statements(|number| format!("${number}"));
        // What is changed meanwhile is not put back: the rows are locked from when they are read.
        self.write(async |client| {
            let mut count = 0;
            for row in self.locked(client, None).await? {
                let Some(rotated) = row.rotate(keys, &Table::name(self))? else { continue };
                let [password, extra] =
                    rotated.tokens.each_ref().map(|token| token.as_ref().map(Secret::expose));
                let values: [(&(dyn ToSql + Sync), Type); 3] =
                    [(&password, Type::TEXT), (&extra, Type::TEXT), (&rotated.key, Type::INT8)];
                self.change(client, &statements.rotate, &values).await?;
                count += 1;
            }
            Ok(count)
        })
    }

    async fn put_row(
        &self,
        client: &Client,
        statements: &Statements,
        row: &Row,
    ) -> Result<(), SourceError> {
        let id = &row.conn_id;
        let there = only(self, self.locked(client, Some(id)).await?, id, self.team.as_deref())?;
        let key = there.map(|there| there.key()).transpose();
        let key = key.map_err(|says| self.malformed(says))?;
        let password = row.password.as_ref().map(Secret::expose);
        let extra = row.extra.as_ref().map(Secret::expose);
        let mut values: Vec<(&(dyn ToSql + Sync), Type)> = vec![
            (id, Type::TEXT),
            (&row.conn_type, Type::TEXT),
            (&row.description, Type::TEXT),
            (&row.host, Type::TEXT),
            (&row.schema, Type::TEXT),
            (&row.login, Type::TEXT),
            (&password, Type::TEXT),
            (&row.port, Type::INT8),
            (&extra, Type::TEXT),
            (&row.is_encrypted, Type::BOOL),
            (&row.is_extra_encrypted, Type::BOOL),
        ];
        let Some(key) = &key else { return self.change(client, &statements.insert, &values).await };
        values.push((key, Type::INT8));
        self.change(client, &statements.update, &values).await
    }

    /// Writes in a transaction, over a connection of its own; the transaction ends with it.
    fn write<T: Send>(
        &self,
        change: impl AsyncFnOnce(&Client) -> Result<T, SourceError> + Send,
    ) -> Result<T, SourceError> {
        self.apart(|| {
            let link = self.connect()?;
            self.run(&link.driver, async {
                self.answer(link.client.batch_execute(BEGIN)).await?;
                let done = change(&link.client).await?;
                self.answer(link.client.batch_execute("COMMIT")).await?;
                Ok(done)
            })
        })
    }

    /// Reads rows that nobody else changes until the transaction ends.
    async fn locked(&self, client: &Client, id: Option<&str>) -> Result<Vec<Cells>, SourceError> {
        let rows = select(client, id, " FOR UPDATE");
        Ok(self.answer(rows).await?.iter().map(cells).collect())
    }

    /// Changes one row, or none at all. The values are in no log: those of a statement that is prepared first would be.
    async fn change(
        &self,
        client: &Client,
        statement: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<(), SourceError> {
        match self.answer(client.execute_typed(statement, values)).await? {
            1 => Ok(()),
            _ => Err(not_one(self)),
        }
    }

    /// Waits for an answer, and no longer than it may take.
    async fn answer<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, SourceError> {
        match timeout(PATIENCE, answer).await {
            Ok(answer) => answer.map_err(|error| self.fail(&error)),
            Err(_) => Err(self.unavailable("no answer within 10 s")),
        }
    }

    fn connect(&self) -> Result<Link, SourceError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let driver = Driver(runtime.ok());
        let each = self.config.get_connect_timeout().copied().unwrap_or(PATIENCE);
        let hosts = self.config.get_hosts().len().max(self.config.get_hostaddrs().len());
        let limit = each.saturating_mul(u32::try_from(hosts.max(1)).unwrap_or(u32::MAX));
        let mut config = self.config.clone();
        // Of the addresses of one host the next one has its turn, too.
        config.connect_timeout(each / 2);
        let client = self.run(&driver, async {
            match timeout(limit, config.connect(NoTls)).await {
                Ok(Ok((client, connection))) => {
                    tokio::spawn(connection);
                    Ok(client)
                }
                Ok(Err(error)) => Err(self.fail(&error)),
                Err(_) => {
                    let says = format!("no connection within {} s", limit.as_secs());
                    Err(self.unavailable(says))
                }
            }
        })?;
        Ok(Link { client, driver })
    }

    /// Runs what asks the server.
    fn run<T>(
        &self,
        driver: &Driver,
        job: impl Future<Output = Result<T, SourceError>>,
    ) -> Result<T, SourceError> {
        let ended = || self.unavailable("no connection");
        driver.0.as_ref().ok_or_else(ended)?.block_on(job)
    }

    /// Runs on a thread of its own: a runtime must not be started within another.
    fn apart<T: Send>(
        &self,
        run: impl FnOnce() -> Result<T, SourceError> + Send,
    ) -> Result<T, SourceError> {
        thread::scope(|scope| scope.spawn(run).join())
            .unwrap_or_else(|_| Err(self.unavailable("the query broke off")))
    }

    fn unavailable(&self, says: impl Into<std::borrow::Cow<'static, str>>) -> SourceError {
        SourceError::new(SourceErrorKind::Unavailable, Table::name(self), says)
    }

    /// Tells the code of an error: its text may hold values.
    fn fail(&self, error: &tokio_postgres::Error) -> SourceError {
        let Some(code) = error.code().map(tokio_postgres::error::SqlState::code) else {
            return self.unavailable("the server cannot be reached");
        };
        let (kind, says) = match code {
            // A limit for locks, and one for statements.
            "55P03" | "57014" => {
                (SourceErrorKind::Unavailable, format!("no answer in time ({code})"))
            }
            "23505" => return taken(self),
            _ if code.starts_with("28") => {
                (SourceErrorKind::Denied, format!("the server refuses the login ({code})"))
            }
            _ if code.starts_with("42") => {
                (SourceErrorKind::Malformed, format!("not a table of connections ({code})"))
            }
            _ => (SourceErrorKind::Unavailable, format!("the server says {code}")),
        };
        SourceError::new(kind, Table::name(self), says)
    }
}

impl Table for Postgres {
    fn name(&self) -> String {
        format!("metastore postgres {}", self.config.get_dbname().unwrap_or_default())
    }

    fn rows(&self, id: Option<&str>) -> Result<Vec<Cells>, SourceError> {
        self.apart(|| {
            let late = || self.unavailable("another look-up has had no answer for 10 s");
            let mut turn = self.line.turn().ok_or_else(late)?;
            let link = match turn.link.take().filter(Link::is_open) {
                Some(link) => link,
                None => self.connect()?,
            };
            let rows = self.run(
                &link.driver,
                self.answer(async {
                    // All three are sent at once. One that fails ends the transaction, too.
                    let (begun, rows, _) = tokio::join!(
                        biased;
                        link.client.batch_execute(BEGIN),
                        select(&link.client, id, ""),
                        link.client.batch_execute("COMMIT"),
                    );
                    begun.and(rows)
                }),
            )?;
            turn.link = Some(link);
            Ok(rows.iter().map(cells).collect())
        })
    }
}

async fn select(
    client: &Client,
    id: Option<&str>,
    lock: &str,
) -> Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
    // In one go, without a statement that is prepared first.
    if let Some(id) = id {
        let statement = format!("SELECT * FROM connection WHERE conn_id = $1{lock}");
        client.query_typed(&statement, &[(&id, Type::TEXT)]).await
    } else {
        let statement = format!("SELECT * FROM connection ORDER BY conn_id{lock}");
        client.query_typed(&statement, &[]).await
    }
}

fn cells(row: &tokio_postgres::Row) -> Cells {
    Cells::read(|name| {
        let index = row.columns().iter().position(|column| column.name() == name)?;
        Some(match row.try_get::<_, Option<Cell>>(index) {
            Ok(cell) => cell.unwrap_or(Cell::Null),
            Err(_) => Cell::Other,
        })
    })
}

/// Whatever a column holds.
impl<'a> FromSql<'a> for Cell {
    fn from_sql(column: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *column {
            Type::BOOL => Self::Flag(bool::from_sql(column, bytes)?),
            Type::INT2 => Self::Number(i16::from_sql(column, bytes)?.into()),
            Type::INT4 => Self::Number(i32::from_sql(column, bytes)?.into()),
            Type::INT8 => Self::Number(i64::from_sql(column, bytes)?),
            _ if <String as FromSql>::accepts(column) => {
                Self::Text(String::from_sql(column, bytes)?)
            }
            _ => Self::Other,
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
