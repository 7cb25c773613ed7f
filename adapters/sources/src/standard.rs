//! Chains by their names, so that a program finds its connections without a line of code changed.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

#[cfg(feature = "backend")]
use http_hook::transport::{Clock, Transport};
#[cfg(feature = "backend")]
use http_hook::{Hook, HttpHook};

use crate::chain::Sources;
use crate::directory::SecretsDir;
use crate::env::{Env, content};
use crate::error::{SourceError, SourceErrorKind};
use crate::file::ConnectionFile;
use crate::process::Process;
use crate::source::Source;

/// The variable that lists the sources.
const VARIABLE: &str = "HTTP_HOOK_SOURCES";
/// What an error of a list names.
const LIST: &str = "list of sources";

impl Sources {
    /// Makes the chain that the environment asks for, with what the [process](Process::current) has for every hook.
    ///
    /// `HTTP_HOOK_SOURCES` is a list for [`parse`](Self::parse). Without it: the environment, then
    /// `http-hook/connections.toml`, `.yaml` and `.json` in `$XDG_CONFIG_HOME` or `~/.config`, where they exist. Nothing is read of the
    /// working directory unless the list says so.
    ///
    /// # Errors
    ///
    /// If the list is none. No source is asked yet.
    pub fn standard() -> Result<Self, SourceError> {
        Self::standard_by(Self::parse)
    }

    pub(crate) fn standard_by(
        parse: impl FnOnce(&str) -> Result<Self, SourceError>,
    ) -> Result<Self, SourceError> {
        let list = content(VARIABLE, LIST)?;
        let sources = match list.filter(|list| !list.trim().is_empty()) {
            Some(list) => parse(&list)?,
            None => Self::usual(),
        };
        Ok(sources.with_process(Process::current()))
    }

    /// Makes the chain that the environment asks for, as [`standard`](Self::standard), with the word `backend`, too.
    ///
    /// # Errors
    ///
    /// As [`parse_over`](Self::parse_over).
    #[cfg(feature = "backend")]
    pub fn standard_over<T: Transport + 'static, C: Clock + 'static>(
        make: impl FnOnce(Hook) -> HttpHook<T, C>,
    ) -> Result<Self, SourceError> {
        Self::standard_by(|list| Self::parse_over(list, make))
    }

    fn usual() -> Self {
        let mut sources = Self::new().with(Env::process());
        let set = |name| env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let folder = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")));
        if let Some(folder) = folder.map(|folder| folder.join("http-hook")) {
            for name in ["connections.toml", "connections.yaml", "connections.json"] {
                sources = sources.with(ConnectionFile::new(folder.join(name)).optional());
            }
        }
        sources
    }

    /// Makes a chain of a list, parted by commas or white space, in the order in which the sources are asked.
    ///
    /// | word | source |
    /// | --- | --- |
    /// | `env`, `env:TEAM` | [`Env::process`], of a team |
    /// | `dotenv:PATH` | [`Env::file`] |
    /// | `file:PATH` | [`ConnectionFile`] |
    /// | `dir:PATH` | [`SecretsDir`] |
    /// | `metastore`, `metastore:PATH` | Airflow's metastore (features `sqlite`, `postgres`): the database that `AIRFLOW__DATABASE__SQL_ALCHEMY_CONN` or `airflow.cfg` names, else `airflow.db` in `$AIRFLOW_HOME` or `~/airflow`; or a SQLite file. With the keys of `AIRFLOW__CORE__FERNET_KEY` or `airflow.cfg` |
    /// | `backend` | the secrets backend that Airflow's settings name: for `parse_over` (feature `backend`) |
    ///
    /// With a `?` at its end, a path may be absent, and a backend be none. With `go-on` in the list, the chain [goes on](Self::going_on) where a source fails.
    ///
    /// # Errors
    ///
    /// Kind [`Unsupported`](SourceErrorKind::Unsupported), for a word that is none of these or needs a feature that is off; and what keeps
    /// the settings of Airflow from being read.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook_sources::Sources;
    ///
    /// let sources = Sources::parse("env, dir:/run/secrets?, dotenv:.env?, file:conns.yaml")?;
    /// assert!(format!("{sources:?}").contains("directory /run/secrets"));
    /// # Ok::<(), http_hook_sources::SourceError>(())
    /// ```
    pub fn parse(list: &str) -> Result<Self, SourceError> {
        Self::parse_by(list, || {
            let says = "the word backend needs the feature `backend`, and a chain over a client: parse_over";
            Err(SourceError::new(SourceErrorKind::Unsupported, LIST, says))
        })
    }

