//! Changes a file in one place, and leaves all else as it is.

use async_trait::async_trait;
use http_hook::Connection;

use super::splice::spliced;
use super::{Changes, Form};
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
        self.edit(&[(id, Some(connection))]).map(|_| ())
    }

    /// Takes a connection out of the file; tells whether there was one. All else stays as with [`set`](Self::set).
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn remove(&self, id: &str) -> Result<bool, SourceError> {
        Ok(self.edit(&[(id, None)])? > 0)
    }

    /// Stores connections under their ids or takes them out, all of them or none, in time in proportion to the file; tells how many of
    /// the ids were there.
    fn edit(&self, changes: &[(&str, Option<&Connection>)]) -> Result<usize, SourceError> {
        let place = format!("file {}", self.path().display());
        let kind = Kind::of(self.path()).ok_or_else(|| {
            let says = format!("the name ends with none of {}", Kind::EXTENSIONS.join(" "));
            SourceError::new(SourceErrorKind::Unsupported, place.as_str(), says)
        })?;
        for (id, _) in changes.iter().filter(|(_, connection)| connection.is_some()) {
            check_id(id, &place)?;
        }
        let old = disk::read(self.path(), &place, true)?.unwrap_or_default();
        let before = if old.trim().is_empty() {
            Entries::empty(kind == Kind::Toml)
        } else {
            Entries::read(kind, &old).map_err(|fault| fault.at(&place))?
        };
        let form = match (kind, before.is_own()) {
            (Kind::Yaml, true) => Form::OwnYaml,
            (Kind::Yaml, false) => Form::Yaml,
            (Kind::Env, _) => Form::Env,
            (Kind::Json, _) => Form::Json,
            (Kind::Toml, _) => Form::Toml,
        };
        let new: Vec<_> = changes.iter().filter_map(|(id, new)| Some((*id, (*new)?))).collect();
        let new: Vec<(String, Node)> = form.nodes(new)?;
        let mut new: Changes<'_> = new.iter().map(|(id, node)| (id.as_str(), Some(node))).collect();
        for (id, _) in changes.iter().filter(|(id, _)| before.has(id)) {
            new.entry(id).or_default();
        }
        let was_there = new.keys().filter(|id| before.has(id)).count();
        if new.is_empty() {
            return Ok(0);
        }
        if kind == Kind::Json && before.is_own() {
            let says = "our own form in JSON is read, not written; TOML and YAML are";
            return Err(SourceError::new(SourceErrorKind::Unsupported, place, says));
        }
        let told = |error: SourceError| match changes {
            [(id, _)] => error.of_id(id),
            _ => error,
        };
        let text = edited(kind, &old, &before, &new)
            .map_err(|fault| told(SourceError::new(fault.kind, place.as_str(), fault.says)))?;
        // What is not read as it should be is not written.
        let is_bare = text.trim().is_empty() && new.values().all(Option::is_none);
        if !is_bare && !is_right(kind, &text, &before, &new) {
            let says = "this file cannot be changed in one place; convert it to a new one";
            return Err(told(SourceError::new(SourceErrorKind::Unsupported, place, says)));
        }
        disk::replace(self.path(), &text)?;
        Ok(was_there)
    }
}

/// Whether a text has the new entries, and all others as they were, in their order.
fn is_right(kind: Kind, text: &str, before: &Entries, new: &Changes<'_>) -> bool {
    let Ok(after) = Entries::read(kind, text) else { return false };
    let is_same = |one: Option<&Node>, other: Option<&Node>| {
        one.zip(other).map_or(one.is_none() && other.is_none(), |(one, other)| one.is_same(other))
    };
    let others = |one: &Entries| {
        let ids = one.ids().filter(|id| !new.contains_key(id.as_str()));
        ids.cloned().collect::<Vec<_>>()
    };
    let ids = others(before);
    ids == others(&after)
        && ids.iter().all(|id| is_same(before.node(id), after.node(id)))
        && new
            .iter()
            .all(|(id, node)| is_same(after.node(id), *node) && (node.is_some() || !after.has(id)))
}

#[async_trait]
impl Store for ConnectionFile {
    async fn put(&self, connections: &[(&str, &Connection)]) -> Result<(), SourceError> {
        let changes: Vec<_> = connections.iter().map(|(id, new)| (*id, Some(*new))).collect();
        self.edit(&changes).map(|_| ())
    }

    async fn remove(&self, id: &str) -> Result<bool, SourceError> {
        Self::remove(self, id)
    }
}

fn check_id(id: &str, place: &str) -> Result<(), SourceError> {
    crate::source::check_id(id)
        .map_err(|error| SourceError::new(SourceErrorKind::Id, place, error.message().to_owned()))
}

fn edited(kind: Kind, old: &str, before: &Entries, new: &Changes<'_>) -> Result<String, Fault> {
    match kind {
        #[cfg(feature = "toml")]
        Kind::Toml => own::toml::edit(old, new),
        #[cfg(not(feature = "toml"))]
        Kind::Toml => Err(Fault::new(0, "needs the feature `toml`")),
        Kind::Json => {
            let mut members: Vec<(String, Node)> = Vec::new();
            for known in before.ids() {
                let kept = before.node(known).ok_or_else(|| Fault::new(0, "stands there twice"))?;
                match new.get(known.as_str()) {
                    None => members.push((known.clone(), kept.clone())),
                    Some(changed) => {
                        members.extend(changed.map(|node| (known.clone(), node.clone())));
                    }
                }
            }
            let added = new.iter().filter(|(id, _)| !before.has(id));
            members
                .extend(added.filter_map(|(id, node)| Some(((*id).to_owned(), (*node)?.clone()))));
            Ok(Node::map(members).to_json_lines() + "\n")
        }
        Kind::Env | Kind::Yaml => spliced(kind, old, before, new),
    }
}
