//! Changes a file in one place, and leaves all else as it is.

use async_trait::async_trait;
use http_hook::Connection;

use super::yaml::push_member;
use super::{Form, env_line};
use crate::disk;
use crate::error::{Fault, SourceError, SourceErrorKind};
use crate::file::{ConnectionFile, Entries, Kind};
#[cfg(feature = "toml")]
use crate::own;
use crate::source::Store;
use crate::tree::Node;

impl ConnectionFile {
    /// Stores a connection under an id, in place of the one that is there or behind all others.
    ///
    /// The file is replaced whole, readable by its owner alone (mode 0600), and made if it is absent. All other entries stay as they
    /// are, comments too; JSON, which has none, is laid out anew. Whoever changes the file at the same time is not waited for.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written, or the form cannot hold the connection so that it is read as the same. The file is as it
    /// was then.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::Connection;
    /// use http_hook_sources::{ConnectionFile, blocking::Source};
    ///
    /// # let folder = std::env::temp_dir().join(format!("http-hook-set-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("conns.toml");
    /// std::fs::write(&path, "# who sells\n[sales]\nhost = \"old.test\" # for now\n")?;
    /// let file = ConnectionFile::new(&path);
    /// file.set("sales", &Connection::new().with_host("new.test"))?;
    /// assert_eq!(std::fs::read_to_string(&path)?, "# who sells\n[sales]\nhost = \"new.test\" # for now\n");
    /// assert!(file.remove("sales")?);
    /// assert!(file.find("sales")?.is_none());
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set(&self, id: &str, connection: &Connection) -> Result<(), SourceError> {
        self.edit(id, Some(connection)).map(|_| ())
    }

    /// Takes a connection out of the file; tells whether there was one. All else stays as with [`set`](Self::set).
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn remove(&self, id: &str) -> Result<bool, SourceError> {
        self.edit(id, None)
    }

    fn edit(&self, id: &str, connection: Option<&Connection>) -> Result<bool, SourceError> {
        let place = format!("file {}", self.path().display());
        let kind = Kind::of(self.path()).ok_or_else(|| {
            let says = format!("the name ends with none of {}", Kind::EXTENSIONS.join(" "));
            SourceError::new(SourceErrorKind::Unsupported, place.as_str(), says)
        })?;
        if connection.is_some() {
            check_id(id, &place)?;
        }
        let old = disk::read(self.path(), &place, true)?.unwrap_or_default();
        let before = if old.trim().is_empty() {
            Entries::empty(kind == Kind::Toml)
        } else {
            Entries::read(kind, &old).map_err(|fault| fault.at(&place))?
        };
        let was_there = before.ids().any(|known| known == id);
        if connection.is_none() && !was_there {
            return Ok(false);
        }
        let form = match (kind, before.is_own()) {
            (Kind::Yaml, true) => Form::OwnYaml,
            (Kind::Yaml, false) => Form::Yaml,
            (Kind::Env, _) => Form::Env,
            (Kind::Json, _) => Form::Json,
            (Kind::Toml, _) => Form::Toml,
        };
        if kind == Kind::Json && before.is_own() {
            let says = "our own form in JSON is read, not written; TOML and YAML are";
            return Err(SourceError::new(SourceErrorKind::Unsupported, place, says));
        }
        let node = connection.map(|connection| form.node(connection)).transpose();
        let node = node.map_err(|says| form.refuse(id, says))?;
        let new = edited(kind, &old, &before, id, node.as_ref())
            .map_err(|fault| SourceError::new(fault.kind, place.as_str(), fault.says).of_id(id))?;
        // What is not read as it should be is not written.
        let after = Entries::read(kind, &new).ok();
        let is_right = after.is_some_and(|after| {
            let others = |one: &Entries| {
                let ids = one.ids().filter(|known| *known != id);
                ids.map(|known| (known.clone(), one.node(known).cloned())).collect::<Vec<_>>()
            };
            let (was, is) = (others(&before), others(&after));
            let same = was.len() == is.len()
                && was.iter().zip(&is).all(|((a, one), (b, other))| {
                    a == b
                        && one
                            .as_ref()
                            .zip(other.as_ref())
                            .is_none_or(|(one, other)| one.is_same(other))
                });
            let own = after.node(id).zip(node.as_ref()).map(|(a, b)| a.is_same(b));
            same && own.unwrap_or(connection.is_none() && after.node(id).is_none())
        });
        let is_bare = new.trim().is_empty() && connection.is_none();
        if !is_right && !is_bare {
            let says = "this file cannot be changed in one place; convert it to a new one";
            return Err(SourceError::new(SourceErrorKind::Unsupported, place, says).of_id(id));
        }
        disk::replace(self.path(), &new)?;
        Ok(was_there)
    }
}

