//! Files of connections that others can read.
//!
//! | file | what is said |
//! | --- | --- |
//! | has a password, or a token or the like in the extra, and its group or others may read or write it | a warning, once: `chmod 600` |
//! | holds none | nothing: there is no secret in it |
//! | of another user | nothing: that user decides |
//! | mounted as a secret: below `/run/secrets`, or through the `..data` of Kubernetes | nothing: 0644 is the usual mode there |
//! | no file: a variable, a metastore, a folder of secrets | nothing |

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use http_hook::observe::sounds_secret;
use http_hook::{Connection, Secret};
use serde_json::Value;

use crate::private;

/// Whether it was said already.
static SAID: AtomicBool = AtomicBool::new(false);

/// Says that others can read the file of a connection, if they can and there is a secret in it.
pub(crate) fn warning(connection: &Connection, place: &str) -> Option<String> {
    let path = file_of(place)?;
    if !holds_secret(connection) || !others_read(path) || is_mounted(path) {
        return None;
    }
    let shown = path.display();
    let says =
        || format!("other users can read {shown}, and there is a secret in it: chmod 600 {shown}");
    (!SAID.swap(true, Ordering::Relaxed)).then(says)
}

/// Whether there is a password, or what sounds like one in the extra.
fn holds_secret(connection: &Connection) -> bool {
    let has_password = connection.password().is_some_and(|password| !password.expose().is_empty());
    let extra = connection.extra().map(Secret::expose).unwrap_or_default();
    has_password || serde_json::from_str(extra).is_ok_and(|extra: Value| names_secret(&extra))
}

fn names_secret(value: &Value) -> bool {
    let Value::Object(members) = value else { return false };
    members.iter().any(|(name, value)| {
        let is_text = matches!(value, Value::String(text) if !text.is_empty());
        is_text && sounds_secret(name) || names_secret(value)
    })
}

/// The file of a place: `file conns.toml, line 3`, `env file .env AIRFLOW_CONN_A, line 1`. A line is what files of many connections have.
fn file_of(place: &str) -> Option<&Path> {
    let (path, line) = place.rsplit_once(", line ")?;
    let path = match path.strip_prefix("env file ") {
        Some(named) => named.rsplit_once(' ')?.0,
        None => path.strip_prefix("file ")?,
    };
    line.bytes().all(|byte| byte.is_ascii_digit()).then(|| Path::new(path))
}

/// Whether the file is the user's own, and its group or others may read or write it.
#[cfg(unix)]
fn others_read(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(about) = std::fs::metadata(path) else { return false };
    private::is_own(&about) && about.mode() & 0o066 != 0
}

#[cfg(not(unix))]
fn others_read(_: &Path) -> bool {
    false
}

/// Whether the file is mounted as a secret.
fn is_mounted(path: &Path) -> bool {
    let Ok(whole) = std::fs::canonicalize(path) else { return false };
    let kubernetes = || {
        // `..data` leads to `..2026_01_31_…`, whatever link or path led to the file.
        whole.components().any(|part| match part {
            std::path::Component::Normal(name) => name.to_string_lossy().starts_with(".."),
            _ => false,
        })
    };
    whole.starts_with("/run/secrets") || whole.starts_with("/var/run/secrets") || kubernetes()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::file_of;

    #[test]
    fn a_file_of_connections_has_lines() {
        let rows = [
            ("file a, b.toml, line 3", Some("a, b.toml")),
            ("env file a .env AIRFLOW_CONN_SALES, line 12", Some("a .env")),
            ("file /run/secrets/sales", None),
            ("env AIRFLOW_CONN_SALES", None),
            ("directory /run/secrets/sales", None),
            ("metastore postgres://db/airflow conn_id file a, line 3", None),
            ("file a, line x", None),
        ];
        for (place, path) in rows {
            assert_eq!(file_of(place), path.map(Path::new), "{place}");
        }
    }
}
