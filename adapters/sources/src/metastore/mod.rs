//! Airflow's metastore: the table `connection`, some of it encrypted.
//!
//! | column | holds |
//! | --- | --- |
//! | `conn_id`, `conn_type`, `description`, `host`, `schema`, `login`, `port` | the fields |
//! | `password`, `extra` | the fields, or Fernet tokens of them if `is_encrypted`, `is_extra_encrypted` say so |
//! | `team_name` | whose it is, since Airflow 3 |

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod cells;
#[cfg(feature = "postgres")]
mod link;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod table;

use std::fmt;

use http_hook::{Connection, Secret};

use crate::error::{SourceError, SourceErrorKind};
use crate::fernet::Fernet;
use crate::file::check_extra;

#[cfg(feature = "postgres")]
pub use postgres::Postgres;
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;

/// A row of the table, as it is stored.
#[derive(Clone, Default)]
pub struct Row {
    /// The id of the connection.
    pub conn_id: String,
    /// The kind of service.
    pub conn_type: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The host.
    pub host: Option<String>,
    /// The scheme.
    pub schema: Option<String>,
    /// The login.
    pub login: Option<String>,
    /// The password, or its token.
    pub password: Option<Secret>,
    /// The port.
    pub port: Option<i64>,
    /// The extra, or its token.
    pub extra: Option<Secret>,
    /// Whether the password is a token.
    pub is_encrypted: bool,
    /// Whether the extra is a token.
    pub is_extra_encrypted: bool,
    /// Whose it is.
    pub team_name: Option<String>,
}

/// Names the connection.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("conn_id", &self.conn_id).finish_non_exhaustive()
    }
}

impl Row {
    /// Returns the password. An empty one is not decrypted.
    ///
    /// # Errors
    ///
    /// Kind [`Key`](SourceErrorKind::Key) if it is encrypted and there are no keys, kind [`Token`](SourceErrorKind::Token) if none of them
    /// fits.
    pub fn open_password(&self, keys: Option<&Fernet>) -> Result<Option<Secret>, SourceError> {
        open(self.password.as_ref(), self.is_encrypted, keys, "password")
    }

    /// Returns the extra, which is a JSON object.
    ///
    /// # Errors
    ///
    /// As [`open_password`](Self::open_password), and kind [`Malformed`](SourceErrorKind::Malformed) if it is no such object.
    pub fn open_extra(&self, keys: Option<&Fernet>) -> Result<Option<Secret>, SourceError> {
        let extra = open(self.extra.as_ref(), self.is_extra_encrypted, keys, "extra")?;
        check_extra(extra.as_ref())
            .map_err(|says| SourceError::new(SourceErrorKind::Malformed, "metastore", says))?;
        Ok(extra)
    }

    /// Makes the connection.
    ///
    /// # Errors
    ///
    /// As [`open_password`](Self::open_password) and [`open_extra`](Self::open_extra), and for a port that is none.
    pub fn open(&self, keys: Option<&Fernet>) -> Result<Connection, SourceError> {
        let mut connection = Connection::new();
        if let Some(text) = &self.conn_type {
            connection = connection.with_conn_type(text);
        }
        if let Some(text) = &self.description {
            connection = connection.with_description(text);
        }
        if let Some(text) = &self.host {
            connection = connection.with_host(text);
        }
        if let Some(text) = &self.schema {
            connection = connection.with_schema(text);
        }
        if let Some(text) = &self.login {
            connection = connection.with_login(text);
        }
        if let Some(port) = self.port {
            let says = "connection.port: not a number from 0 to 65535";
            let wrong = |_| SourceError::new(SourceErrorKind::Malformed, "metastore", says);
            connection = connection.with_port(u16::try_from(port).map_err(wrong)?);
        }
        if let Some(password) = self.open_password(keys)? {
            connection = connection.with_password(password);
        }
        if let Some(extra) = self.open_extra(keys)? {
            connection = connection.with_extra(extra);
        }
        Ok(connection)
    }

    /// Makes the row of a connection: password and extra are encrypted if there are keys. As in Airflow, an empty password is
    /// none; a connection without a type gets `http`.
    ///
    /// # Errors
    ///
    /// If the table cannot hold it: an id other than of letters, digits and `_ # ! ( ) - . : / \`, an extra that is no JSON object.
    pub fn seal(
        id: &str,
        connection: &Connection,
        keys: Option<&Fernet>,
    ) -> Result<Self, SourceError> {
        let refuse = |kind, says: &'static str| Err(SourceError::new(kind, "metastore", says));
        let is_known = |c: char| c.is_alphanumeric() || "_#!()-.:/\\".contains(c);
        if id.is_empty() || id.chars().count() > 250 || !id.chars().all(is_known) {
            return refuse(
                SourceErrorKind::Id,
                "an id here is of letters, digits and `_ # ! ( ) - . : / \\`",
            );
        }
        if let Err(says) = check_extra(connection.extra()) {
            return refuse(SourceErrorKind::Malformed, says);
        }
        let text = |value: Option<&str>| value.map(str::to_owned);
        let seal = |secret: Option<&Secret>| {
            let secret = secret.filter(|secret| !secret.expose().is_empty());
            let Some((secret, keys)) = secret.zip(keys) else {
                return Ok((secret.cloned(), false));
            };
            keys.encrypt(secret.expose()).map(|token| (Some(Secret::new(token)), true))
        };
        let (password, is_encrypted) = seal(connection.password())?;
        let (extra, is_extra_encrypted) = seal(connection.extra())?;
        Ok(Self {
            conn_id: id.to_owned(),
            conn_type: Some(connection.conn_type().unwrap_or("http").to_owned()),
            description: text(connection.description()),
            host: text(connection.host()),
            schema: text(connection.schema()),
            login: text(connection.login()),
            password,
            port: connection.port(),
            extra,
            is_encrypted,
            is_extra_encrypted,
            team_name: None,
        })
    }
}

fn open(
    stored: Option<&Secret>,
    is_token: bool,
    keys: Option<&Fernet>,
    what: &'static str,
) -> Result<Option<Secret>, SourceError> {
    let Some(stored) = stored else { return Ok(None) };
    if !is_token || stored.expose().is_empty() {
        return Ok(Some(stored.clone()));
    }
    let Some(keys) = keys else {
        let says = format!("Can't decrypt encrypted {what}, FERNET_KEY configuration is missing");
        return Err(SourceError::new(SourceErrorKind::Key, "metastore", says));
    };
    keys.decrypt(stored.expose()).map(Some).map_err(|error| {
        SourceError::new(error.kind(), "metastore", format!("{what}: {}", error.says()))
    })
}