#[async_trait]
impl Store for ConnectionFile {
    /// All or none: what the file's form cannot hold is found before anything is written.
    async fn put(&self, connections: &[(&str, &Connection)]) -> Result<(), SourceError> {
        let place = format!("file {}", self.path().display());
        connections.iter().try_for_each(|(id, _)| check_id(id, &place))?;
        if let Some(form) = Form::of_path(self.path()) {
            form.write(connections.iter().copied())?;
            if connections.len() > 1 && !self.path().exists() {
                return form.write_file(self.path(), connections.iter().copied());
            }
        }
        connections.iter().try_for_each(|(id, connection)| self.set(id, connection))
    }

    async fn remove(&self, id: &str) -> Result<bool, SourceError> {
        Self::remove(self, id)
    }
}

fn check_id(id: &str, place: &str) -> Result<(), SourceError> {
    crate::source::check_id(id)
        .map_err(|error| SourceError::new(SourceErrorKind::Id, place, error.message().to_owned()))
}

fn edited(
    kind: Kind,
    old: &str,
    before: &Entries,
    id: &str,
    node: Option<&Node>,
) -> Result<String, Fault> {
    match kind {
        #[cfg(feature = "toml")]
        Kind::Toml => own::toml::edit(old, id, node),
        #[cfg(not(feature = "toml"))]
        Kind::Toml => Err(Fault::new(0, "needs the feature `toml`")),
        Kind::Json => {
            let mut members: Vec<(String, Node)> = Vec::new();
            for known in before.ids() {
                let kept = before.node(known).ok_or_else(|| Fault::new(0, "stands there twice"))?;
                match (known == id, node) {
                    (true, None) => {}
                    (true, Some(new)) => members.push((known.clone(), new.clone())),
                    (false, _) => members.push((known.clone(), kept.clone())),
                }
            }
            let is_new = !members.iter().any(|(known, _)| known == id);
            if let Some(node) = node.filter(|_| is_new) {
                members.push((id.to_owned(), node.clone()));
            }
            Ok(Node::map(members).to_json_lines() + "\n")
        }
        Kind::Env | Kind::Yaml => {
            let mut text = String::new();
            match node {
                None => {}
                Some(node) if kind == Kind::Env => {
                    text = env_line(id, node).map_err(|says| Fault::new(0, says))?;
                }
                Some(node) => push_member(&mut text, id, node, 0),
            }
            Ok(spliced(kind, old, before, id, &text))
        }
    }
}

/// Puts lines in the place of those of one entry, or behind all others.
fn spliced(kind: Kind, old: &str, before: &Entries, id: &str, new: &str) -> String {
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let from = before.ids().any(|known| known == id).then(|| before.line(id).saturating_sub(1));
    let Some(from) = from else {
        let is_empty_flow = kind == Kind::Yaml && old.trim() == "{}";
        let old = if is_empty_flow { "" } else { old };
        let end = if old.is_empty() || old.ends_with('\n') { "" } else { "\n" };
        return format!("{old}{end}{new}");
    };
    let mut to = if kind == Kind::Env {
        from + 1
    } else {
        let later = before.ids().map(|known| before.line(known).saturating_sub(1));
        later.filter(|line| *line > from).min().unwrap_or(lines.len())
    };
    // What stands right above the next entry, or at the end, is not part of this one.
    let is_aside =
        |line: &str| line.trim().is_empty() || line.starts_with('#') || line.starts_with("...");
    while to > from + 1 && lines.get(to - 1).is_some_and(|line| is_aside(line)) {
        to -= 1;
    }
    let part = |range: std::ops::Range<usize>| lines.get(range).unwrap_or_default().concat();
    format!("{}{new}{}", part(0..from), part(to..lines.len()))
}
