//! Connections as text in every form, and files that are changed in one place.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use http_hook::{Connection, Secret};

use crate::disk;
use crate::error::{Fault, SourceError, SourceErrorKind};
use crate::file::{ConnectionFile, Entries, Kind, as_python, of_uri};
use crate::own;
use crate::source::{BlockingSource as _, Found};
use crate::tree::{Node, Tree, json};

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
    /// Airflow's lines `id=URI`. A URI has no description, and no difference between an empty host or schema and none.
    Env,
    /// Variables `AIRFLOW_CONN_ID='…'` for a shell or a container.
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
    /// Returns the form of a file that has such a name, as [`ConnectionFile`] reads it.
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
    /// variable.
    pub fn write<'a>(
        self,
        connections: impl IntoIterator<Item = (&'a str, &'a Connection)>,
    ) -> Result<Secret, SourceError> {
        let mut text = match self {
            Self::OwnYaml => format!("{}: 1\n", own::MARK),
            _ => String::new(),
        };
        let mut all: Vec<(String, Node)> = Vec::new();
        for (id, connection) in connections {
            let node = self.node(connection).map_err(|says| self.refuse(id, says))?;
            if all.iter().any(|(other, _)| *other == self.key(id)) {
                return Err(self.refuse(id, "stands there twice"));
            }
            if matches!(self, Self::Toml | Self::OwnYaml) && id == own::MARK {
                return Err(self.refuse(id, "the id is the mark of the form"));
            }
            all.push((self.key(id), node));
        }
        match self {
            Self::Json => text = Node::map(all).to_json_lines() + "\n",
            Self::Yaml if all.is_empty() => text.push_str("{}\n"),
            Self::Yaml | Self::OwnYaml => {
                for (id, node) in &all {
                    push_yaml_member(&mut text, id, node, 0);
                }
            }
            Self::Env => {
                for (id, node) in &all {
                    text.push_str(&env_line(id, node).map_err(|says| self.refuse(id, says))?);
                }
            }
            Self::DotEnv => {
                for (name, node) in &all {
                    let Tree::Text(uri) = &node.tree else { continue };
                    let is_name = |c: char| !c.is_whitespace() && !"\"'`$=".contains(c);
                    if !name.chars().all(is_name) {
                        return Err(self.refuse(name, "the id is not a name of a variable"));
                    }
                    // Neither a quote nor a line's end is in a URI as the core prints it.
                    text.extend([name.as_str(), "='", uri.as_str(), "'\n"]);
                }
            }
            #[cfg(feature = "toml")]
            Self::Toml => {
                for (id, node) in &all {
                    text = own::toml::edit(&text, id, Some(node))
                        .map_err(|fault| self.refuse(id, fault.says))?;
                }
            }
            #[cfg(not(feature = "toml"))]
            Self::Toml => {}
        }
        Ok(Secret::new(text))
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
            Self::Json | Self::Yaml => Ok(airflow(connection)),
            Self::Env => uri(connection),
            Self::DotEnv => Ok(Node::text(connection.to_uri().expose())),
            #[cfg(feature = "toml")]
            Self::Toml => Ok(own::section(connection, own::toml::holds)),
            #[cfg(not(feature = "toml"))]
            Self::Toml => Err("needs the feature `toml`"),
            Self::OwnYaml => Ok(own::section(connection, |_| true)),
        }
    }
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

/// The URI of a connection for a line of a file, in which a text of the query that is JSON stands for that value.
fn uri(connection: &Connection) -> Result<Node, &'static str> {
    let uri = connection.to_uri();
    let same = |uri: &str| {
        let again = of_uri(uri).ok();
        again.is_some_and(|again| {
            let read = |one: &Connection| json::read(one.extra().map_or("{}", Secret::expose)).ok();
            match read(&again).zip(read(connection)) {
                Some((again, extra)) => again.is_same(&extra),
                None => again.extra() == connection.extra(),
            }
        })
    };
    if same(uri.expose()) {
        return Ok(Node::text(uri.expose()));
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

/// Adds a member, in block style.
pub(crate) fn push_yaml_member(out: &mut String, name: &str, node: &Node, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
    push_yaml_text(out, name);
    out.push(':');
    push_yaml(out, node, indent);
}

fn push_yaml(out: &mut String, node: &Node, indent: usize) {
    match &node.tree {
        Tree::Map(members) if !members.is_empty() => {
            out.push('\n');
            for (name, node) in members {
                push_yaml_member(out, name, node, indent + 2);
            }
        }
        _ => {
            out.push(' ');
            push_flow(out, node);
            out.push('\n');
        }
    }
}

fn push_flow(out: &mut String, node: &Node) {
    match &node.tree {
        Tree::Null => out.push_str("null"),
        Tree::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Tree::Number(number) => out.push_str(&yaml_number(number)),
        Tree::Text(text) => push_yaml_text(out, text),
        Tree::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                push_flow(out, item);
            }
            out.push(']');
        }
        Tree::Map(members) => {
            out.push('{');
            for (index, (name, item)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                push_yaml_text(out, name);
                out.push_str(": ");
                push_flow(out, item);
            }
            out.push('}');
        }
    }
}

/// A number as YAML 1.1 reads it: one with an exponent has a dot, and a sign behind the `e`.
fn yaml_number(number: &str) -> String {
    match number {
        "NaN" => ".nan".to_owned(),
        "Infinity" => ".inf".to_owned(),
        "-Infinity" => "-.inf".to_owned(),
        _ => {
            let Some(at) = number.find(['e', 'E']) else { return number.to_owned() };
            let (mantissa, exponent) = (&number[..at], &number[at + 1..]);
            let dot = if mantissa.contains('.') { "" } else { ".0" };
            let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
            format!("{mantissa}{dot}e{sign}{exponent}")
        }
    }
}

/// A text without quotes where nobody takes it for anything else.
fn push_yaml_text(out: &mut String, text: &str) {
    let mut chars = text.chars();
    let is_word = chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    let lower = text.to_ascii_lowercase();
    let is_taken = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"];
    if is_word && !is_taken.contains(&lower.as_str()) {
        out.push_str(text);
    } else {
        crate::tree::push_text(out, text);
    }
}

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
            let wrong = |error: http_hook::Error| {
                SourceError::new(SourceErrorKind::Id, place.as_str(), error.message().to_owned())
            };
            crate::source::check_id(id).map_err(wrong)?;
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
                Some(node) => push_yaml_member(&mut text, id, node, 0),
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
