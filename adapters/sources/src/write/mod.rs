//! Connections as text in every form, and files that are changed in one place.

mod edit;
mod splice;
mod yaml;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use http_hook::{Connection, Secret};

use crate::disk;
use crate::error::{SourceError, SourceErrorKind};
use crate::file::{Entries, Kind, as_python, check_extra, of_uri};
use crate::own;
use crate::source::{BlockingSource as _, Found};
use crate::tree::{Node, Tree, json};

/// What ids get, or that they go.
pub(crate) type Changes<'a> = BTreeMap<&'a str, Option<&'a Node>>;

/// A form in which connections are written.
///
/// # Examples
///
/// ```
/// use http_hook::Connection;
/// use http_hook_sources::Form;
///
/// let sales = Connection::parse("http://svc:secret@api.example.test/https?X-Team=sales")?;
/// let all = [("sales", &sales)];
/// assert_eq!(
///     Form::Toml.write(all)?.expose(),
///     r#"[sales]
/// type = "http"
/// host = "api.example.test"
/// schema = "https"
/// login = "svc"
/// password = "secret"
///
/// [sales.headers]
/// X-Team = "sales"
/// "#
/// );
/// assert_eq!(Form::Env.write(all)?.expose(), "sales=http://svc:secret@api.example.test/https?X-Team=sales\n");
/// let read = Form::Json.read(Form::Json.write(all)?.expose())?;
/// assert_eq!(read[0].connection().to_uri(), sales.to_uri());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// Airflow's JSON.
    Json,
    /// Airflow's YAML.
    Yaml,
    /// Airflow's lines `id=URI`. A URI has no description, no capitals in a host, and no difference between an empty host, schema or login and none.
    Env,
    /// Variables `AIRFLOW_CONN_ID='…'` for a shell or a container: a URI, or JSON where a URI cannot hold the connection.
    DotEnv,
    /// [Our own](crate::own), in TOML.
    Toml,
    /// Our own, in YAML.
    OwnYaml,
}

const NAMES: [(&str, Form); 6] = [
    ("json", Form::Json),
    ("yaml", Form::Yaml),
    ("env", Form::Env),
    ("dotenv", Form::DotEnv),
    ("toml", Form::Toml),
    ("own-yaml", Form::OwnYaml),
];

impl FromStr for Form {
    type Err = SourceError;

