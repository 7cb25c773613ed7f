//! The environment: `AIRFLOW_CONN_<ID>`, of the process or of a file `.env`.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use http_hook::Connection;
use http_hook::connection::nearest;

use crate::disk;
use crate::dotenv;
use crate::error::{SourceError, SourceErrorKind};
use crate::source::{BlockingSource, Found, Listed};

/// What a variable's name begins with.
pub(crate) const PREFIX: &str = "AIRFLOW_CONN_";

/// The connections in the environment: `AIRFLOW_CONN_` and the id in upper case, with no other mapping.
///
/// A value that begins with `{` is JSON, any other a URI; an empty or blank one counts as absent. With a
/// [team](Self::team), `AIRFLOW_CONN__<TEAM>___<ID>` comes first, and no id reads a variable of another team: one that begins with `_` or
/// has `___` in it is none of a team's, as it may be a part of another team's name.
///
/// # Examples
///
/// ```
/// use http_hook_sources::{Env, blocking::Sources};
///
/// let env = Env::of([("AIRFLOW_CONN_SALES", "http://api.example.test/https")]);
/// let found = Sources::new().with(env).get("sales")?;
/// assert_eq!(found.connection().host(), Some("api.example.test"));
/// assert_eq!(found.place(), "env AIRFLOW_CONN_SALES");
/// # Ok::<(), http_hook_sources::SourceError>(())
/// ```
#[derive(Clone)]
pub struct Env {
    from: From,
    team: Option<String>,
}

#[derive(Clone)]
enum From {
    Process,
    Given(BTreeMap<String, String>),
    File { path: PathBuf, optional: bool },
}

/// Tells where the variables are from.
impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Env({})", BlockingSource::name(self))
    }
}

/// Where one variable stands.
struct Variable {
    value: String,
    place: String,
    line: Option<usize>,
}

impl Env {
    /// Reads the environment of the process, anew at each look-up.
    #[must_use]
    pub const fn process() -> Self {
        Self { from: From::Process, team: None }
    }

    /// Takes variables that are given.
    pub fn of<N: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let given = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { from: From::Given(given.collect()), team: None }
    }

    /// Reads variables from a file `.env`, anew at each look-up.
    ///
    /// Lines are `NAME=value`, `export NAME=value`, or comments. A value may stand in `'…'`, where nothing is special, or in `"…"`, where
    /// `\n`, `\"` and `\\` are; both may go over several lines. Nothing is put in the place of `$NAME`: passwords hold that character.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { from: From::File { path: path.into(), optional: false }, team: None }
    }

    /// Takes a [file](Self::file) that does not exist for an empty one.
    #[must_use]
    pub fn optional(mut self) -> Self {
        if let From::File { optional, .. } = &mut self.from {
            *optional = true;
        }
        self
    }

    /// Looks under a team's variables first.
    #[must_use]
    pub fn team(mut self, team: impl Into<String>) -> Self {
        self.team = Some(team.into());
        self
    }

    /// The names under which an id stands, the first that is set wins.
    fn names(&self, id: &str) -> Vec<String> {
        let upper = id.to_uppercase();
        let of_team = self.team.as_ref().filter(|_| is_own_of_team(&upper));
        let of_team = of_team.map(|team| format!("{}{upper}", prefix_of(team)));
        of_team.into_iter().chain(variable_of(id)).collect()
    }

    fn variable(&self, name: &str) -> Result<Option<Variable>, SourceError> {
        match &self.from {
            // A system that keeps `NAME=value` as one text takes the name up to any `=` of it.
            From::Process if name.contains('=') => Ok(None),
            From::Process => match env::var(name) {
                Err(env::VarError::NotPresent) => Ok(None),
                Err(env::VarError::NotUnicode(_)) => Err(SourceError::new(
                    SourceErrorKind::Malformed,
                    format!("env {name}"),
                    "not UTF-8",
                )),
                Ok(value) => Ok(Some(Variable { value, place: format!("env {name}"), line: None })),
            },
            From::Given(given) => Ok(given.get(name).map(|value| Variable {
                value: value.clone(),
                place: format!("env {name}"),
                line: None,
            })),
            From::File { path, optional } => {
                let Some(lines) = read_file(path, *optional)? else { return Ok(None) };
                // As in a shell, the last one counts.
                let line = lines.into_iter().rev().find(|line| line.name == name);
                Ok(line.map(|line| Variable {
                    value: line.value,
                    place: format!("{} {name}", place_of(path)),
                    line: Some(line.number),
                }))
            }
        }
    }
}

/// The variable of an id that no team has. `None`: it would be a team's, `_TEAM___ID`.
pub(crate) fn variable_of(id: &str) -> Option<String> {
    let upper = id.to_uppercase();
    let is_of_team = upper.strip_prefix('_').is_some_and(|rest| rest.contains("___"));
    (!is_of_team).then(|| format!("{PREFIX}{upper}"))
}

