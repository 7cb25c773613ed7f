//! What an installation of Airflow says of itself: variables of the environment, then its `airflow.cfg`.

use std::env;
use std::path::PathBuf;

use crate::chain::Sources;
use crate::disk;
use crate::env::content;
use crate::error::{SourceError, SourceErrorKind};

const METASTORE: &str = "metastore";

/// The Airflow that this process would be.
pub(crate) struct Installation {
    home: PathBuf,
    /// `airflow.cfg`; empty if there is none.
    file: String,
    /// What an error names.
    place: &'static str,
}

impl Installation {
    /// Finds `$AIRFLOW_CONFIG`, else `airflow.cfg` in `$AIRFLOW_HOME`, else in `~/airflow`.
    pub(crate) fn find(place: &'static str) -> Result<Self, SourceError> {
        let set = |name| env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let home = set("AIRFLOW_HOME").or_else(|| Some(set("HOME")?.join("airflow")));
        let home = home.ok_or_else(|| {
            SourceError::new(SourceErrorKind::Io, place, "neither AIRFLOW_HOME nor HOME is set")
        })?;
        let path = set("AIRFLOW_CONFIG").unwrap_or_else(|| home.join("airflow.cfg"));
        let file = disk::read(&path, &format!("file {}", path.display()), true)?;
        Ok(Self { home, file: file.unwrap_or_default(), place })
    }

    /// Returns a setting that is not empty.
    pub(crate) fn setting(&self, section: &str, key: &str) -> Result<Option<String>, SourceError> {
        let variable = format!("AIRFLOW__{}__{}", section.to_uppercase(), key.to_uppercase());
        for suffix in ["_CMD", "_SECRET"] {
            let from_variable = content(&format!("{variable}{suffix}"), self.place)?;
            let from_variable = from_variable.is_some_and(|text| !text.trim().is_empty());
            let from_file =
                of_file(&self.file, section, &format!("{key}{}", suffix.to_lowercase()));
            if env::var_os(&variable).is_none() && (from_variable || from_file.is_some()) {
                let says = format!("{variable}{suffix} is not carried out here: set {variable}");
                return Err(SourceError::new(SourceErrorKind::Unsupported, self.place, says));
            }
        }
        let value = match content(&variable, self.place)? {
            // One that is empty goes before the file, too.
            None if env::var_os(&variable).is_none() => of_file(&self.file, section, key),
            value => value,
        };
        Ok(value.filter(|value| !value.is_empty()))
    }
}

/// A value of a file as Python's `configparser` reads it: a line that is indented further goes on with it, `%%` is `%`.
fn of_file(file: &str, section: &str, key: &str) -> Option<String> {
    let (mut is_section, mut is_key, mut indent) = (false, false, None);
    let mut found: Option<String> = None;
    for line in file.lines() {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            continue;
        }
        let own = line.len() - line.trim_start().len();
        if indent.is_some_and(|indent| own > indent) {
            if let Some(value) = found.as_mut().filter(|_| is_key) {
                value.extend(["\n", text]);
            }
            continue;
        }
        indent = None;
        if let Some(name) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            is_section = name == section;
        } else if let Some((name, value)) = text.split_once(['=', ':']) {
            indent = Some(own);
            is_key = is_section && name.trim().eq_ignore_ascii_case(key);
            if is_key {
                found = Some(value.trim().to_owned());
            }
        }
    }
    found.map(|value| value.replace("%%", "%"))
}

impl Sources {
    /// Adds the metastore of the Airflow that this process would be, or that of the SQLite file at `path`, with its keys.
    pub(crate) fn with_metastore(self, path: &str) -> Result<Self, SourceError> {
        let airflow = Installation::find(METASTORE)?;
        let keys = airflow.setting("core", "fernet_key")?;
        if !path.is_empty() {
            return self.with_sqlite(PathBuf::from(path), keys.as_deref());
        }
        let Some(address) = airflow.setting("database", "sql_alchemy_conn")? else {
            return self.with_sqlite(airflow.home.join("airflow.db"), keys.as_deref());
        };
        let scheme = address.split(['+', ':']).next().unwrap_or_default();
        match scheme {
            "sqlite" => {
                let path = address.split_once(":///").map(|(_, path)| path).unwrap_or_default();
                let path = path.split('?').next().unwrap_or_default();
                self.with_sqlite(PathBuf::from(path), keys.as_deref())
            }
            "postgresql" | "postgres" => self.with_postgres(&address, keys.as_deref()),
            _ => Err(SourceError::new(
                SourceErrorKind::Unsupported,
                METASTORE,
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN is of another kind than sqlite and postgresql",
            )),
        }
    }

    #[cfg(feature = "sqlite")]
    fn with_sqlite(self, path: PathBuf, keys: Option<&str>) -> Result<Self, SourceError> {
        let store = crate::metastore::Sqlite::new(path);
        Ok(match keys {
            Some(keys) => self.with(store.keys(crate::Fernet::new(keys)?)),
            None => self.with(store),
        })
    }

    #[cfg(feature = "postgres")]
    fn with_postgres(self, address: &str, keys: Option<&str>) -> Result<Self, SourceError> {
        let store = crate::metastore::Postgres::new(address)?;
        Ok(match keys {
            Some(keys) => self.with(store.keys(crate::Fernet::new(keys)?)),
            None => self.with(store),
        })
    }

    #[cfg(not(feature = "sqlite"))]
    fn with_sqlite(self, _path: PathBuf, _keys: Option<&str>) -> Result<Self, SourceError> {
        let _ = self;
        Err(without("sqlite"))
    }

    #[cfg(not(feature = "postgres"))]
    fn with_postgres(self, _address: &str, _keys: Option<&str>) -> Result<Self, SourceError> {
        let _ = self;
        Err(without("postgres"))
    }
}

#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
fn without(feature: &str) -> SourceError {
    let says = format!("this database needs the feature `{feature}` of http-hook-sources");
    SourceError::new(SourceErrorKind::Unsupported, METASTORE, says)
}

#[cfg(test)]
mod tests {
    use super::of_file;

    #[test]
    fn a_setting_is_read_out_of_its_section() {
        let file = "[core]\n# fernet_key = no\nfernet_key = a%%b=\n[database]\nSQL_alchemy_conn: sqlite:////x\nother\n[core]\nfernet_key=\n";
        assert_eq!(of_file(file, "core", "fernet_key").as_deref(), Some(""), "the last counts");
        assert_eq!(of_file(file, "database", "sql_alchemy_conn").as_deref(), Some("sqlite:////x"));
        assert_eq!(of_file(file, "database", "fernet_key"), None);
        assert_eq!(
            of_file("[core]\nfernet_key = a%%b=", "core", "fernet_key").as_deref(),
            Some("a%b=")
        );
        let file = "[core]\nnote = old:\n  fernet_key = no\n\n  [database]\nfernet_key =\n    # of June\n    a,\n    b\n  sqlite = c\n";
        assert_eq!(of_file(file, "core", "fernet_key").as_deref(), Some("\na,\nb\nsqlite = c"));
    }
}
