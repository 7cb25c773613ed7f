//! What the databases share that have the table.

use std::fmt;

use async_trait::async_trait;
use http_hook::Connection;

#[cfg(feature = "postgres")]
use super::Postgres;
#[cfg(feature = "sqlite")]
use super::Sqlite;
use super::cells::Cells;
use crate::error::{SourceError, SourceErrorKind};
use crate::fernet::Fernet;
use crate::source::{BlockingSource, Found, Listed, Store};

/// A database that has the table.
pub(crate) trait Table: Send + Sync {
    /// Names it for people, without what is secret of its address.
    fn name(&self) -> String;

    /// Reads the rows of an id, or all; of an id also those whose ids the database takes for equal.
    fn rows(&self, id: Option<&str>) -> Result<Vec<Cells>, SourceError>;

    /// What is wrong with what is stored.
    fn malformed(&self, says: &'static str) -> SourceError {
        SourceError::new(SourceErrorKind::Malformed, self.name(), says)
    }
}

/// Keeps the rows of an id that a team may see. Databases differ in when texts are equal; here they are if they are the same.
pub(super) fn seen(mut rows: Vec<Cells>, id: &str, team: Option<&str>) -> Vec<Cells> {
    rows.retain(|row| row.id() == Some(id) && row.is_of(team));
    rows
}

/// Returns the row of an id that a team may see. What is looked up is what is written in place of.
pub(super) fn only(
    table: &impl Table,
    rows: Vec<Cells>,
    id: &str,
    team: Option<&str>,
) -> Result<Option<Cells>, SourceError> {
    let mut rows = seen(rows, id, team);
    if rows.len() > 1 {
        let says = "more than one row has this id";
        return Err(SourceError::new(SourceErrorKind::NotUnique, table.name(), says));
    }
    Ok(rows.pop())
}

/// Looks up in a table.
fn find(
    table: &impl Table,
    keys: Option<&Fernet>,
    team: Option<&str>,
    id: &str,
) -> Result<Option<Found>, SourceError> {
    let Some(row) = only(table, table.rows(Some(id))?, id, team)? else { return Ok(None) };
    let row = row.row().map_err(|says| table.malformed(says))?;
    let connection = row
        .open(keys)
        .map_err(|error| SourceError::new(error.kind(), table.name(), error.says().to_owned()))?;
    Ok(Some(Found::new(connection, format!("{} conn_id {id}", table.name()))))
}

fn ids(table: &impl Table, team: Option<&str>) -> Result<Vec<Listed>, SourceError> {
    let name = table.name();
    let rows = table.rows(None)?;
    let listed = |id: &str| Listed {
        place: format!("{name} conn_id {id}"),
        id: id.to_owned(),
        any_case: false,
    };
    // A row without an id cannot be looked up.
    Ok(rows.iter().filter(|row| row.is_of(team)).filter_map(Cells::id).map(listed).collect())
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
                    .map_err(|error| error.of_id(id))
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

/// The statements over a table, each over the numbers of its values.
pub(super) struct Statements {
    /// All columns, and the row's number.
    pub(super) update: String,
    /// All columns.
    pub(super) insert: String,
    /// The tokens of password and extra, or nothing where they stay as they are, and the row's number.
    pub(super) rotate: String,
    /// The row's number.
    pub(super) delete: String,
}

/// Makes them; `mark` makes the place of a value of its number. A row is changed by its own number, since its id may be another's, too.
pub(super) fn statements(mark: fn(usize) -> String) -> Statements {
    let columns = COLUMNS.iter().zip(1..);
    let set: Vec<String> =
        columns.map(|(column, number)| format!("{column} = {}", mark(number))).collect();
    let marks: Vec<String> = (1..=COLUMNS.len()).map(mark).collect();
    let [password, extra] = [("password", 1), ("extra", 2)]
        .map(|(column, number)| format!("{column} = COALESCE({}, {column})", mark(number)));
    Statements {
        update: format!(
            "UPDATE connection SET {} WHERE id = {}",
            set.join(", "),
            mark(COLUMNS.len() + 1)
        ),
        insert: format!(
            "INSERT INTO connection ({}) VALUES ({})",
            COLUMNS.join(", "),
            marks.join(", ")
        ),
        rotate: format!("UPDATE connection SET {password}, {extra} WHERE id = {}", mark(3)),
        delete: format!("DELETE FROM connection WHERE id = {}", mark(1)),
    }
}

/// The error where the database takes an id for that of a row that is not seen here: of another team, or in other letters.
pub(super) fn taken(table: &impl Table) -> SourceError {
    let says =
        "the table has a row that it takes for the same: of another team, or in other letters";
    SourceError::new(SourceErrorKind::NotUnique, table.name(), says)
}

/// The error where a row's number is not its own.
pub(super) fn not_one(table: &impl Table) -> SourceError {
    table.malformed("a number in the column `id` that is not the row's alone")
}
