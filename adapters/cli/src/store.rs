//! Where connections are stored: the sources that an id is looked up in, and the file that the command writes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use http_hook::Connection;
use http_hook_sources::blocking::Sources;
use http_hook_sources::{
    ConnectionFile, Env, Form, Found, Known, Origin, SourceError, SourceErrorKind,
};

use crate::exit::Problem;
use crate::private;
use crate::screen;
use crate::settings::{Settings, user_file};

/// The longest file of which the form is found out, in bytes; the sources read none that is longer.
const MAX_FILE: u64 = 64 << 20;
/// The most ids that an error tells.
const MAX_TOLD: usize = 12;

/// A source that is changed.
pub(crate) struct Target {
    sources: Sources,
    /// The file, if it may have to be made.
    file: Option<PathBuf>,
}

impl Target {
    const fn of(sources: Sources) -> Self {
        Self { sources, file: None }
    }

    /// Names it: a file by its path.
    pub(crate) fn name(&self) -> String {
        let name = self.sources.names();
        name.strip_prefix("file ").map(str::to_owned).unwrap_or(name)
    }

    /// Tells where it has a connection.
    pub(crate) fn place_of(&self, id: &str) -> Result<Option<String>, Problem> {
        let found = self.sources.find(id).map_err(|error| problem(&error))?;
        Ok(found.map(|found| found.place().to_owned()))
    }

    /// Lists what it has.
    pub(crate) fn list(&self) -> Result<Vec<Known>, Problem> {
        self.sources.list().map_err(|error| problem(&error))
    }

    /// Stores connections, all of them or none.
    pub(crate) fn put(&self, connections: &[(&str, &Connection)]) -> Result<(), Problem> {
        if let Some(file) = &self.file {
            private::make_folder_of(file)?;
        }
        self.sources.put(connections).map_err(|error| problem(&error))
    }

    /// Takes a connection out.
    pub(crate) fn remove(&self, id: &str) -> Result<bool, Problem> {
        self.sources.remove(id).map_err(|error| problem(&error))
    }
}

/// The sources in force.
pub(crate) struct Store {
    sources: Sources,
    /// The file that was named in place of all sources.
    file: Option<PathBuf>,
    /// Whether somebody said which sources there are.
    chosen: bool,
}

