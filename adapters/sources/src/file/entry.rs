//! One connection of a file, in Airflow's words.

use http_hook::{Connection, Secret};

use crate::error::{Fault, SourceErrorKind};
use crate::tree::{Node, Tree, json};

/// The fields that an object may have.
const FIELDS: [&str; 10] = [
    "conn_type",
    "description",
    "host",
    "login",
    "password",
    "schema",
    "port",
    "extra",
    "extra_dejson",
    "uri",
];

/// Reads what stands under an id: a URI, an object, or a list of at most one of these.
pub(crate) fn read(id: &str, node: &Node) -> Result<Option<Connection>, Fault> {
    let Tree::List(items) = &node.tree else { return single(id, node).map(Some) };
    match items.as_slice() {
        [] => Ok(None),
        [one] => single(id, one).map(Some),
        _ => {
            let kind = SourceErrorKind::NotUnique;
            Err(Fault { kind, ..Fault::new(node.line, "more than one connection under one id") })
        }
    }
}

fn single(id: &str, node: &Node) -> Result<Connection, Fault> {
    match &node.tree {
        Tree::Text(uri) => of_uri(uri).map_err(|error| Fault::of(node.line, &error)),
        Tree::Map(members) => of_members(id, node.line, members),
        _ => Err(Fault::new(node.line, "neither a URI nor an object")),
    }
}

/// Reads a URI as Airflow's server side does: a text in its query that is JSON stands for that value.
pub(crate) fn of_uri(uri: &str) -> Result<Connection, http_hook::Error> {
    if uri.trim_start().starts_with('{') {
        let says = "connection: a URI is due here; JSON stands in files .json and .yaml";
        return Err(http_hook::Error::new(http_hook::ErrorKind::Connection, says));
    }
    let connection = Connection::from_uri(uri)?;
    Ok(typed(connection, uri))
}

fn typed(connection: Connection, uri: &str) -> Connection {
    let Some(extra) = connection.extra() else { return connection };
    let query = uri.split('#').next().unwrap_or_default();
    let query = query.split_once('?').map_or("", |(_, query)| query);
    let is_whole = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "__extra__");
    let Some(Node { line, tree: Tree::Map(members) }) =
        json::read(extra.expose()).ok().filter(|_| !is_whole)
    else {
        return connection;
    };
    let typed = members.into_iter().map(|(name, value)| {
        let read = match &value.tree {
            Tree::Text(text) => json::read(text).ok(),
            _ => None,
        };
        (name, read.unwrap_or(value))
    });
    let typed = Node { line, tree: Tree::Map(typed.collect()) };
    match as_python(&typed) {
        Some(extra) => connection.with_extra(extra),
        None => connection,
    }
}

/// Prints a value as Python's `json.dumps` does, which the core knows how to.
pub(crate) fn as_python(node: &Node) -> Option<Secret> {
    let member = ("extra".to_owned(), node.clone());
    let text = Node::map(vec![member]).to_json();
    let read = Connection::from_json(&text).ok()?;
    // An empty value is as good as none to who reads a field.
    Some(read.extra().cloned().unwrap_or_else(|| Secret::new(node.to_json())))
}

fn of_members(id: &str, line: usize, members: &[(String, Node)]) -> Result<Connection, Fault> {
    let find = |name: &str| members.iter().find(|(own, _)| own == name).map(|(_, node)| node);
    if let Some(own) = find("conn_id") {
        if own.tree != Tree::Text(id.to_owned()) {
            let says = "`conn_id` is not the id under which the connection stands";
            return Err(Fault::new(own.line, says));
        }
    }
    let known = |name: &str| name == "conn_id" || FIELDS.contains(&name);
    // The name of the field may be a slip of the pen, so that the core tells what it may mean.
    let unknown = members.iter().find(|(name, _)| !known(name));
    let extra = find("extra");
    let dejson = find("extra_dejson");
    let is_set = |node: &&Node| node.tree != Tree::Null;
    if let (Some(_), Some(both)) = (extra.filter(is_set), dejson.filter(is_set)) {
        return Err(Fault::new(both.line, "`extra` and `extra_dejson` exclude each other"));
    }
    let mut fields: Vec<(String, Node)> = Vec::new();
    for (name, node) in members {
        match name.as_str() {
            "conn_id" => {}
            "extra_dejson" if node.tree == Tree::Null => {}
            "extra_dejson" => fields.push(("extra".to_owned(), node.clone())),
            "extra" if dejson.is_some_and(|node| is_set(&node)) => {}
            _ => fields.push((name.clone(), node.clone())),
        }
    }
    let line_of = |error: &http_hook::Error| {
        let field = error.message().strip_prefix("connection.").unwrap_or_default();
        let field = field.split_once(':').map_or("", |(field, _)| field);
        find(field).or_else(|| unknown.map(|(_, node)| node)).map_or(line, |node| node.line)
    };
    let text = Node::map(fields).to_json();
    let connection = Connection::from_json(&text);
    let mut connection = connection.map_err(|error| Fault::of(line_of(&error), &error))?;
    if let Some(Node { tree: Tree::Text(uri), line }) = find("uri") {
        let described = connection.description().map(str::to_owned);
        connection = of_uri(uri).map_err(|error| Fault::of(*line, &error))?;
        if let Some(described) = described {
            connection = connection.with_description(described);
        }
    }
    // These are taken as they are written.
    if let Some(Node { tree: Tree::Text(kind), .. }) = find("conn_type") {
        connection = connection.with_conn_type(kind);
    }
    if find("port").is_some_and(|node| node.tree == Tree::Number("0".to_owned())) {
        connection = connection.with_port(0);
    }
    if find("extra").is_some_and(|node| node.tree == Tree::Text(String::new())) && dejson.is_none()
    {
        connection = connection.with_extra("");
    }
    let line = dejson.or(extra).map_or(line, |node| node.line);
    check_extra(connection.extra()).map_err(|says| Fault::new(line, says))?;
    Ok(connection)
}

/// Airflow's server side takes an extra only if it is a JSON object.
pub(crate) fn check_extra(extra: Option<&Secret>) -> Result<(), &'static str> {
    let Some(extra) = extra.map(Secret::expose).filter(|extra| !extra.is_empty()) else {
        return Ok(());
    };
    match json::read(extra) {
        Ok(Node { tree: Tree::Map(_), .. }) => Ok(()),
        Ok(_) => Err("connection.extra: not a JSON object"),
        Err(_) => Err("connection.extra: not JSON"),
    }
}
