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
use crate::settings::{Settings, user_file};

/// The longest file of which the form is found out, in bytes; the sources read none that is longer.
const MAX_FILE: u64 = 64 << 20;
/// The most ids that an error tells.
const MAX_TOLD: usize = 12;

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

    /// Finds the file that holds an id, and what is there.
    pub(crate) fn file_of(&self, id: &str) -> Result<(PathBuf, Connection), Problem> {
        let found = self.get(id)?;
        let Some(path) = file_of(found.place()) else {
            let message = format!("{id} is in {}, which is not changed here", found.place());
            let hint = format!(
                "change it where it is, or name a file: --conn-file {}",
                default_file().map_or_else(|| "FILE".into(), |file| file.display().to_string())
            );
            return Err(Problem::usage(message).with_hint(hint));
        };
        Ok((path, found.connection().clone()))
    }

    /// Finds the file that lists an id first, whether what stands there can be read or not.
    pub(crate) fn file_that_lists(&self, id: &str) -> Result<PathBuf, Problem> {
        let known = self.list()?.into_iter().find(|known| known.id == id);
        match known.and_then(|known| file_of(&known.place)) {
            Some(path) => Ok(path),
            None => self.file_of(id).map(|(path, _)| path),
        }
    }

    /// Names the file that new connections go to.
    pub(crate) fn target(&self) -> Result<PathBuf, Problem> {
        let none = || {
            Problem::usage("there is no folder of a user to store it in")
                .with_hint("--conn-file FILE names a file")
        };
        let file = self.file.clone().or_else(default_file).ok_or_else(none)?;
        if is_dotenv(&file) {
            let message = format!("{} holds variables, and is not changed here", file.display());
            return Err(Problem::usage(message)
                .with_hint("`http-hook conn convert` makes a file of it that is"));
        }
        Ok(file)
    }

    fn problem(&self, error: &SourceError) -> Problem {
        let problem = problem(error);
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
        if id.contains(['@', ':', '/']) {
            // It is not repeated: a URL without its scheme may have a password.
            return Problem::not_found(
                "what stands for the connection is no id that is defined".to_owned(),
                "a URL begins with https://; a connection is given by its id or as a URI"
                    .to_owned(),
            );
        }
        let message = if self.chosen {
            format!("the connection {id} is not defined; asked: {asked}")
        } else {
            format!("the connection {id} is not defined")
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
            let told = ids.iter().take(MAX_TOLD).map(String::as_str).collect::<Vec<_>>().join(", ");
            hint.extend(["; defined are: ", told.as_str(), more]);
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

/// Names the file of the user's own connections.
fn default_file() -> Option<PathBuf> {
    Some(user_file()?.parent()?.join("connections.toml"))
}

/// Reads the path of a file out of a place, `file PATH, line N`.
fn file_of(place: &str) -> Option<PathBuf> {
    let path = place.strip_prefix("file ")?;
    let (path, line) = path.rsplit_once(", line ")?;
    line.bytes().all(|byte| byte.is_ascii_digit()).then(|| PathBuf::from(path))
}

/// Whether a place is in a file.
pub(crate) fn is_in(place: &str, file: &Path) -> bool {
    file_of(place).is_some_and(|path| path == file)
}

/// Puts what a source says in the words of the command: the place, the line, the id, what is wrong, and what helps.
pub(crate) fn problem(error: &SourceError) -> Problem {
    use SourceErrorKind as Kind;
    let message = error.to_string();
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
