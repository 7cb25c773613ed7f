//! Reads a file of connections as a whole, and each connection when it is asked for.

use std::collections::HashMap;
use std::path::Path;

use super::{entry, lines};
use crate::error::{Fault, SourceError, SourceErrorKind};
use crate::own;
use crate::source::Found;
use crate::tree::{Node, Tree, json};

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Env,
    Json,
    Yaml,
    Toml,
}

impl Kind {
    pub(crate) const EXTENSIONS: [&str; 5] = [".env", ".json", ".toml", ".yaml", ".yml"];

    /// Tells the form by the end of the name.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_lowercase();
        // `.env` alone is a name without an end to most, and to Airflow.
        let (before, end) = name.rsplit_once('.')?;
        match end {
            "env" => Some(Self::Env),
            _ if before.is_empty() => None,
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }
}

/// What a file holds: under each id something that is, or should be, a connection.
pub(crate) struct Entries {
    order: Vec<String>,
    nodes: HashMap<String, Result<Node, Fault>>,
    is_own: bool,
}

impl Entries {
    /// Reads the text of a file.
    pub(crate) fn read(kind: Kind, text: &str) -> Result<Self, Fault> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let tree = match kind {
            Kind::Env => return Ok(Self::new(lines::read(text)?, false)),
            Kind::Json | Kind::Yaml if text.is_empty() => {
                return Err(Fault::new(1, "The file is empty."));
            }
            Kind::Json => json::read(text)?,
            #[cfg(feature = "yaml")]
            Kind::Yaml => crate::tree::yaml::read(text)?,
            #[cfg(not(feature = "yaml"))]
            Kind::Yaml => return Err(not_built("yaml")),
            #[cfg(feature = "toml")]
            Kind::Toml => own::toml::read(text)?,
            #[cfg(not(feature = "toml"))]
            Kind::Toml => return Err(not_built("toml")),
        };
        let Tree::Map(mut members) = tree.tree else {
            return Err(Fault::new(1, "The file should contain the object."));
        };
        let marked = own::take_mark(&mut members)?;
        Ok(Self::new(members, marked || kind == Kind::Toml))
    }

    fn new(members: Vec<(String, Node)>, is_own: bool) -> Self {
        let mut entries = Self { order: Vec::new(), nodes: HashMap::new(), is_own };
        for (id, node) in members {
            let line = node.line;
            let earlier = entries.nodes.insert(id.clone(), Ok(node));
            if earlier.is_none() {
                entries.order.push(id);
            } else {
                entries.nodes.insert(id, Err(lines::twice(line)));
            }
        }
        entries
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &String> {
        self.order.iter()
    }

    /// Whether something stands under an id.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.nodes.contains_key(id)
    }

    /// A file without connections.
    pub(crate) fn empty(is_own: bool) -> Self {
        Self { order: Vec::new(), nodes: HashMap::new(), is_own }
    }

    /// Whether the form is our own.
    pub(crate) const fn is_own(&self) -> bool {
        self.is_own
    }

    /// What stands under an id, if it stands there once.
    pub(crate) fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.get(id)?.as_ref().ok()
    }

    /// Whether nothing is found under an id: an empty list stands there.
    pub(crate) fn is_absent(&self, id: &str) -> bool {
        let node = self.node(id).filter(|_| !self.is_own);
        node.is_some_and(|node| matches!(&node.tree, Tree::List(items) if items.is_empty()))
    }

    /// The line of an id.
    pub(crate) fn line(&self, id: &str) -> usize {
        match self.nodes.get(id) {
            Some(Ok(node)) => node.line,
            Some(Err(fault)) => fault.line,
            None => 0,
        }
    }

    pub(crate) fn find(&self, id: &str, place: &str) -> Result<Option<Found>, SourceError> {
        let node = match self.nodes.get(id) {
            None => return Ok(None),
            Some(Err(fault)) => return Err(fault.clone().at(place)),
            Some(Ok(node)) => node,
        };
        let read = if self.is_own { own::read(node).map(Some) } else { entry::read(id, node) };
        let found = read.map_err(|fault| fault.at(place))?;
        let place = || format!("{place}, line {}", node.line);
        Ok(found.map(|connection| Found::new(connection, place())))
    }
}

#[cfg(not(all(feature = "yaml", feature = "toml")))]
fn not_built(feature: &str) -> Fault {
    let says = format!("this program was built without the feature `{feature}` of its sources");
    Fault { kind: SourceErrorKind::Unsupported, ..Fault::new(1, says) }
}

#[cfg(all(feature = "yaml", feature = "toml"))]
const _: SourceErrorKind = SourceErrorKind::Unsupported;
