//! `http-hook conn add`, `edit`, `rm` and `rotate`: connections where they are stored.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use http_hook::{Connection, Hook, Secret};
use serde_json::{Map, Value, json};

use super::{print, shown};
use crate::args::{Change, Fields};
use crate::exit::Problem;
use crate::screen;
use crate::secret;
use crate::store::{Store, Target};

/// Stores a new connection.
pub(crate) fn add(store: &Store, add: &Change) -> Result<(), Problem> {
    let id = &add.id;
    Connection::new().with_id(id).map_err(|error| Problem::of_error(&error))?;
    if id.contains(['{', '"']) || id.contains("://") || id.contains(':') && id.contains('@') {
        // It is not repeated.
        let message = "what stands for the id is a URL or a connection, which may have a password; ids are shown";
        let hint = "http-hook conn add ID --url URL --login LOGIN --password @FILE";
        return Err(Problem::usage(message).with_hint(hint));
    }
    let target = store.target()?;
    if target.place_of(id)?.is_some() {
        let message = format!("`{id}` is in {} already", target.name());
        let hint = format!("`http-hook conn edit {id}`, or another id");
        return Err(Problem::usage(message).with_hint(hint));
    }
    let begun = Connection::new().with_conn_type("http");
    let connection = with(begun, id, &add.fields)?;
    put(store, &target, id, &connection)
}

/// Changes a connection where it is.
pub(crate) fn edit(store: &Store, edit: &Change) -> Result<(), Problem> {
    let (target, connection) = store.target_of(&edit.id)?;
    let connection = with(connection, &edit.id, &edit.fields)?;
    put(store, &target, &edit.id, &connection)
}

/// Takes a connection out of where it is.
pub(crate) fn remove(store: &Store, id: &str) -> Result<(), Problem> {
    let target = store.target_that_lists(id)?;
    target.remove(id)?;
    print(&format!("`{id}` is no longer in {}\n", target.name()))?;
    if let Ok(Some(found)) = store.find(id) {
        screen::note(&format!("`{id}` is now found in {}", found.place()));
    }
    Ok(())
}

/// Encrypts anew what is encrypted.
pub(crate) fn rotate(store: &Store) -> Result<(), Problem> {
    let count = u32::try_from(store.rotate()?).unwrap_or(u32::MAX);
    print(&format!("{} encrypted anew\n", screen::count(count, "connection", "connections")))
}

/// Writes a connection, and tells whether it is the one that is found from now on.
fn put(store: &Store, target: &Target, id: &str, connection: &Connection) -> Result<(), Problem> {
    target.put(&[(id, connection)])?;
    print(&format!("`{id}` is in {}\n", target.name()))?;
    match store.find(id) {
        Ok(Some(found)) if Some(found.place()) == target.place_of(id)?.as_deref() => {}
        Ok(Some(found)) => {
            screen::warning(&format!("`{id}` is found before that in {}", found.place()));
        }
        Ok(None) => screen::warning(&format!("{} is none of the sources", target.name())),
        Err(problem) => screen::warning(problem.message()),
    }
    Ok(())
}

/// Gives a connection what was said of it, or what somebody answers.
fn with(mut connection: Connection, id: &str, fields: &Fields) -> Result<Connection, Problem> {
    if let Some(source) = &fields.whole {
        let text = secret::read(source, "--whole")?;
        let whole = Connection::parse(text.trim());
        connection = whole.map_err(|error| Problem::connection(format!("--whole: {error}")))?;
    } else if fields.is_empty() {
        connection = asked(connection)?;
    } else {
        connection = said(connection, fields)?;
    }
    if connection.conn_type().is_none_or(|kind| kind.is_empty() || kind.starts_with("http")) {
        let named = connection.clone().with_id(id);
        let named = named.map_err(|error| Problem::of_error(&error))?;
        Hook::builder(&named).build().map_err(|error| Problem::of_hook(&error))?;
    }
    Ok(connection)
}

fn said(mut connection: Connection, fields: &Fields) -> Result<Connection, Problem> {
    if let Some(kind) = &fields.conn_type {
        connection = connection.with_conn_type(kind);
    }
    if let Some(description) = &fields.description {
        connection = connection.with_description(description);
    }
    if let Some(source) = &fields.extra {
        connection = connection.with_extra(secret::read(source, "--extra")?);
    }
    if let Some(url) = &fields.url {
        connection = with_url(&connection, url)?;
    }
    if let Some(login) = &fields.login {
        connection = without_bearer(connection)?.with_login(login);
    }
    if let Some(source) = &fields.password {
        connection = connection.with_password(secret::read(source, "--password")?);
    }
    if let Some(source) = &fields.bearer {
        connection = with_bearer(&connection, secret::read(source, "--bearer")?)?;
    }
    for header in &fields.headers {
        let Some((name, value)) = header.split_once(':').filter(|(name, _)| !name.is_empty())
        else {
            return Err(Problem::usage("--header: write NAME:VALUE; `NAME:` takes it away"));
        };
        let (name, value) = (name.trim(), value.trim());
        connection = with_member(connection, |extra| {
            if value.is_empty() {
                extra.remove(name);
            } else {
                extra.insert(name.to_owned(), value.into());
            }
        })?;
    }
    Ok(connection)
}

