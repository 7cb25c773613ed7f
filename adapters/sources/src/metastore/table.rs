//! What the databases share that have the table.

use std::fmt;

use async_trait::async_trait;
use http_hook::Connection;

#[cfg(feature = "postgres")]
use super::Postgres;
use super::Row;
#[cfg(feature = "sqlite")]
use super::Sqlite;
use crate::error::{SourceError, SourceErrorKind};
use crate::fernet::Fernet;
use crate::source::{BlockingSource, Found, Listed, Store};

/// A database that has the table.
pub(crate) trait Table: Send + Sync {
    /// Names it for people, without what is secret of its address.
    fn name(&self) -> String;

    /// Reads the rows of an id, or all.
    fn rows(&self, id: Option<&str>) -> Result<Vec<Row>, SourceError>;
}

/// Looks up in a table.
fn find(
    table: &impl Table,
    keys: Option<&Fernet>,
    team: Option<&str>,
    id: &str,
) -> Result<Option<Found>, SourceError> {
    let mut rows = table.rows(Some(id))?;
    // Databases differ in when texts are equal; here they are if they are the same.
    rows.retain(|row| row.conn_id == id && is_of(row, team));
    if rows.len() > 1 {
        let says = "more than one row has this id";
        return Err(SourceError::new(SourceErrorKind::NotUnique, table.name(), says));
    }
    let Some(row) = rows.pop() else { return Ok(None) };
    let connection = row
        .open(keys)
        .map_err(|error| SourceError::new(error.kind(), table.name(), error.says().to_owned()))?;
    Ok(Some(Found::new(connection, format!("{} conn_id {id}", table.name()))))
}

/// Whether a team may see a row: its own, and those of nobody. Without a team all are seen, as where there are none.
fn is_of(row: &Row, team: Option<&str>) -> bool {
    team.is_none() || row.team_name.as_deref().is_none_or(|own| Some(own) == team)
}

fn ids(table: &impl Table, team: Option<&str>) -> Result<Vec<Listed>, SourceError> {
    let name = table.name();
    let mut rows = table.rows(None)?;
    rows.retain(|row| is_of(row, team));
    let listed = |row: Row| Listed {
        place: format!("{name} conn_id {}", row.conn_id),
        id: row.conn_id,
        any_case: false,
    };
    Ok(rows.into_iter().map(listed).collect())
}

/// The parts that all databases share.
macro_rules! metastore {
    ($database:ident) => {
        impl $database {
            /// Decrypts with these keys, and encrypts what is written with the first. Without keys, what is encrypted is an error.
            #[must_use]
            pub fn keys(mut self, keys: Fernet) -> Self {
                self.keys = Some(keys);
                self
            }

            /// Sees the rows of one team and those of nobody, no others.
            #[must_use]
            pub fn team(mut self, team: impl Into<String>) -> Self {
                self.team = Some(team.into());
                self
            }
        }

        /// Names the database.
        impl fmt::Debug for $database {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($database)).field(&Table::name(self)).finish()
            }
        }

        impl BlockingSource for $database {
            fn name(&self) -> String {
                Table::name(self)
            }

            fn find(&self, id: &str) -> Result<Option<Found>, SourceError> {
                find(self, self.keys.as_ref(), self.team.as_deref(), id)
            }

            fn ids(&self) -> Result<Vec<Listed>, SourceError> {
                ids(self, self.team.as_deref())
            }

            fn store(&self) -> Option<&dyn Store> {
                Some(self)
            }
        }

        #[async_trait]
        impl Store for $database {
            async fn put(&self, connections: &[(&str, &Connection)]) -> Result<(), SourceError> {
                Self::put(self, connections.iter().copied())
            }

            async fn remove(&self, id: &str) -> Result<bool, SourceError> {
                Self::remove(self, id)
            }

            async fn rotate(&self) -> Result<Option<usize>, SourceError> {
                Self::rotate(self).map(Some)
            }
        }
    };
}

#[cfg(feature = "sqlite")]
metastore!(Sqlite);
#[cfg(feature = "postgres")]
metastore!(Postgres);

/// The columns that are written, in the order of their values.
const COLUMNS: [&str; 11] = [
    "conn_id",
    "conn_type",
    "description",
    "host",
    "schema",
    "login",
    "password",
    "port",
    "extra",
    "is_encrypted",
    "is_extra_encrypted",
];

/// The two statements that write a row; `mark` makes the place of a value of its number.
pub(super) fn statements(mark: fn(usize) -> String) -> [String; 2] {
    let set: Vec<String> = COLUMNS
        .iter()
        .enumerate()
        .skip(1)
        .map(|(index, column)| format!("{column} = {}", mark(index + 1)))
        .collect();
    let marks: Vec<String> = (1..=COLUMNS.len()).map(mark).collect();
    [
        format!("UPDATE connection SET {} WHERE conn_id = {}", set.join(", "), mark(1)),
        format!("INSERT INTO connection ({}) VALUES ({})", COLUMNS.join(", "), marks.join(", ")),
    ]
}
