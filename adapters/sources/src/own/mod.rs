//! Our own form: what Airflow keeps in one extra has sections here, in TOML or YAML.
//!
//! ```toml
//! [orders]
//! url = "https://api.example.com/v1"    # or host, schema, port
//! login = "svc"
//! password = "open sesame"
//!
//! [orders.options]                      # timeout, verify, cert, proxies, …
//! timeout = [3, 27]
//!
//! [orders.headers]
//! X-Team = "sales"
//!
//! [orders.auth]                         # also: [orders.retry]
//! scheme = "bearer"
//! ```
//!
//! | name | is, of the connection |
//! | --- | --- |
//! | `type`, `description`, `schema`, `port`, `login`, `password` | the field |
//! | `url` or `host` | the host; a `url` has its scheme |
//! | `options`, `headers` | members of the extra; `without_headers` lists the names that are null there |
//! | `auth`, `retry` | members of the reserved object `http_hook` of the extra |
//! | `settings` | the rest of `http_hook` |
//! | `extra` | in a section, the rest of the extra; as a text, all of it |
//!
//! YAML has `http_hook: 1` at its top, which no file of Airflow's has.

#[cfg(feature = "toml")]
pub(crate) mod toml;

use http_hook::{Connection, Secret};

use crate::error::{Fault, SourceErrorKind};
use crate::file::entry;
use crate::tree::{Node, Tree, json};

/// What marks a file of this form.
pub(crate) const MARK: &str = "http_hook";

/// The names that the core takes for options.
const OPTIONS: [&str; 11] = [
    "stream",
    "cert",
    "proxies",
    "proxy",
    "timeout",
    "verify",
    "verify_ssl",
    "allow_redirects",
    "max_redirects",
    "trust_env",
    "check_response",
];

/// Takes the mark out of a file's members; tells whether there was one.
pub(crate) fn take_mark(members: &mut Vec<(String, Node)>) -> Result<bool, Fault> {
    let at = members
        .iter()
        .position(|(name, node)| name == MARK && matches!(node.tree, Tree::Number(_)));
    let Some(at) = at else { return Ok(false) };
    let (_, node) = members.remove(at);
    if node.tree == Tree::Number("1".to_owned()) {
        return Ok(true);
    }
    let says = "a version of the form that is not known; this is 1";
    Err(Fault { kind: SourceErrorKind::Unsupported, ..Fault::new(node.line, says) })
}

/// Reads one section.
pub(crate) fn read(node: &Node) -> Result<Connection, Fault> {
    let Tree::Map(members) = &node.tree else {
        return Err(Fault::new(node.line, "a connection is a section"));
    };
    let mut connection = Connection::new();
    let mut extra: Vec<(String, Node)> = Vec::new();
    let mut settings: Vec<(String, Node)> = Vec::new();
    let mut whole = None;
    for (name, node) in members {
        let text = || match &node.tree {
            Tree::Text(text) => Ok(text.clone()),
            _ => Err(Fault::new(node.line, format!("`{name}` is not a text"))),
        };
        let section = || match &node.tree {
            Tree::Map(members) => Ok(members.clone()),
            _ => Err(Fault::new(node.line, format!("`{name}` is not a section"))),
        };
        match name.as_str() {
            "type" => connection = connection.with_conn_type(text()?),
            "description" => connection = connection.with_description(text()?),
            "url" => {
                let url = text()?;
                if !url.contains("://") {
                    return Err(Fault::new(node.line, "url: without a scheme; is it a `host`?"));
                }
                if connection.host().is_some() {
                    return Err(Fault::new(node.line, "url and host exclude each other"));
                }
                connection = connection.with_host(url);
            }
            "host" if connection.host().is_some() => {
                return Err(Fault::new(node.line, "url and host exclude each other"));
            }
            "host" => connection = connection.with_host(text()?),
            "schema" => connection = connection.with_schema(text()?),
            "login" => connection = connection.with_login(text()?),
            "password" => connection = connection.with_password(text()?),
            "port" => {
                let port = match &node.tree {
                    Tree::Number(port) => port.parse().ok(),
                    _ => None,
                };
                let wrong = || Fault::new(node.line, "port: not a number from 0 to 65535");
                connection = connection.with_port(port.ok_or_else(wrong)?);
            }
            "options" => extra.extend(options(section()?)?),
            "headers" => extra.extend(headers(section()?)?),
            "without_headers" => extra.extend(without(node)?),
            "auth" | "retry" => {
                let tree = Tree::Map(section()?);
                settings.push((name.clone(), Node { line: node.line, tree }));
            }
            "settings" => settings.extend(section()?),
            "extra" => match &node.tree {
                Tree::Text(text) => whole = Some((node.line, text.clone())),
                Tree::Map(members) => extra.extend(members.iter().cloned()),
                _ => return Err(Fault::new(node.line, "extra: neither a text nor a section")),
            },
            _ => {
                let says = "a name that no connection has; there are type, description, url, host, schema, port, login, password, \
                     options, headers, without_headers, auth, retry, settings, extra";
                return Err(Fault::new(node.line, says));
            }
        }
    }
    if !settings.is_empty() {
        extra.push((MARK.to_owned(), Node { line: node.line, tree: Tree::Map(settings) }));
    }
    match (whole, extra.is_empty()) {
        (None, true) => Ok(connection),
        (Some((_, text)), true) => Ok(connection.with_extra(text)),
        (Some((line, _)), false) => {
            Err(Fault::new(line, "extra: as a text it is all there is of the extra"))
        }
        (None, false) => {
            let mut names: Vec<&str> = extra.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            if names.windows(2).any(|two| two[0] == two[1]) {
                return Err(Fault::new(node.line, "a name that stands in two sections"));
            }
            let text = entry::as_python(&Node { line: node.line, tree: Tree::Map(extra) });
            let lost = || Fault::new(node.line, "extra: a value that cannot be stored");
            Ok(connection.with_extra(text.ok_or_else(lost)?))
        }
    }
}