/// Asks at the terminal. What is secret is not shown, and an empty answer changes nothing.
fn asked(mut connection: Connection) -> Result<Connection, Problem> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(Problem::usage(
            "nothing is said of the connection, and there is no terminal to ask at",
        )
        .with_hint("--url URL, with --login LOGIN --password SOURCE or --bearer SOURCE"));
    }
    let has_host = connection.host().is_some_and(|host| !host.is_empty());
    let url = ask("URL", connection.host().map(shown::url).as_deref())?;
    match url {
        Some(url) => connection = with_url(&connection, &url)?,
        None if !has_host => return Err(Problem::usage("without a URL there is no connection")),
        None => {}
    }
    let has_password = connection.password().is_some();
    let present = connection.login().filter(|login| !login.is_empty());
    let login = ask("login", present.map(|login| if has_password { login } else { "***" }))?;
    if let Some(login) = &login {
        connection = without_bearer(connection)?.with_login(login);
    }
    if connection.login().is_some_and(|login| !login.is_empty()) {
        let password = secret::ask("password (not shown)")?;
        if !password.is_empty() {
            connection = connection.with_password(password);
        }
    } else {
        let token = secret::ask("token (not shown; empty: none)")?;
        if !token.is_empty() {
            connection = with_bearer(&connection, token)?;
        }
    }
    Ok(connection)
}

fn ask(what: &str, present: Option<&str>) -> Result<Option<String>, Problem> {
    let present = present.map(|text| format!(" [{}]", screen::line(text))).unwrap_or_default();
    let mut out = std::io::stderr();
    let _ = write!(out, "{what}{present}: ").and_then(|()| out.flush());
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Problem::local(format!("the terminal: {error}")))?;
    Ok(Some(line.trim().to_owned()).filter(|line| !line.is_empty()))
}

/// Puts a connection at another place; what is said of its scheme and port goes with the old one.
fn with_url(connection: &Connection, url: &str) -> Result<Connection, Problem> {
    let kind = connection.conn_type().unwrap_or("http");
    let Some((_, rest)) = url.split_once("://") else {
        if kind == "http" {
            return Err(Problem::usage("the URL has no scheme: https://…"));
        }
        return Ok(connection.clone().with_host(url));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(Problem::usage(
            "the URL holds a login, and others see the arguments of a command",
        )
        .with_hint("--login LOGIN --password ask"));
    }
    let moved = copied(connection).with_host(url);
    Ok(match connection.login() {
        Some(login) => moved.with_login(login),
        None => moved,
    })
}

/// A connection without its place and its login.
fn copied(connection: &Connection) -> Connection {
    let mut copy = Connection::new();
    if let Some(kind) = connection.conn_type() {
        copy = copy.with_conn_type(kind);
    }
    if let Some(description) = connection.description() {
        copy = copy.with_description(description);
    }
    if let Some(password) = connection.password() {
        copy = copy.with_password(password.clone());
    }
    if let Some(extra) = connection.extra() {
        copy = copy.with_extra(extra.clone());
    }
    copy
}

/// Puts a token in the place of login and password.
fn with_bearer(connection: &Connection, token: String) -> Result<Connection, Problem> {
    let mut bare = copied(connection);
    if let Some(host) = connection.host() {
        bare = bare.with_host(host);
    }
    if let Some(schema) = connection.schema() {
        bare = bare.with_schema(schema);
    }
    if let Some(port) = connection.port().and_then(|port| u16::try_from(port).ok()) {
        bare = bare.with_port(port);
    }
    let bare = bare.with_password(token);
    with_member(bare, |extra| {
        let own = extra.entry("http_hook").or_insert_with(|| json!({}));
        if let Value::Object(own) = own {
            own.insert("auth".to_owned(), json!({ "scheme": "bearer" }));
        }
    })
}

/// Takes away that the password is a token.
fn without_bearer(connection: Connection) -> Result<Connection, Problem> {
    let extra = connection.extra().map_or("", Secret::expose);
    if !extra.contains("bearer") {
        return Ok(connection);
    }
    with_member(connection, |extra| {
        let Some(Value::Object(own)) = extra.get_mut("http_hook") else { return };
        if own.get("auth").is_some_and(|auth| auth.get("scheme") == Some(&"bearer".into())) {
            own.remove("auth");
        }
        if own.is_empty() {
            extra.remove("http_hook");
        }
    })
}

/// Changes the extra, which is a JSON object or nothing.
fn with_member(
    connection: Connection,
    change: impl FnOnce(&mut Map<String, Value>),
) -> Result<Connection, Problem> {
    let extra = connection.extra().map_or("", Secret::expose);
    let read = if extra.trim().is_empty() { Ok(Map::new()) } else { serde_json::from_str(extra) };
    let mut members = read.map_err(|_| {
        Problem::connection("the extra is not a JSON object")
            .with_hint("--extra SOURCE replaces it")
    })?;
    change(&mut members);
    if members.is_empty() && extra.trim().is_empty() {
        return Ok(connection);
    }
    Ok(connection.with_extra(Value::Object(members).to_string()))
}
