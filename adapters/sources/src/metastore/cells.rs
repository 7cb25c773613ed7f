//! Rows as a database hands them out, before anything is made of them: what is odd in one of them spoils no other.

use std::collections::BTreeMap;

use http_hook::Secret;

use super::Row;
use crate::error::{SourceError, SourceErrorKind};
use crate::fernet::Fernet;

/// The columns that are read, by their names: versions of Airflow differ in which there are.
const READ: [&str; 13] = [
    "id",
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
    "team_name",
];

/// The columns that may hold tokens, and those that tell whether they do.
const TOKENS: [(&str, &str); 2] = [("password", "is_encrypted"), ("extra", "is_extra_encrypted")];

/// What a column of a row holds.
pub(super) enum Cell {
    Null,
    Text(String),
    Number(i64),
    #[cfg(feature = "postgres")]
    Flag(bool),
    /// What no column of this table holds: bytes, a fraction.
    Other,
}

/// The columns of a row.
pub(super) struct Cells(BTreeMap<&'static str, Cell>);

/// The number of a row, and its tokens made anew: password and extra, where they are tokens.
pub(super) struct Rotated {
    pub(super) key: i64,
    pub(super) tokens: [Option<Secret>; 2],
}

impl Cells {
    /// Reads the columns that there are.
    pub(super) fn read(mut cell: impl FnMut(&str) -> Option<Cell>) -> Self {
        Self(READ.iter().filter_map(|name| Some((*name, cell(name)?))).collect())
    }

    /// Returns the id; a row without one cannot be asked for.
    pub(super) fn id(&self) -> Option<&str> {
        match self.0.get("conn_id")? {
            Cell::Text(id) => Some(id),
            _ => None,
        }
    }

    /// Returns the number of the row, by which it is changed: other rows may have the same id, and databases differ in when ids are equal.
    pub(super) fn key(&self) -> Result<i64, &'static str> {
        match self.0.get("id") {
            Some(Cell::Number(key)) => Ok(*key),
            _ => Err("a row without a number in the column `id`"),
        }
    }

    /// Whether a team may see the row: its own, and those of nobody. Without a team all are seen, as where there are none.
    pub(super) fn is_of(&self, team: Option<&str>) -> bool {
        match (team, self.text("team_name")) {
            (Some(team), Ok(Some(own))) => own == team,
            _ => true,
        }
    }

    fn text(&self, name: &str) -> Result<Option<String>, &'static str> {
        match self.0.get(name) {
            None | Some(Cell::Null) => Ok(None),
            Some(Cell::Text(text)) => Ok(Some(text.clone())),
            // SQLite keeps in a column what it was given.
            Some(Cell::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err("a column that holds no text"),
        }
    }

    fn flag(&self, name: &str) -> Result<bool, &'static str> {
        match self.0.get(name) {
            None | Some(Cell::Null) => Ok(false),
            Some(Cell::Number(number)) => Ok(*number != 0),
            #[cfg(feature = "postgres")]
            Some(Cell::Flag(flag)) => Ok(*flag),
            Some(_) => Err("a column that is neither true nor false"),
        }
    }

    /// Makes the row of them.
    pub(super) fn row(&self) -> Result<Row, &'static str> {
        let port = match self.0.get("port") {
            None | Some(Cell::Null) => None,
            Some(Cell::Number(port)) => Some(*port),
            Some(_) => return Err("a port that is not a number"),
        };
        Ok(Row {
            conn_id: self.text("conn_id")?.ok_or("a row without an id")?,
            conn_type: self.text("conn_type")?,
            description: self.text("description")?,
            host: self.text("host")?,
            schema: self.text("schema")?,
            login: self.text("login")?,
            password: self.text("password")?.map(Secret::new),
            port,
            extra: self.text("extra")?.map(Secret::new),
            is_encrypted: self.flag("is_encrypted")?,
            is_extra_encrypted: self.flag("is_extra_encrypted")?,
            team_name: self.text("team_name")?,
        })
    }

    /// Encrypts the row's own tokens again, with the first key. `None`: it has none. Nothing else of the row is looked at.
    pub(super) fn rotate(
        &self,
        keys: &Fernet,
        place: &str,
    ) -> Result<Option<Rotated>, SourceError> {
        let named = |error: SourceError| match self.id() {
            Some(id) => error.of_id(id),
            None => error,
        };
        let wrong = |says| named(SourceError::new(SourceErrorKind::Malformed, place, says));
        let mut tokens = [None, None];
        for (new, (column, flag)) in tokens.iter_mut().zip(TOKENS) {
            if matches!(self.0.get(column), None | Some(Cell::Null)) {
                continue;
            }
            if !self.flag(flag).map_err(wrong)? {
                continue;
            }
            if let Some(token) = self.text(column).map_err(wrong)?.filter(|token| !token.is_empty())
            {
                *new = Some(Secret::new(keys.rotate(&token).map_err(named)?));
            }
        }
        if tokens.iter().all(Option::is_none) {
            return Ok(None);
        }
        Ok(Some(Rotated { key: self.key().map_err(wrong)?, tokens }))
    }
}