type Members = Vec<(String, Node)>;

fn options(members: Members) -> Result<Members, Fault> {
    let unknown = members.iter().find(|(name, _)| !OPTIONS.contains(&name.as_str()));
    match unknown {
        Some((_, node)) => {
            let says = format!("options: the options are {}", OPTIONS.join(", "));
            Err(Fault::new(node.line, says))
        }
        None => Ok(members),
    }
}

fn headers(members: Members) -> Result<Members, Fault> {
    for (name, node) in &members {
        if !matches!(node.tree, Tree::Text(_) | Tree::Null) {
            return Err(Fault::new(node.line, "headers: a value that is not a text"));
        }
        if OPTIONS.contains(&name.as_str()) || name == MARK {
            return Err(Fault::new(node.line, "headers: a name that is an option to Airflow"));
        }
    }
    Ok(members)
}

fn without(node: &Node) -> Result<Members, Fault> {
    let Tree::List(names) = &node.tree else {
        return Err(Fault::new(node.line, "without_headers: not a list"));
    };
    let names = names.iter().map(|one| match &one.tree {
        Tree::Text(name) => Ok((name.clone(), Node { line: one.line, tree: Tree::Null })),
        _ => Err(Fault::new(one.line, "without_headers: not a list of texts")),
    });
    names.collect()
}

/// Makes the section of a connection, so that it is read as the same connection; of its extra, as the same JSON. Where its format does
/// not hold that, the extra is one text.
pub(crate) fn section(connection: &Connection, holds: fn(&Node) -> bool) -> Node {
    let mut members = Vec::new();
    let mut push = |name: &str, value: Option<&str>| {
        members.extend(value.map(|value| (name.to_owned(), Node::text(value))));
    };
    push("type", connection.conn_type());
    push("description", connection.description());
    let is_url = connection.host().is_some_and(|host| host.contains("://"));
    push(if is_url { "url" } else { "host" }, connection.host());
    push("schema", connection.schema());
    push("login", connection.login());
    push("password", connection.password().map(Secret::expose));
    if let Some(port) = connection.port() {
        members.push(("port".to_owned(), Node { line: 0, tree: Tree::Number(port.to_string()) }));
    }
    let Some(extra) = connection.extra().map(Secret::expose) else { return Node::map(members) };
    let mut with_sections = members.clone();
    with_sections.extend(sections(extra).unwrap_or_default());
    let node = Node::map(with_sections);
    let same = read(&node).ok().is_some_and(|again| {
        let read = |extra: &Secret| json::read(extra.expose()).ok();
        let pair = again.extra().and_then(read).zip(json::read(extra).ok());
        pair.is_some_and(|(again, extra)| again.is_same(&extra))
    });
    if same && holds(&node) {
        return node;
    }
    members.push(("extra".to_owned(), Node::text(extra)));
    Node::map(members)
}

/// Parts an extra into sections.
fn sections(extra: &str) -> Option<Vec<(String, Node)>> {
    let Tree::Map(members) = json::read(extra).ok()?.tree else { return None };
    let mut parts: [Vec<(String, Node)>; 4] = Default::default();
    let [options, headers, settings, rest] = &mut parts;
    let mut sections = Vec::new();
    let mut without = Vec::new();
    for (name, node) in members {
        match node.tree {
            _ if OPTIONS.contains(&name.as_str()) => options.push((name, node)),
            Tree::Map(members) if name == MARK => {
                for (name, node) in members {
                    match (name.as_str(), &node.tree) {
                        ("auth" | "retry", Tree::Map(_)) => sections.push((name, node)),
                        _ => settings.push((name, node)),
                    }
                }
            }
            Tree::Text(_) if name != MARK => headers.push((name, node)),
            Tree::Null if name != MARK => without.push(Node::text(name)),
            _ => rest.push((name, node)),
        }
    }
    let mut all = Vec::new();
    let [options, headers, settings, rest] = parts;
    if !without.is_empty() {
        all.push(("without_headers".to_owned(), Node { line: 0, tree: Tree::List(without) }));
    }
    for (name, members) in [("options", options), ("headers", headers)] {
        all.extend((!members.is_empty()).then(|| (name.to_owned(), Node::map(members))));
    }
    all.extend(sections);
    for (name, members) in [("settings", settings), ("extra", rest)] {
        all.extend((!members.is_empty()).then(|| (name.to_owned(), Node::map(members))));
    }
    Some(all)
}
