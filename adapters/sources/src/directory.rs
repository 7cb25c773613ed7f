//! Directories of secrets, as Kubernetes and Docker mount them: a file a connection, or a directory with a file a field.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use http_hook::Connection;
use http_hook::connection::nearest;

use crate::disk;
use crate::env::{id_of, variable_of};
use crate::error::{SourceError, SourceErrorKind};
use crate::source::{BlockingSource, Found, Listed};
use crate::tree::{Node, Tree};

/// The fields of a directory, and their names where services are bound.
const FIELDS: [(&str, &str); 11] = [
    ("uri", "uri"),
    ("conn_type", "conn_type"),
    ("type", "conn_type"),
    ("description", "description"),
    ("host", "host"),
    ("login", "login"),
    ("username", "login"),
    ("password", "password"),
    ("schema", "schema"),
    ("port", "port"),
    ("extra", "extra"),
];

/// How often a directory is read that changes meanwhile.
const TRIES: usize = 16;

/// A directory of secrets, as Kubernetes and Docker mount them.
///
/// | in the directory | is |
/// | --- | --- |
/// | a file `ID` or `AIRFLOW_CONN_ID` | a connection: its URI or JSON, as a variable of the environment would have it; lines' ends behind it do not count |
/// | a directory `ID` | one with a file for each field: `host`, `login` (or `username`), `password`, `schema`, `port`, `extra`, `conn_type` (or `type`), `description`; or `uri` alone |
///
/// Everything is read anew at each look-up, so that what is mounted anew counts; the fields of one connection are of one version, also
/// while Kubernetes puts the next in its place. Names that begin with a dot, and ids that would lead out of the directory, are not looked at.
///
/// # Examples
///
/// ```
/// use http_hook_sources::{SecretsDir, blocking::Sources};
///
/// # let folder = std::env::temp_dir().join(format!("http-hook-dir-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// std::fs::write(folder.join("sales"), "http://svc:secret@api.example.test/https\n")?;
/// let found = Sources::new().with(SecretsDir::new(&folder)).get("sales")?;
/// assert_eq!(found.connection().schema(), Some("https"));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SecretsDir {
    path: PathBuf,
    optional: bool,
}

impl SecretsDir {
    /// Names a directory. It is not looked at yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), optional: false }
    }

    /// Takes a directory that does not exist for an empty one. Without this it is an error.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    fn place(&self) -> String {
        format!("directory {}", self.path.display())
    }

    /// Whether the directory is there.
    fn is_there(&self) -> Result<bool, SourceError> {
        match fs::metadata(&self.path) {
            Ok(metadata) if metadata.is_dir() => Ok(true),
            Ok(_) => Err(SourceError::new(SourceErrorKind::Io, self.place(), "not a directory")),
            Err(error) if self.optional && error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(SourceError::of_io(self.place(), &error)),
        }
    }

    fn at(path: &Path) -> Result<Option<Found>, SourceError> {
        match disk::found(|| fs::metadata(path)) {
            Ok(metadata) if metadata.is_dir() => Self::folder(path),
            Ok(_) => Self::file(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(fail(path, &error)),
        }
    }

    fn file(path: &Path) -> Result<Option<Found>, SourceError> {
        let place = format!("file {}", path.display());
        let Some(text) = disk::read(path, &place, true)? else { return Ok(None) };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() {
            return Ok(None);
        }
        match Connection::parse(text) {
            Ok(connection) => Ok(Some(Found::new(connection, place))),
            Err(error) => Err(malformed(&place, &error)),
        }
    }

    fn folder(path: &Path) -> Result<Option<Found>, SourceError> {
        for _ in 0..TRIES {
            // Kubernetes puts `..data` in the place of the last one; what it led to stays whole until then.
            let data = path.join("..data");
            let version = fs::canonicalize(&data).or_else(|_| fs::canonicalize(path));
            let version = version.map_err(|error| fail(path, &error))?;
            let read = Self::fields(&version, path);
            let again = fs::canonicalize(&data).or_else(|_| fs::canonicalize(path));
            if again.is_ok_and(|again| again == version) {
                return read;
            }
        }
        let place = format!("directory {}", path.display());
        Err(SourceError::new(SourceErrorKind::Io, place, "changes whenever it is read"))
    }

    fn fields(version: &Path, path: &Path) -> Result<Option<Found>, SourceError> {
        let place = format!("directory {}", path.display());
        let mut fields: Vec<(String, Node)> = Vec::new();
        for (name, field) in FIELDS {
            let file = version.join(name);
            let Some(text) =
                disk::read(&file, &format!("file {}", path.join(name).display()), true)?
            else {
                continue;
            };
            let text = text.trim_end_matches(['\r', '\n']);
            if fields.iter().any(|(known, _)| known == field) {
                let says = format!("`{field}` is there under both of its names");
                return Err(SourceError::new(SourceErrorKind::NotUnique, place, says));
            }
            fields.push((field.to_owned(), Node { line: 1, tree: Tree::Text(text.to_owned()) }));
        }
        if fields.is_empty() {
            return Ok(None);
        }
        let text = Node::map(fields).to_json();
        match Connection::from_json(&text) {
            Ok(connection) => Ok(Some(Found::new(connection, place))),
            Err(error) => Err(malformed(&place, &error)),
        }
    }
}

/// Whether an id can be the name of something in the directory.
fn is_name(id: &str) -> bool {
    !id.starts_with('.') && !id.contains(['/', '\\', '\0'])
}

fn fail(path: &Path, error: &io::Error) -> SourceError {
    SourceError::of_io(format!("file {}", path.display()), error)
}

fn malformed(place: &str, error: &http_hook::Error) -> SourceError {
    SourceError::new(SourceErrorKind::Malformed, place, error.message().to_owned())
}

impl BlockingSource for SecretsDir {
    fn name(&self) -> String {
        self.place()
    }

    fn find(&self, id: &str) -> Result<Option<Found>, SourceError> {
        if !self.is_there()? || !is_name(id) {
            return Ok(None);
        }
        for name in [Some(id.to_owned()), variable_of(id)].into_iter().flatten() {
            // What is too long for a disk is not there.
            if name.len() > 255 {
                continue;
            }
            let found = Self::at(&self.path.join(&name))?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn hint(&self, id: &str) -> Option<String> {
        let ids = self.ids().ok()?;
        let near = nearest(id, ids.iter().map(|listed| listed.id.as_str()))?;
        Some(format!("the directory has no such file; is it `{near}`?"))
    }

    fn ids(&self) -> Result<Vec<Listed>, SourceError> {
        if !self.is_there()? {
            return Ok(Vec::new());
        }
        let mut listed: Vec<Listed> = Vec::new();
        let entries =
            fs::read_dir(&self.path).map_err(|error| SourceError::of_io(self.place(), &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| SourceError::of_io(self.place(), &error))?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| is_name(name)) else { continue };
            let path = entry.path();
            let variable = id_of(name);
            // What is empty is not found; what is broken is, as that.
            if matches!(Self::at(&path), Ok(None)) {
                continue;
            }
            let what = if path.is_dir() { "directory" } else { "file" };
            listed.push(Listed {
                any_case: variable.is_some(),
                id: variable.unwrap_or_else(|| name.to_owned()),
                place: format!("{what} {}", path.display()),
            });
        }
        listed.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(listed)
    }
}