impl Store {
    /// Makes the chain that arguments and settings ask for. No source is asked yet.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Problem> {
        if let Some(file) = &settings.conn_file {
            let sources = if is_dotenv(file) {
                Sources::new().with(Env::file(file))
            } else {
                Sources::new().with(ConnectionFile::new(file))
            };
            return Ok(Self { sources, file: Some(file.clone()), chosen: true });
        }
        let list = settings.value("sources").filter(|list| !list.text.trim().is_empty());
        let sources = match list {
            None => standard().map_err(|error| problem(&error)),
            Some(list) => chain(&list.text).map_err(|error| {
                let (from, says) = (&list.origin, error.says());
                Problem::usage(format!("the setting sources, from the {from}: {says}"))
            }),
        }?;
        Ok(Self { sources, file: None, chosen: list.is_some() })
    }

    /// Looks up a connection that has to be there.
    pub(crate) fn get(&self, id: &str) -> Result<Arc<Found>, Problem> {
        self.sources.get(id).map_err(|error| match error.kind() {
            SourceErrorKind::NotDefined => self.not_defined(id, error.place()),
            _ => self.problem(&error),
        })
    }

    /// Looks a connection up.
    pub(crate) fn find(&self, id: &str) -> Result<Option<Arc<Found>>, Problem> {
        self.sources.find(id).map_err(|error| self.problem(&error))
    }

    /// Lists what there is.
    pub(crate) fn list(&self) -> Result<Vec<Known>, Problem> {
        self.sources.list().map_err(|error| self.problem(&error))
    }

    /// Tells what every source says of an id.
    pub(crate) fn origin(&self, id: &str) -> Result<Origin, Problem> {
        self.sources.origin(id).map_err(|error| self.problem(&error))
    }

    /// Lists the ids that can be told, whatever fails.
    pub(crate) fn ids(&self) -> Vec<String> {
        let known = self.sources.clone().going_on().list().unwrap_or_default();
        known.into_iter().map(|known| known.id).collect()
    }

    /// Finds the source that holds an id and can be changed, and what is there.
    pub(crate) fn target_of(&self, id: &str) -> Result<(Target, Connection), Problem> {
        let found = self.get(id)?;
        let has = |one: &Sources| {
            one.find(id).ok().flatten().is_some_and(|own| own.place() == found.place())
        };
        if let Some(own) = self.sources.each().find(has).filter(Sources::is_store) {
            return Ok((Target::of(own), found.connection().clone()));
        }
        let message = format!("`{id}` is in {}, which is not changed here", found.place());
        let hint = format!(
            "change it where it is, or name a file: --conn-file {}",
            default_file().map_or_else(|| "FILE".into(), |file| file.display().to_string())
        );
        Err(Problem::usage(message).with_hint(hint))
    }

    /// Finds the source that lists an id first, whether what stands there can be read or not.
    pub(crate) fn target_that_lists(&self, id: &str) -> Result<Target, Problem> {
        let known = self.list()?.into_iter().find(|known| known.id == id);
        let lists = |one: &Sources| {
            let there = one.list().unwrap_or_default();
            let is_it = |own: &Known, known: &Known| own.id == id && own.place == known.place;
            known.as_ref().is_some_and(|known| there.iter().any(|own| is_it(own, known)))
        };
        match self.sources.each().find(lists).filter(Sources::is_store) {
            Some(own) => Ok(Target::of(own)),
            None => self.target_of(id).map(|(target, _)| target),
        }
    }

    /// Names where new connections go: the first source of those that were chosen that can be changed, else the user's own file.
    pub(crate) fn target(&self) -> Result<Target, Problem> {
        let none = || {
            Problem::usage("there is no folder of a user to store it in")
                .with_hint("--conn-file FILE names a file")
        };
        let file = match &self.file {
            Some(file) => file.clone(),
            None => match self.sources.each().find(Sources::is_store).filter(|_| self.chosen) {
                Some(own) => return Ok(Target::of(own)),
                None => default_file().ok_or_else(none)?,
            },
        };
        if is_dotenv(&file) {
            let message = format!("{} holds variables, and is not changed here", file.display());
            return Err(Problem::usage(message)
                .with_hint("`http-hook conn convert` makes a file of it that is"));
        }
        let sources = Sources::new().with(ConnectionFile::new(&file).optional());
        Ok(Target { sources, file: Some(file) })
    }

    /// Encrypts metastores anew; tells how many connections that were.
    pub(crate) fn rotate(&self) -> Result<usize, Problem> {
        let rotated = self.sources.rotate().map_err(|error| problem(&error))?;
        rotated.ok_or_else(|| {
            let message = format!("none of the sources is a metastore: {}", self.sources.names());
            Problem::usage(message).with_hint("--sources metastore")
        })
    }

    fn problem(&self, error: &SourceError) -> Problem {
        let problem = problem_of(error, error.id().is_none_or(|id| !may_be_url(id)));
        let is_absent = error.kind() == SourceErrorKind::Io && error.says().starts_with("there is");
        match &self.file {
            _ if !is_absent => problem,
            Some(_) => problem.with_hint("`http-hook conn add` makes it"),
            None => problem.with_hint(
                "in the list of sources, a `?` behind a path says that it may be absent",
            ),
        }
    }

    /// Tells that nobody has an id, and what helps.
    fn not_defined(&self, id: &str, asked: &str) -> Problem {
        if may_be_url(id) {
            // It is not repeated.
            return Problem::not_found(
                "what stands for the connection is no id that is defined".to_owned(),
                "a URL begins with https://; a connection is given by its id or as a URI"
                    .to_owned(),
            );
        }
        let message = if self.chosen {
            format!("the connection `{id}` is not defined; asked: {asked}")
        } else {
            format!("the connection `{id}` is not defined")
        };
        let settable = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let upper = id.to_uppercase();
        let variable = match asked.split(", ").any(|name| name == "env") {
            true if settable => format!("set AIRFLOW_CONN_{upper}, or "),
            true => format!("no shell can set AIRFLOW_CONN_{upper}: "),
            false => String::new(),
        };
        let mut hint = format!("{variable}store it by `http-hook conn add {id}`, or give a URI");
        let ids = self.ids();
        if !ids.is_empty() {
            let more = if ids.len() > MAX_TOLD { ", …" } else { "" };
            let told = screen::quoted(ids.iter().take(MAX_TOLD).map(String::as_str));
            hint.extend(["; defined are: ", told.as_str(), more]);
        }
        if ids.iter().any(|id| id.contains("AIRFLOW_CONN_")) {
            hint.push_str("; a file of variables is dotenv:PATH in a list of sources");
        }
        Problem::not_found(message, hint)
    }
}

