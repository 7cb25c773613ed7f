//! `http-hook conn import`, `export` and `convert`: whole files of connections.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

use http_hook::Connection;
use http_hook_sources::blocking::{Source as _, Sources};
use http_hook_sources::{ConnectionFile, Env, Form, SourceError};

use super::print;
use crate::args::Convert;
use crate::exit::Problem;
use crate::private;
use crate::screen;
use crate::store::{Store, is_dotenv, may_be_url, problem};

/// The longest file of connections that is read, in bytes.
const MAX_FILE: u64 = 64 << 20;

type Named = (String, Connection);

/// Stores the connections of a file where new ones go.
pub(crate) fn import(
    store: &Store,
    from: &Path,
    ids: &[String],
    form: Option<Form>,
    replace: bool,
) -> Result<(), Problem> {
    let mut all = read(from, form)?;
    if let Some(absent) = ids.iter().find(|id| all.iter().all(|(known, _)| known != *id)) {
        let known = screen::quoted(all.iter().map(|(id, _)| id.as_str()));
        let shown =
            if may_be_url(absent) { "an id that was asked for" } else { &format!("`{absent}`") };
        let message = format!("{shown} is not in {}", from.display());
        return Err(Problem::not_found(message, format!("there are: {known}")));
    }
    all.retain(|(id, _)| ids.is_empty() || ids.contains(id));
    let target = store.target()?;
    let there = target.list()?;
    let there: BTreeSet<&str> = there.iter().map(|known| known.id.as_str()).collect();
    let twice = all.iter().find(|(id, _)| there.contains(id.as_str()));
    if let (Some((id, _)), false) = (twice, replace) {
        let message = format!("`{id}` is in {} already; nothing was imported", target.name());
        return Err(
            Problem::usage(message).with_hint("--replace puts the new ones in their places")
        );
    }
    let pairs: Vec<_> = all.iter().map(|(id, connection)| (id.as_str(), connection)).collect();
    target.put(&pairs)?;
    tell(all.len(), &target.name())
}

/// Writes connections of all sources into a file.
pub(crate) fn export(
    store: &Store,
    to: &Path,
    ids: &[String],
    form: Option<Form>,
    replace: bool,
) -> Result<(), Problem> {
    check_new(to, replace)?;
    let ids = if ids.is_empty() {
        store.list()?.into_iter().map(|known| known.id).collect()
    } else {
        ids.to_vec()
    };
    let get = |id: String| store.get(&id).map(|found| (id, found.connection().clone()));
    let all = ids.into_iter().map(get).collect::<Result<Vec<_>, _>>()?;
    write(to, form, &all)?;
    tell_form(all.len(), to, form)
}

/// As [`tell`]; of two forms that a file of this name can have it says which one it has.
fn tell_form(count: usize, path: &Path, form: Option<Form>) -> Result<(), Problem> {
    tell(count, &path.display().to_string())?;
    if form.is_none() && Form::of_path(path) == Some(Form::Env) {
        screen::note(
            "the lines are ID=URI, as Airflow's files of connections have them; --form dotenv writes AIRFLOW_CONN_ID='URI'",
        );
    }
    Ok(())
}

/// Writes what is in a file into another.
pub(crate) fn convert(convert: &Convert) -> Result<(), Problem> {
    check_new(&convert.to, convert.replace)?;
    let all = read(&convert.from, convert.from_form)?;
    write(&convert.to, convert.form, &all)?;
    tell_form(all.len(), &convert.to, convert.form)
}

fn tell(count: usize, place: &str) -> Result<(), Problem> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let count = screen::count(count, "connection", "connections");
    print(&format!("{count} written to {place}\n"))
}

fn check_new(path: &Path, replace: bool) -> Result<(), Problem> {
    if path.as_os_str() == "-" {
        return Err(Problem::usage("what is written has secrets, and goes to a file only"));
    }
    if !replace && path.symlink_metadata().is_ok() {
        let message = format!("{} is there already", path.display());
        return Err(Problem::usage(message).with_hint("--replace replaces it"));
    }
    Ok(())
}

fn write(path: &Path, form: Option<Form>, all: &[Named]) -> Result<(), Problem> {
    let by_name = Form::of_path(path);
    let Some(form) = form.or(by_name) else {
        let message = format!("{}: the name tells no form", path.display());
        return Err(
            Problem::usage(message).with_hint("--form toml, json, yaml, own-yaml, env, dotenv")
        );
    };
    let fits = match by_name {
        None => true,
        Some(Form::Yaml) => matches!(form, Form::Yaml | Form::OwnYaml),
        Some(Form::Env) => matches!(form, Form::Env | Form::DotEnv),
        Some(other) => other == form,
    };
    if !fits {
        let message =
            format!("{}: a file of this name would not be read as {form}", path.display());
        return Err(Problem::usage(message));
    }
    let pairs = all.iter().map(|(id, connection)| (id.as_str(), connection));
    form.write_file(path, pairs).map_err(|error| problem(&error))
}

/// Reads all connections of a file, or none of them.
fn read(path: &Path, form: Option<Form>) -> Result<Vec<Named>, Problem> {
    let shown = path.display();
    if path.as_os_str() == "-" {
        let Some(form) = form else {
            return Err(Problem::usage("a form is due with standard input: --form json, say"));
        };
        let mut text = String::new();
        let read = std::io::stdin().lock().read_to_string(&mut text);
        read.map_err(|error| Problem::local(format!("standard input: {error}")))?;
        return of_text(form, &text).map_err(|error| problem(&error));
    }
    let form =
        form.or_else(|| if is_dotenv(path) { Some(Form::DotEnv) } else { Form::of_path(path) });
    match form {
        None => {
            let message = format!("{shown}: the name tells no form");
            Err(Problem::usage(message).with_hint("--form or --from-form names it"))
        }
        Some(Form::DotEnv) => of_dotenv(path).map_err(|error| problem(&error)),
        form if form == Form::of_path(path) => {
            let file = ConnectionFile::new(path);
            let ids = file.ids().map_err(|error| problem(&error))?;
            let sources = Sources::new().with(file);
            let mut all = Vec::new();
            for listed in ids {
                let found = sources.find(&listed.id).map_err(|error| problem(&error))?;
                all.extend(found.map(|found| (listed.id, found.connection().clone())));
            }
            Ok(all)
        }
        Some(form) => {
            let text = private::read(path, MAX_FILE)
                .map_err(|error| Problem::local(format!("cannot read {shown}: {error}")))?;
            of_text(form, &text).map_err(|error| problem(&error))
        }
    }
}

fn of_text(form: Form, text: &str) -> Result<Vec<Named>, SourceError> {
    form.read(text).map(named)
}

fn named(all: Vec<http_hook_sources::Found>) -> Vec<Named> {
    let named = all.into_iter().map(|found| {
        let connection = found.into_connection();
        (connection.id().unwrap_or_default().to_owned(), connection)
    });
    named.collect()
}

fn of_dotenv(path: &Path) -> Result<Vec<Named>, SourceError> {
    let sources = Sources::new().with(Env::file(path));
    let all = sources.list()?.into_iter().map(|known| {
        let found = sources.get(&known.id)?;
        Ok((known.id, found.connection().clone()))
    });
    all.collect()
}