/// The id that is looked up in a variable, in lower case. `None`: no id is.
pub(crate) fn id_of(variable: &str) -> Option<String> {
    let id = variable.strip_prefix(PREFIX).filter(|id| !id.is_empty())?.to_lowercase();
    (variable_of(&id)? == variable).then_some(id)
}

/// The content of a variable of the process, if it has one. `place` is what needs it.
pub(crate) fn content(name: &str, place: &str) -> Result<Option<String>, SourceError> {
    match env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            let says = format!("{name} is not UTF-8");
            Err(SourceError::new(SourceErrorKind::Malformed, place, says))
        }
    }
}

fn prefix_of(team: &str) -> String {
    format!("{PREFIX}_{}___", team.to_uppercase())
}

/// Whether behind the name of a team and `___` it is an id, and no part of the name of another team.
fn is_own_of_team(id: &str) -> bool {
    !id.starts_with('_') && !id.contains("___")
}

fn place_of(path: &Path) -> String {
    format!("env file {}", path.display())
}

fn read_file(path: &Path, optional: bool) -> Result<Option<Vec<dotenv::Line>>, SourceError> {
    let Some(text) = disk::read(path, &place_of(path), optional)? else { return Ok(None) };
    dotenv::read(&text).map(Some).map_err(|fault| fault.at(&place_of(path)))
}

/// A line of a file that has the id itself for its name, as Airflow's files of connections have it.
fn line_of_id(path: &Path, id: &str) -> Option<usize> {
    let lines = read_file(path, true).ok()??;
    lines.into_iter().find(|line| line.name == id).map(|line| line.number)
}

impl BlockingSource for Env {
    fn name(&self) -> String {
        match &self.from {
            From::Process | From::Given(_) => "env".to_owned(),
            From::File { path, .. } => place_of(path),
        }
    }

    fn find(&self, id: &str) -> Result<Option<Found>, SourceError> {
        for name in self.names(id) {
            let Some(variable) = self.variable(&name)? else { continue };
            if variable.value.trim().is_empty() {
                continue;
            }
            let Variable { value, place, line } = variable;
            return match Connection::parse(&value) {
                Ok(connection) => {
                    let line = line.map_or_else(String::new, |line| format!(", line {line}"));
                    Ok(Some(Found::new(connection, format!("{place}{line}"))))
                }
                Err(error) => {
                    let error = SourceError::new(
                        SourceErrorKind::Malformed,
                        place,
                        error.message().to_owned(),
                    );
                    Err(match line {
                        Some(line) => error.at_line(line),
                        None => error,
                    })
                }
            };
        }
        Ok(None)
    }

    fn ids(&self) -> Result<Vec<Listed>, SourceError> {
        let own = self.team.as_deref().map(prefix_of);
        let mut listed: BTreeMap<String, Listed> = BTreeMap::new();
        let mut list = |name: &str, value: &str, place: String| {
            let own_id = own.as_ref().and_then(|own| {
                let id = name.strip_prefix(own.as_str()).filter(|id| is_own_of_team(id))?;
                let lower = id.to_lowercase();
                (!id.is_empty() && lower.to_uppercase() == id).then_some(lower)
            });
            let is_own = own_id.is_some();
            let Some(id) = own_id.or_else(|| id_of(name)).filter(|_| !value.trim().is_empty())
            else {
                return;
            };
            // The team's own goes over the common one.
            if is_own || !listed.contains_key(&id) {
                listed.insert(id.clone(), Listed { id, place, any_case: true });
            }
        };
        match &self.from {
            From::Process => {
                for (name, value) in env::vars_os() {
                    let Some(name) = name.to_str() else { continue };
                    // There, case counts for nothing.
                    let name = &if cfg!(windows) { name.to_uppercase() } else { name.to_owned() };
                    list(name, value.to_str().unwrap_or("?"), format!("env {name}"));
                }
            }
            From::Given(given) => {
                for (name, value) in given {
                    list(name, value, format!("env {name}"));
                }
            }
            From::File { path, optional } => {
                let lines = read_file(path, *optional)?.into_iter().flatten();
                // The last one counts, a blank one, too.
                let in_force: BTreeMap<_, _> =
                    lines.map(|line| (line.name, (line.number, line.value))).collect();
                for (name, (number, value)) in in_force {
                    let place = format!("{} {name}, line {number}", place_of(path));
                    list(&name, &value, place);
                }
            }
        }
        Ok(listed.into_values().collect())
    }

    fn hint(&self, id: &str) -> Option<String> {
        let variable = variable_of(id)?;
        let whose = match &self.from {
            From::Process | From::Given(_) => "the environment",
            From::File { path, .. } => match line_of_id(path, id) {
                None => "the file",
                Some(line) => {
                    return Some(format!(
                        "line {line} of the file is ID=URI, which `ConnectionFile`, or file:PATH in a list of sources, reads"
                    ));
                }
            },
        };
        let ids = self.ids().unwrap_or_default();
        let near = nearest(id, ids.iter().map(|listed| listed.id.as_str()));
        let near = near.map(|near| format!("; is it `{near}`?")).unwrap_or_default();
        Some(format!("{whose} has no {variable}{near}"))
    }
}