#[cfg(feature = "backend")]
fn standard() -> Result<Sources, SourceError> {
    Sources::standard_over(http_hook_ureq::from_hook)
}

#[cfg(feature = "backend")]
fn chain(list: &str) -> Result<Sources, SourceError> {
    Sources::parse_over(list, http_hook_ureq::from_hook)
}

#[cfg(not(feature = "backend"))]
fn standard() -> Result<Sources, SourceError> {
    Sources::standard()
}

#[cfg(not(feature = "backend"))]
fn chain(list: &str) -> Result<Sources, SourceError> {
    Sources::parse(list)
}

/// Whether what stands for an id may be a URL without its scheme, or the text of a connection, which may have a password: it is not
/// repeated.
pub(crate) fn may_be_url(id: &str) -> bool {
    id.contains(['@', ':', '/', '{', '[', '"', '='])
}

/// Names the file of the user's own connections.
fn default_file() -> Option<PathBuf> {
    Some(user_file()?.parent()?.join("connections.toml"))
}

/// Puts what a source says in the words of the command: the place, the line, the id, what is wrong, and what helps.
pub(crate) fn problem(error: &SourceError) -> Problem {
    // Whoever wrote an id with a slash into a file has to know which it is.
    problem_of(error, error.id().is_none_or(|id| !id.contains('@') && !id.contains("://")))
}

fn problem_of(error: &SourceError, tells_id: bool) -> Problem {
    use SourceErrorKind as Kind;
    let message = if tells_id {
        error.to_string()
    } else {
        let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
        format!("{}{line}: {}", error.place(), error.says())
    };
    let in_file = error.line().is_some();
    match error.kind() {
        Kind::Io | Kind::Unavailable | Kind::Denied => Problem::local(message),
        Kind::Malformed if in_file => Problem::connection(message).with_hint("mend this line"),
        Kind::Malformed => Problem::connection(message)
            .with_hint("it is a URI with percent-encoded parts, or JSON that begins with `{`"),
        Kind::NotUnique => Problem::connection(message).with_hint("leave one of them"),
        Kind::Id | Kind::Unsupported => Problem::usage(message),
        _ => Problem::connection(message),
    }
}

/// Whether a file `.env` holds variables, not Airflow's lines `ID=URI`.
pub(crate) fn is_dotenv(path: &Path) -> bool {
    if Form::of_path(path) != Some(Form::Env) {
        return false;
    }
    let text = private::read(path, MAX_FILE).unwrap_or_default();
    text.lines().any(|line| {
        let line = line.trim_start();
        line.strip_prefix("export ").unwrap_or(line).trim_start().starts_with("AIRFLOW_CONN_")
    })
}
