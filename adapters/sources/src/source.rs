//! What a source is: an id in, a connection or nothing or an error out.

use async_trait::async_trait;
use http_hook::Connection;

use crate::error::SourceError;

/// A connection, and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    connection: Connection,
    place: String,
}

impl Found {
    /// Names the place where a connection was found: `env AIRFLOW_CONN_SALES`, `file conns.yaml, line 3`.
    #[must_use]
    pub fn new(connection: Connection, place: impl Into<String>) -> Self {
        Self { connection, place: place.into() }
    }

    /// Returns the connection.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Returns the place.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Takes the connection out.
    #[must_use]
    pub fn into_connection(self) -> Connection {
        self.connection
    }

    pub(crate) fn named(mut self, id: &str) -> Self {
        self.connection = named(self.connection, id);
        self
    }
}

/// Checks an id.
pub(crate) fn check_id(id: &str) -> Result<(), http_hook::Error> {
    Connection::new().with_id(id).map(|_| ())
}

/// Gives a connection the id that it was found under, if it can be one.
pub(crate) fn named(connection: Connection, id: &str) -> Connection {
    match connection.clone().with_id(id) {
        Ok(named) => named,
        Err(_) => connection,
    }
}

/// An id that a source knows, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The id. Of a variable in the environment, in lower case.
    pub id: String,
    /// The place.
    pub place: String,
    /// Whether the source finds it whatever the case of the letters asked for.
    pub any_case: bool,
}

/// Where connections are stored.
///
/// A source answers for itself: what it does not have is `None`, and whatever keeps it from knowing is an error, which ends the
/// look-up unless the chain is told to go on. Every [`blocking::Source`](crate::blocking::Source) is one of these, too.
#[async_trait]
pub trait Source: Send + Sync {
    /// Names the source for people: `env`, `file conns.yaml`.
    fn name(&self) -> String;

    /// Looks a connection up.
    ///
    /// # Errors
    ///
    /// A [`SourceError`] without any of what is stored.
    async fn find(&self, id: &str) -> Result<Option<Found>, SourceError>;

    /// Lists the ids that the source knows; none where it cannot be asked for them.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    async fn ids(&self) -> Result<Vec<Listed>, SourceError> {
        Ok(Vec::new())
    }

    /// Tells what may help who asked for an id that is not there, without looking further than at hand: no server is asked.
    fn hint(&self, _id: &str) -> Option<String> {
        None
    }

    /// Returns what stores connections there; nothing where none can be stored.
    fn store(&self) -> Option<&dyn Store> {
        None
    }
}

/// Where connections are stored for others to look up: what [`Source::store`] gives. For both faces.
#[async_trait]
pub trait Store: Send + Sync {
    /// Stores connections, in place of those that are there under their ids.
    ///
    /// # Errors
    ///
    /// If the place cannot hold one of them, or cannot be written. Files and metastores are as they were then.
    async fn put(&self, connections: &[(&str, &Connection)]) -> Result<(), SourceError>;

    /// Takes a connection out; tells whether there was one.
    ///
    /// # Errors
    ///
    /// If the place cannot be written; kind [`Unsupported`](crate::SourceErrorKind::Unsupported) where nothing is taken out.
    async fn remove(&self, id: &str) -> Result<bool, SourceError>;

    /// Encrypts what is encrypted anew, with the first key, all of it or nothing; tells how many connections that were. `None`: nothing is
    /// encrypted in such a place.
    ///
    /// # Errors
    ///
    /// If there are no keys, if none fits, or if the place cannot be written.
    async fn rotate(&self) -> Result<Option<usize>, SourceError> {
        Ok(None)
    }
}

/// The blocking twin of [`Source`]; the rules are the same.
pub trait BlockingSource: Send + Sync {
    /// Names the source for people.
    fn name(&self) -> String;

    /// Looks a connection up.
    ///
    /// # Errors
    ///
    /// A [`SourceError`] without any of what is stored.
    fn find(&self, id: &str) -> Result<Option<Found>, SourceError>;

    /// Lists the ids that the source knows; none where it cannot be asked for them.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    fn ids(&self) -> Result<Vec<Listed>, SourceError> {
        Ok(Vec::new())
    }

    /// Tells what may help who asked for an id that is not there, without looking further than at hand: no server is asked.
    fn hint(&self, _id: &str) -> Option<String> {
        None
    }

    /// Returns what stores connections there; nothing where none can be stored.
    fn store(&self) -> Option<&dyn Store> {
        None
    }
}

#[async_trait]
impl<S: BlockingSource> Source for S {
    fn name(&self) -> String {
        BlockingSource::name(self)
    }

    async fn find(&self, id: &str) -> Result<Option<Found>, SourceError> {
        BlockingSource::find(self, id)
    }

    async fn ids(&self) -> Result<Vec<Listed>, SourceError> {
        BlockingSource::ids(self)
    }

    fn hint(&self, id: &str) -> Option<String> {
        BlockingSource::hint(self, id)
    }

    fn store(&self) -> Option<&dyn Store> {
        BlockingSource::store(self)
    }
}
