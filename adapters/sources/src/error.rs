//! What a source says when it cannot answer: where, which connection, what is wrong; never a value.

use std::borrow::Cow;
use std::fmt;
use std::io;

/// Why a source gave no answer.
///
/// It prints the place, the line and the connection asked for, and never any of what is stored there.
///
/// # Examples
///
/// ```
/// use http_hook_sources::{Env, SourceErrorKind, blocking::Sources};
///
/// let sources = Sources::new().with(Env::of([("AIRFLOW_CONN_SALES", "http://svc:open-sesame@h:port")]));
/// let error = sources.get("sales").unwrap_err();
/// assert_eq!(error.kind(), SourceErrorKind::Malformed);
/// assert!(error.to_string().starts_with("env AIRFLOW_CONN_SALES: connection `sales`: connection.port: not a number"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SourceError {
    kind: SourceErrorKind,
    place: String,
    line: Option<usize>,
    id: Option<String>,
    says: Cow<'static, str>,
}

/// What a [`SourceError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// No source knows the connection.
    NotDefined,
    /// The id is none.
    Id,
    /// What is stored is not a connection, or the file is not what it should be.
    Malformed,
    /// The connection is stored more than once in one place.
    NotUnique,
    /// A kind of file, or of something stored, that is not read.
    Unsupported,
    /// The place cannot be read or written: absent, not permitted, broken.
    Io,
    /// The server behind the source refuses: the token, the key, the role.
    Denied,
    /// The server behind the source does not answer, or says that it cannot.
    Unavailable,
    /// A key of encryption is absent or is none.
    Key,
    /// What is encrypted was not made with any of the keys, or was changed.
    Token,
}

impl SourceError {
    /// Makes an error of a place. Neither text may hold a secret.
    pub fn new(
        kind: SourceErrorKind,
        place: impl Into<String>,
        says: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { kind, place: place.into(), line: None, id: None, says: says.into() }
    }

    /// Names the line, from 1.
    #[must_use]
    pub const fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// Names the connection that was asked for.
    #[must_use]
    pub fn of_id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// Tells what it is about.
    #[must_use]
    pub const fn kind(&self) -> SourceErrorKind {
        self.kind
    }

    /// Returns the place: `env AIRFLOW_CONN_SALES`, `file conns.yaml`.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Returns the line, from 1, where the place is a file.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.line
    }

    /// Returns the connection that was asked for.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns what is wrong.
    #[must_use]
    pub fn says(&self) -> &str {
        &self.says
    }

    pub(crate) fn of_io(place: impl Into<String>, error: &io::Error) -> Self {
        let says = match error.kind() {
            io::ErrorKind::NotFound => Cow::Borrowed("there is no such file"),
            io::ErrorKind::PermissionDenied => Cow::Borrowed("not permitted"),
            io::ErrorKind::InvalidData => Cow::Borrowed("not UTF-8"),
            kind => Cow::Owned(kind.to_string()),
        };
        Self::new(SourceErrorKind::Io, place, says)
    }
}

/// What it prints: a `main` that returns it shows this.
impl fmt::Debug for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(id) = &self.id {
            write!(f, ": connection `{}`", id.escape_debug())?;
        }
        write!(f, ": {}", self.says)
    }
}

impl std::error::Error for SourceError {}

/// What is wrong at a line, before it is known where that line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: SourceErrorKind,
    pub(crate) line: usize,
    pub(crate) says: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn new(line: usize, says: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: SourceErrorKind::Malformed, line, says: says.into() }
    }

    pub(crate) fn of(line: usize, error: &http_hook::Error) -> Self {
        Self::new(line, error.message().to_owned())
    }

    pub(crate) fn at(self, place: &str) -> SourceError {
        SourceError::new(self.kind, place, self.says).at_line(self.line)
    }
}