    /// Reads `json`, `yaml`, `env`, `dotenv`, `toml` or `own-yaml`.
    fn from_str(name: &str) -> Result<Self, SourceError> {
        let known = NAMES.iter().find(|(own, _)| *own == name);
        let names: Vec<&str> = NAMES.iter().map(|(own, _)| *own).collect();
        known.map(|(_, form)| *form).ok_or_else(|| {
            let says = format!("the forms are {}", names.join(", "));
            SourceError::new(SourceErrorKind::Unsupported, "form", says)
        })
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, form)| form == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

impl Form {
    /// Returns the form of a file that has such a name, as [`ConnectionFile`](crate::ConnectionFile) reads it.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        Some(match Kind::of(path)? {
            Kind::Env => Self::Env,
            Kind::Json => Self::Json,
            Kind::Yaml => Self::Yaml,
            Kind::Toml => Self::Toml,
        })
    }

    /// Writes connections.
    ///
    /// # Errors
    ///
    /// If the form cannot hold one of them so that it is read as the same: an id with a line's end or a `=` in lines, two ids that are one
    /// variable, a description in a URI, an extra that is no JSON object in Airflow's JSON and YAML.
    pub fn write<'a>(
        self,
        connections: impl IntoIterator<Item = (&'a str, &'a Connection)>,
    ) -> Result<Secret, SourceError> {
        let mut text = match self {
            Self::OwnYaml => format!("{}: 1\n", own::MARK),
            _ => String::new(),
        };
        let all = self.nodes(connections)?;
        match self {
            Self::Json => text = Node::map(all).to_json_lines() + "\n",
            Self::Yaml if all.is_empty() => text.push_str("{}\n"),
            Self::Yaml | Self::OwnYaml => {
                for (id, node) in &all {
                    yaml::push_member(&mut text, id, node, 0);
                }
            }
            Self::Env => {
                for (id, node) in &all {
                    text.push_str(&env_line(id, node).map_err(|says| self.refuse(id, says))?);
                }
            }
            Self::DotEnv => {
                for (name, node) in &all {
                    let Tree::Text(value) = &node.tree else { continue };
                    let is_name = |c: char| !c.is_whitespace() && !"\"'`$=".contains(c);
                    if !name.chars().all(is_name) {
                        return Err(self.refuse(name, "the id is not a name of a variable"));
                    }
                    // Neither a quote nor a line's end is in a URI as the core prints it; in JSON a quote stands in texts alone.
                    let value = value.replace('\'', "\\u0027");
                    text.extend([name.as_str(), "='", value.as_str(), "'\n"]);
                }
            }
            #[cfg(feature = "toml")]
            Self::Toml => {
                text = own::toml::write(&all).map_err(|(id, fault)| self.refuse(id, fault.says))?;
            }
            #[cfg(not(feature = "toml"))]
            Self::Toml => {}
        }
        Ok(Secret::new(text))
    }

    /// Makes the entries of connections, by the name of each.
    fn nodes<'a>(
        self,
        connections: impl IntoIterator<Item = (&'a str, &'a Connection)>,
    ) -> Result<Vec<(String, Node)>, SourceError> {
        let mut all: Vec<(String, Node)> = Vec::new();
        let mut keys = HashSet::new();
        for (id, connection) in connections {
            let node = self.node(connection).map_err(|says| self.refuse(id, says))?;
            if self == Self::DotEnv && crate::env::variable_of(id).is_none() {
                return Err(self.refuse(id, "its variable would be one of a team"));
            }
            if !keys.insert(self.key(id)) {
                return Err(self.refuse(id, "stands there twice"));
            }
            if matches!(self, Self::Toml | Self::OwnYaml) && id == own::MARK {
                return Err(self.refuse(id, "the id is the mark of the form"));
            }
            all.push((self.key(id), node));
        }
        Ok(all)
    }

    /// Reads connections from a text in this form, all of them or none.
    ///
    /// # Errors
    ///
    /// The first fault there is, with its line.
    pub fn read(self, text: &str) -> Result<Vec<Found>, SourceError> {
        let place = format!("text in form {self}");
        if self == Self::DotEnv {
            let lines = crate::dotenv::read(text).map_err(|fault| fault.at(&place))?;
            let variables = lines.into_iter().map(|line| (line.name, line.value));
            let env = crate::Env::of(variables);
            let mut all = Vec::new();
            for listed in env.ids()? {
                all.extend(env.find(&listed.id)?.map(|found| found.named(&listed.id)));
            }
            return Ok(all);
        }
        let kind = match self {
            Self::Env => Kind::Env,
            Self::Json => Kind::Json,
            Self::Toml => Kind::Toml,
            Self::Yaml | Self::OwnYaml | Self::DotEnv => Kind::Yaml,
        };
        let entries = Entries::read(kind, text).map_err(|fault| fault.at(&place))?;
        let mut all = Vec::new();
        for id in entries.ids() {
            all.extend(entries.find(id, &place)?.map(|found| found.named(id)));
        }
        Ok(all)
    }

    /// Replaces a file by connections in this form, whole and readable by its owner alone.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write), and if the file cannot be written: the old one is there then as it was.
    pub fn write_file<'a>(
        self,
        path: &Path,
        connections: impl IntoIterator<Item = (&'a str, &'a Connection)>,
    ) -> Result<(), SourceError> {
        disk::replace(path, self.write(connections)?.expose())
    }

    fn refuse(self, id: &str, says: impl Into<std::borrow::Cow<'static, str>>) -> SourceError {
        let place = format!("form {self}");
        SourceError::new(SourceErrorKind::Unsupported, place, says).of_id(id)
    }

    fn key(self, id: &str) -> String {
        match self {
            Self::DotEnv => format!("{}{}", crate::env::PREFIX, id.to_uppercase()),
            _ => id.to_owned(),
        }
    }

    fn node(self, connection: &Connection) -> Result<Node, &'static str> {
        match self {
            Self::Json | Self::Yaml => {
                check_extra(connection.extra()).map_err(|_| NO_OBJECT)?;
                Ok(airflow(connection))
            }
            Self::Env if connection.description().is_some_and(|text| !text.is_empty()) => Err(
                "its description has no place in a URI; variables, JSON, YAML and TOML have one",
            ),
            Self::Env => uri(connection),
            Self::DotEnv => Ok(Node::text(variable(connection))),
            #[cfg(feature = "toml")]
            Self::Toml => Ok(own::section(connection, own::toml::holds)),
            #[cfg(not(feature = "toml"))]
            Self::Toml => Err("needs the feature `toml`"),
            Self::OwnYaml => Ok(own::section(connection, |_| true)),
        }
    }
}

/// The fields of a connection, its extra as a text, as Airflow's backends and variables have them.
pub(crate) fn fields(connection: &Connection) -> Node {
    let mut node = airflow(connection);
    if let Tree::Map(members) = &mut node.tree {
        for (name, value) in members.iter_mut().filter(|(name, _)| name == "extra_dejson") {
            "extra".clone_into(name);
            *value = Node::text(connection.extra().map_or("", Secret::expose));
        }
    }
    node
}

