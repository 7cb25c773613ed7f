//! Files of connections: Airflow's (`.env`, `.json`, `.yaml`, `.yml`), and our own form in TOML and YAML.

pub(crate) mod entry;
mod lines;
mod read;

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http_hook::connection::nearest;

use crate::disk;
use crate::env;
use crate::error::{SourceError, SourceErrorKind};
use crate::source::{BlockingSource, Found, Listed, Store};

pub(crate) use entry::{as_python, check_extra, of_uri};
pub(crate) use lines::python_lines;
pub(crate) use read::{Entries, Kind};

/// A file that was changed less than this ago may change again without that its time does.
const SETTLES: Duration = Duration::from_secs(3);

/// A file of connections.
///
/// Its name tells the form, by the end, whatever the case of the letters:
///
/// | ends with | holds |
/// | --- | --- |
/// | `.env` | lines `id=URI`, as in Airflow: nothing is trimmed, no quotes; comments are lines that begin with `#` |
/// | `.json`, `.yaml`, `.yml` | an object: under each id a URI, an object of fields, or a list of at most one of these |
/// | `.toml`, or YAML with `http_hook: 1` at its top | [our own form](crate::own), with sections |
///
/// It has at most 64 MiB, a million values, 100 levels of them, and no more than 64 MiB that anchors of YAML repeat.
///
/// What stands under one id does not spoil the others: a fault there is an error for whoever asks for that id. The file is read at
/// the first look-up, and again when it has changed.
///
/// # Examples
///
/// ```
/// use http_hook_sources::{ConnectionFile, blocking::Sources};
///
/// # let folder = std::env::temp_dir().join(format!("http-hook-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("conns.json");
/// std::fs::write(&path, "{\n  \"sales\": {\"conn_type\": \"http\", \"host\": \"api.example.test\", \"schema\": \"https\"}\n}")?;
/// let found = Sources::new().with(ConnectionFile::new(&path)).get("sales")?;
/// assert_eq!(found.connection().host(), Some("api.example.test"));
/// assert!(found.place().ends_with("conns.json, line 2"));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ConnectionFile {
    path: PathBuf,
    optional: bool,
    read: Mutex<Option<(Stamp, Arc<Entries>)>>,
}

/// What tells whether a file is the one that was read.
#[derive(PartialEq)]
pub(crate) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    #[cfg(unix)]
    inode: (u64, u64, i64, i64),
}

impl Stamp {
    pub(crate) fn new(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            #[cfg(unix)]
            inode: (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether a change would be seen by another stamp.
    fn is_settled(&self) -> bool {
        let age = self.modified.and_then(|at| SystemTime::now().duration_since(at).ok());
        age.is_some_and(|age| age > SETTLES)
    }
}

/// Names the path.
impl std::fmt::Debug for ConnectionFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ConnectionFile({})", self.path.display())
    }
}

impl ConnectionFile {
    /// Names a file. It is not looked at yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), optional: false, read: Mutex::new(None) }
    }

    /// Takes a file that does not exist for an empty one. Without this it is an error.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Returns the path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads all connections, in the order of the file.
    ///
    /// # Errors
    ///
    /// The first fault there is, in the file or in any of them.
    pub fn all(&self) -> Result<Vec<Found>, SourceError> {
        let Some(entries) = self.entries()? else { return Ok(Vec::new()) };
        let place = self.place();
        let mut all = Vec::new();
        for id in entries.ids() {
            if let Some(found) = entries.find(id, &place)? {
                all.push(found.named(id));
            }
        }
        Ok(all)
    }

    fn place(&self) -> String {
        format!("file {}", self.path.display())
    }

    fn entries(&self) -> Result<Option<Arc<Entries>>, SourceError> {
        let place = self.place();
        let kind = Kind::of(&self.path).ok_or_else(|| {
            let says = format!("the name ends with none of {}", Kind::EXTENSIONS.join(" "));
            SourceError::new(SourceErrorKind::Unsupported, place.as_str(), says)
        })?;
        let stamp = std::fs::metadata(&self.path).ok().as_ref().map(Stamp::new);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, entries)) = &*read {
            if Some(known) == stamp.as_ref() && known.is_settled() {
                return Ok(Some(Arc::clone(entries)));
            }
        }
        let Some(text) = disk::read(&self.path, &place, self.optional)? else { return Ok(None) };
        let entries = Arc::new(Entries::read(kind, &text).map_err(|fault| fault.at(&place))?);
        *read = stamp.map(|stamp| (stamp, Arc::clone(&entries)));
        Ok(Some(entries))
    }
}

impl BlockingSource for ConnectionFile {
    fn name(&self) -> String {
        self.place()
    }

    fn find(&self, id: &str) -> Result<Option<Found>, SourceError> {
        match self.entries()? {
            Some(entries) => entries.find(id, &self.place()),
            None => Ok(None),
        }
    }

    fn ids(&self) -> Result<Vec<Listed>, SourceError> {
        let Some(entries) = self.entries()? else { return Ok(Vec::new()) };
        let place = self.place();
        let listed = |id: &String| Listed {
            id: id.clone(),
            place: format!("{place}, line {}", entries.line(id)),
            any_case: false,
        };
        Ok(entries.ids().filter(|id| !entries.is_absent(id)).map(listed).collect())
    }

    fn hint(&self, id: &str) -> Option<String> {
        let entries = self.entries().ok()??;
        let ids: Vec<&str> = entries.ids().map(String::as_str).collect();
        let variable = env::variable_of(id);
        let is_own = |known: &&&str| {
            let name = known.strip_prefix("export ").unwrap_or(known).trim();
            Some(name) == variable.as_deref()
        };
        if let Some(known) = ids.iter().find(is_own) {
            let line = entries.line(known);
            return Some(format!(
                "line {line} of the file is a variable, which `Env::file`, or dotenv:PATH in a list of sources, reads"
            ));
        }
        Some(match nearest(id, ids.iter().copied()) {
            Some(near) => format!("the file has no such id; is it `{near}`?"),
            None if ids.len() == 1 => "the file has 1 other".to_owned(),
            None => format!("the file has {} others", ids.len()),
        })
        .filter(|_| !ids.is_empty())
    }

    fn store(&self) -> Option<&dyn Store> {
        Some(self)
    }
}