    /// Makes a chain of a list, as [`parse`](Self::parse). Its word `backend` is the [`Backend`](crate::Backend) of this process's Airflow,
    /// asked by what `make` makes of a hook, as `from_hook` of a client's crate does.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse) and [`Backend::of_airflow`](crate::Backend::of_airflow); kind
    /// [`Unsupported`](SourceErrorKind::Unsupported) if the settings name no backend and the word is not `backend?`.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook_mock::{Reply, from_hook};
    /// use http_hook_sources::Sources;
    ///
    /// let sources = Sources::parse_over("env, backend?", |hook| from_hook(hook, [Reply::json(200, "{}")]))?;
    /// assert_eq!(format!("{sources:?}"), "[\"env\"]");
    /// # Ok::<(), http_hook_sources::SourceError>(())
    /// ```
    #[cfg(feature = "backend")]
    pub fn parse_over<T: Transport + 'static, C: Clock + 'static>(
        list: &str,
        make: impl FnOnce(Hook) -> HttpHook<T, C>,
    ) -> Result<Self, SourceError> {
        let mut make = Some(make);
        Self::parse_by(list, || crate::backend::of_airflow_over(make.take()))
    }

    pub(crate) fn parse_by(
        list: &str,
        mut backend: impl FnMut() -> Result<Option<Arc<dyn Source>>, SourceError>,
    ) -> Result<Self, SourceError> {
        let mut sources = Self::new();
        let words = list.split(|c: char| c == ',' || c.is_whitespace());
        for (index, word) in words.filter(|word| !word.is_empty()).enumerate() {
            let (kind, rest) = word.split_once(':').unwrap_or((word, ""));
            let (path, optional) = match rest.strip_suffix('?') {
                Some(path) => (path, true),
                None => (rest, false),
            };
            sources = match (kind, path) {
                ("env", "") => sources.with(Env::process()),
                ("env", team) => sources.with(Env::process().team(team)),
                ("go-on", "") => sources.going_on(),
                ("dotenv", path) if !path.is_empty() => {
                    let env = Env::file(path);
                    sources.with(if optional { env.optional() } else { env })
                }
                ("file", path) if !path.is_empty() => {
                    let file = ConnectionFile::new(path);
                    sources.with(if optional { file.optional() } else { file })
                }
                ("dir", path) if !path.is_empty() => {
                    let folder = SecretsDir::new(path);
                    sources.with(if optional { folder.optional() } else { folder })
                }
                ("metastore", path) if !optional => sources.with_metastore(path)?,
                // `backend?` has no path to stand before the mark.
                ("backend" | "backend?", "") => match backend()? {
                    Some(own) => {
                        sources.list.push(own);
                        sources
                    }
                    None if kind == "backend?" => sources,
                    None => {
                        let says =
                            "backend: neither AIRFLOW__SECRETS__BACKEND nor airflow.cfg names one";
                        return Err(SourceError::new(SourceErrorKind::Unsupported, LIST, says));
                    }
                },
                _ => {
                    let says = format!(
                        "word {} is none of env, env:TEAM, dotenv:PATH, file:PATH, dir:PATH, metastore, backend, go-on",
                        index + 1
                    );
                    return Err(SourceError::new(SourceErrorKind::Unsupported, LIST, says));
                }
            };
        }
        Ok(sources)
    }
}
