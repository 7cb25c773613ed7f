//! A stored connection as data.

use std::fmt;

use super::id::ConnectionId;
use crate::base::{Error, ErrorKind, Secret};

/// A stored connection, with the fields that Airflow gives it.
///
/// Everything may be absent. `schema` is the scheme of the URL; `conn_type` names the kind of service and never
/// decides the scheme, but for a type `https` without one. Nothing is checked here beyond what a field can hold: whether a host
/// is one is decided when a call is prepared.
///
/// # Examples
///
/// ```
/// use http_hook::Connection;
///
/// let read = Connection::parse("http://svc:open%20sesame@api.example.org:8443/https?X-Team=sales")?;
/// assert_eq!(read.host(), Some("api.example.org"));
/// assert_eq!(read.port(), Some(8443));
/// assert_eq!(read.password().map(|password| password.expose()), Some("open sesame"));
///
/// let made = Connection::new()
///     .with_conn_type("http")
///     .with_host("api.example.org")
///     .with_port(8443)
///     .with_schema("https")
///     .with_login("svc")
///     .with_password("open sesame")
///     .with_extra(r#"{"X-Team": "sales"}"#);
/// assert_eq!(made.to_uri(), read.to_uri());
/// # Ok::<(), http_hook::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Connection {
    pub(crate) id: Option<ConnectionId>,
    pub(crate) conn_type: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) login: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) port: Option<i64>,
    pub(crate) extra: Option<Secret>,
    /// Whether `extra` was made of a URI's query, which can hold nothing but texts.
    pub(crate) extra_is_query: bool,
}

/// Tells id, type and what is set, no value: any of them may hold a secret.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = [
            ("description", self.description.is_some()),
            ("host", self.host.is_some()),
            ("schema", self.schema.is_some()),
            ("login", self.login.is_some()),
            ("password", self.password.is_some()),
            ("port", self.port.is_some()),
            ("extra", self.extra.is_some()),
        ];
        let set: Vec<_> = fields.iter().filter(|(_, set)| *set).map(|(name, _)| *name).collect();
        let known = |kind: &str| ["http", "https"].contains(&kind);
        let kind = self.conn_type.as_deref().filter(|kind| known(kind));
        f.debug_struct("Connection")
            .field("id", &self.id)
            .field("conn_type", &kind)
            .field("set", &set)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// The longest text of a connection that is read, in bytes.
    pub const MAX_TEXT: usize = 1 << 20;

    /// Makes a connection with no fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a connection as an environment variable holds it: blanks around it are left out; what starts with
    /// `{` is [JSON](Self::from_json), anything else a [URI](Self::from_uri).
    ///
    /// # Errors
    ///
    /// Those of the form it has. No error repeats any of the text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        // Python's `strip` takes four separators for blanks that Rust does not.
        let text = text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c));
        if text.starts_with('{') { Self::from_json(text) } else { Self::from_uri(text) }
    }

    /// Sets the name under which the connection is stored: 1 to 250 characters, none of them a control character.
    ///
    /// Tasks of the original take any name; its server side takes letters, digits and `_ # ! ( ) - . : / \` only.
    ///
    /// # Errors
    ///
    /// Kind [`Connection`](crate::ErrorKind::Connection) if it is no such name.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::Connection;
    ///
    /// let connection = Connection::new().with_id("sales_api")?;
    /// assert_eq!(connection.id(), Some("sales_api"));
    /// assert!(connection.with_id("two\nlines").is_err());
    /// # Ok::<(), http_hook::Error>(())
    /// ```
    pub fn with_id(mut self, id: impl Into<String>) -> Result<Self, Error> {
        self.id = Some(ConnectionId::new(id)?);
        Ok(self)
    }

    /// Sets the kind of service, as `http`.
    #[must_use]
    pub fn with_conn_type(mut self, conn_type: impl Into<String>) -> Self {
        self.conn_type = Some(conn_type.into());
        self
    }

    /// Sets the description, for people.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the host: a name, an address, or a whole base URL such as `https://api.example.org/v1`.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Sets the scheme of the URL: `http` or `https`.
    #[must_use]
    pub fn with_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Sets the login.
    #[must_use]
    pub fn with_login(mut self, login: impl Into<String>) -> Self {
        self.login = Some(login.into());
        self
    }

    /// Sets the password.
    #[must_use]
    pub fn with_password(mut self, password: impl Into<Secret>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets the port. Zero is as good as none.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = Some(port.into());
        self
    }

    /// Sets the extra: the text of a JSON object with headers and options.
    #[must_use]
    pub fn with_extra(mut self, extra: impl Into<Secret>) -> Self {
        self.extra = Some(extra.into());
        self.extra_is_query = false;
        self
    }

    /// Returns the name under which the connection is stored.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_ref().map(ConnectionId::as_str)
    }

    /// Returns the kind of service. Empty: a URI without a type.
    #[must_use]
    pub fn conn_type(&self) -> Option<&str> {
        self.conn_type.as_deref()
    }

    /// Returns the description.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Returns the host. Empty: a URI without a host.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Returns the scheme of the URL. Empty: a URI without a path.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// Returns the login.
    #[must_use]
    pub fn login(&self) -> Option<&str> {
        self.login.as_deref()
    }

    /// Returns the password.
    #[must_use]
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// Returns the port. From JSON it can be any whole number: its range is checked when a call is prepared.
    #[must_use]
    pub fn port(&self) -> Option<i64> {
        self.port
    }

    /// Returns the extra, as text.
    #[must_use]
    pub fn extra(&self) -> Option<&Secret> {
        self.extra.as_ref()
    }
}

/// Makes an error about a connection's text.
pub(super) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Connection, message)
}

pub(super) fn check_length(text: &str) -> Result<(), Error> {
    if text.len() > Connection::MAX_TEXT {
        let message = format!("connection: longer than {} bytes", Connection::MAX_TEXT);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    Ok(())
}

/// Writes the kind of a service as Airflow stores it.
pub(super) fn normal_type(conn_type: &str) -> String {
    if conn_type == "postgresql" { "postgres".to_owned() } else { conn_type.replace('-', "_") }
}