/// The object of a connection as Airflow's files have it.
pub(crate) fn airflow(connection: &Connection) -> Node {
    let mut members = Vec::new();
    let mut push = |name: &str, value: Option<&str>| {
        members.extend(value.map(|value| (name.to_owned(), Node::text(value))));
    };
    push("conn_type", connection.conn_type());
    push("description", connection.description());
    push("host", connection.host());
    push("login", connection.login());
    push("password", connection.password().map(Secret::expose));
    push("schema", connection.schema());
    if let Some(port) = connection.port() {
        members.push(("port".to_owned(), Node { line: 0, tree: Tree::Number(port.to_string()) }));
    }
    if let Some(extra) = connection.extra().map(Secret::expose) {
        // As an object where that is read as the very same text.
        let object = json::read(extra).ok().filter(|node| {
            let has_members = matches!(&node.tree, Tree::Map(members) if !members.is_empty());
            has_members && as_python(node).is_some_and(|again| again.expose() == extra)
        });
        match object {
            Some(object) => members.push(("extra_dejson".to_owned(), object)),
            None => members.push(("extra".to_owned(), Node::text(extra))),
        }
    }
    Node::map(members)
}

/// What a variable holds: the URI of a connection, or JSON where that is read as another, or has no place for its description.
fn variable(connection: &Connection) -> String {
    let uri = connection.to_uri();
    let again = Connection::from_uri(uri.expose()).ok();
    let none = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let is_same = again.is_some_and(|again| {
        has_credentials_of(&again, connection)
            && none(again.conn_type()) == none(connection.conn_type())
            && none(again.schema()) == none(connection.schema())
            && none(again.description()) == none(connection.description())
            && has_extra_of(&again, connection)
    });
    if is_same { uri.expose().to_owned() } else { fields(connection).to_json() }
}

/// Whether both extras are the same JSON, or else the same text.
fn has_extra_of(again: &Connection, connection: &Connection) -> bool {
    let read = |one: &Connection| json::read(one.extra().map_or("{}", Secret::expose)).ok();
    match read(again).zip(read(connection)) {
        Some((again, extra)) => again.is_same(&extra),
        None => again.extra() == connection.extra(),
    }
}

const NO_OBJECT: &str = "its extra is no JSON object, and Airflow's files take no other";

const NO_URI: &str = "it cannot be a URI as it is; with a type (`http`) it may be one";

/// Whether what was read as a connection has host, port, login and password of another one: a URL without a type, say, is read as
/// something else. Nothing and an empty text are one to a URI, and so are cases of a host.
fn has_credentials_of(again: &Connection, connection: &Connection) -> bool {
    let secret = |one: &Connection| one.password().map_or(String::new(), |one| one.expose().into());
    let of = |one: &Connection| {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        (text(one.host()).to_lowercase(), one.port(), text(one.login()), secret(one))
    };
    of(again) == of(connection)
}

/// The URI of a connection for a line of a file, in which a text of the query that is JSON stands for that value.
fn uri(connection: &Connection) -> Result<Node, &'static str> {
    let uri = connection.to_uri();
    let same = |uri: &str| {
        let again = of_uri(uri).ok().filter(|again| has_credentials_of(again, connection));
        again.is_some_and(|again| has_extra_of(&again, connection))
    };
    if same(uri.expose()) {
        return Ok(Node::text(uri.expose()));
    }
    if !of_uri(uri.expose()).is_ok_and(|again| has_credentials_of(&again, connection)) {
        return Err(NO_URI);
    }
    // All of the extra in one, which is taken as it is.
    let bare = connection.clone().with_extra("").to_uri();
    let extra = connection.extra().map_or("", Secret::expose);
    let mark = if connection.schema().unwrap_or_default().is_empty() { "/?" } else { "?" };
    let quoted = percent_encoding::utf8_percent_encode(extra, percent_encoding::NON_ALPHANUMERIC);
    let uri = format!("{}{mark}__extra__={quoted}", bare.expose());
    if same(&uri) { Ok(Node::text(uri)) } else { Err("its extra cannot be part of a URI") }
}

fn env_line(id: &str, node: &Node) -> Result<String, &'static str> {
    let Tree::Text(uri) = &node.tree else { return Err("not a URI") };
    let starts = id.trim_start().starts_with('#');
    if starts || id.contains('=') || crate::file::python_lines(id).count() != 1 {
        return Err("the id cannot begin a line");
    }
    Ok(format!("{id}={uri}\n"))
}
