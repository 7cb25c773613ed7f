//! Settings: what holds where neither arguments nor connection say anything, and where it is from.
//!
//! ```text
//! argument > connection > environment > project file > user file > default
//! ```

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use http_hook::options::{Proxies, Setting};

use crate::args::{Color, Format, number};
use crate::exit::Problem;
use crate::private;
use crate::request::proxies;

/// The file of a project, in the folder at hand or one above it.
pub(crate) const PROJECT_FILE: &str = ".http-hook.toml";
/// The largest file of settings that is read, in bytes.
const MAX_FILE: u64 = 64 << 10;

/// A setting that there is.
pub(crate) struct Known {
    /// Its name in files.
    pub(crate) key: &'static str,
    /// Its variable.
    pub(crate) variable: &'static str,
    /// What it is by default; nothing is no default.
    pub(crate) default: &'static str,
    /// Whether the file of a project may set it: it comes with somebody's code, and must not choose whom to trust.
    project: bool,
}

const fn known(
    key: &'static str,
    variable: &'static str,
    default: &'static str,
    project: bool,
) -> Known {
    Known { key, variable, default, project }
}

#[rustfmt::skip]
pub(crate) const KNOWN: [Known; 11] = [
    known("retry",           "HTTP_HOOK_RETRY",           "2",     true),
    known("location",        "HTTP_HOOK_LOCATION",        "false", true),
    known("max-redirs",      "HTTP_HOOK_MAX_REDIRS",      "30",    true),
    known("connect-timeout", "HTTP_HOOK_CONNECT_TIMEOUT", "10s",   true),
    known("timeout",         "HTTP_HOOK_TIMEOUT",         "60s",   true),
    known("deadline",        "HTTP_HOOK_DEADLINE",        "none",  true),
    known("format",          "HTTP_HOOK_FORMAT",          "auto",  true),
    known("color",           "HTTP_HOOK_COLOR",           "auto",  true),
    known("proxy",           "HTTP_HOOK_PROXY",           "",      false),
    known("cacert",          "HTTP_HOOK_CACERT",          "",      false),
    // It says which server an id stands for, and so where bodies and secrets of a call go; and which files are read.
    known("sources",         "HTTP_HOOK_SOURCES",         "",      false),
];

/// Where a value is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Argument,
    Environment(&'static str),
    Project,
    User,
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => f.write_str("command line"),
            Self::Environment(variable) => write!(f, "environment ({variable})"),
            Self::Project => f.write_str("project file"),
            Self::User => f.write_str("user file"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value, and where it is from.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) text: String,
    pub(crate) origin: Origin,
}

/// All settings.
pub(crate) struct Settings {
    values: BTreeMap<&'static str, Value>,
    pub(crate) project: Option<PathBuf>,
    pub(crate) user: Option<PathBuf>,
    /// The file of connections that is asked in place of all sources.
    pub(crate) conn_file: Option<PathBuf>,
}

impl Settings {
    /// Reads files and environment.
    pub(crate) fn load() -> Result<Self, Problem> {
        let user = user_file();
        let project = project_file();
        let mut values = BTreeMap::new();
        let layers = [(&user, Origin::User), (&project, Origin::Project)];
        for (path, origin) in layers {
            let Some(path) = path else { continue };
            for (key, text) in read(path)? {
                let own = find(&key, path)?;
                if origin == Origin::Project && !own.project {
                    let why = "a project's file may not set it: it is for the user's own file";
                    return Err(Problem::usage(format!("{}: {key}: {why}", path.display())));
                }
                values.insert(own.key, Value { text, origin: origin.clone() });
            }
        }
        for own in &KNOWN {
            if let Some(text) = variable(own.variable)?.filter(|text| !text.is_empty()) {
                let origin = Origin::Environment(own.variable);
                values.insert(own.key, Value { text, origin });
            }
            let text = own.default.to_owned();
            values.entry(own.key).or_insert(Value { text, origin: Origin::Default });
        }
        let exists = |path: &PathBuf| path.is_file();
        Ok(Self { values, project, user: user.filter(exists), conn_file: None })
    }

    /// Takes what the command line says of where connections are.
    pub(crate) fn give(&mut self, sources: Option<&str>, conn_file: Option<&Path>) {
        if let Some(sources) = sources {
            let value = Value { text: sources.to_owned(), origin: Origin::Argument };
            self.values.insert("sources", value);
            self.conn_file = None;
        }
        if let Some(file) = conn_file {
            self.conn_file = Some(file.to_owned());
        }
    }

    /// Gives a value.
    pub(crate) fn value(&self, key: &str) -> Option<&Value> {
        self.values.get(key).filter(|value| !value.text.is_empty())
    }

    /// Gives the value that was set: not the default.
    fn set(&self, key: &str) -> Option<&Value> {
        self.value(key).filter(|value| value.origin != Origin::Default)
    }

    fn parsed<T>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.value(key) else { return Ok(None) };
        parse(&value.text).map(Some).map_err(|why| {
            Problem::usage(format!("the setting {key}, from the {}: {why}", value.origin))
        })
    }

    pub(crate) fn proxies(&self) -> Result<Setting<Proxies>, Problem> {
        Ok(self.parsed("proxy", proxies)?.unwrap_or_default())
    }

    pub(crate) fn retry(&self) -> Result<u32, Problem> {
        self.number("retry", 999, 2)
    }

    /// Whether redirects are followed; `usual` where nothing is set.
    pub(crate) fn location(&self, usual: bool) -> Result<bool, Problem> {
        let switch = |text: &str| match text {
            "true" | "1" | "yes" => Ok(true),
            "false" | "0" | "no" => Ok(false),
            _ => Err("neither true nor false".to_owned()),
        };
        let own = self.parsed("location", switch)?;
        Ok(own.filter(|_| self.set("location").is_some()).unwrap_or(usual))
    }

    pub(crate) fn max_redirs(&self) -> Result<u32, Problem> {
        self.number("max-redirs", u32::MAX, 30)
    }

    fn number(&self, key: &str, to: u32, usual: u32) -> Result<u32, Problem> {
        let read = |text: &str| number(text, 0, to.into());
        let own = self.parsed(key, read)?.and_then(|own| u32::try_from(own).ok());
        Ok(own.unwrap_or(usual))
    }

    /// Gives a time limit that was set; the defaults are the library's.
    pub(crate) fn limit(&self, key: &str) -> Result<Option<Limit>, Problem> {
        if self.set(key).is_none() { Ok(None) } else { self.parsed(key, limit) }
    }

    pub(crate) fn format(&self) -> Result<Format, Problem> {
        Ok(self.parsed("format", one_of::<Format>)?.unwrap_or_default())
    }

    pub(crate) fn color(&self) -> Result<Color, Problem> {
        Ok(self.parsed("color", one_of::<Color>)?.unwrap_or_default())
    }

    /// Checks every value.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        self.retry()?;
        self.location(false)?;
        self.max_redirs()?;
        for key in ["connect-timeout", "timeout", "deadline"] {
            self.limit(key)?;
        }
        self.format()?;
        self.color().map(|_| ())
    }
}

/// Reads one of the values that there are.
fn one_of<T: ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, true).map_err(|_| {
        let all = T::value_variants().iter().filter_map(T::to_possible_value);
        let all: Vec<_> = all.map(|value| value.get_name().to_owned()).collect();
        format!("none of {}", all.join(", "))
    })
}

/// A time limit; `None` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) Option<Duration>);

/// Reads `none`, a number of seconds, or a number with units.
pub(crate) fn limit(text: &str) -> Result<Limit, String> {
    if text == "none" {
        return Ok(Limit(None));
    }
    let seconds = text.parse::<f64>().ok().and_then(|time| Duration::try_from_secs_f64(time).ok());
    let limit = match seconds {
        Some(seconds) => seconds,
        None => humantime::parse_duration(text)
            .map_err(|_| "a time is a number of seconds, `10s`, `1m 30s` or `none`".to_owned())?,
    };
    if limit.is_zero() {
        return Err("a limit is longer than nothing; `none` is no limit".to_owned());
    }
    Ok(Limit(Some(limit)))
}

fn find(key: &str, path: &Path) -> Result<&'static Known, Problem> {
    KNOWN.iter().find(|own| own.key == key.replace('_', "-")).ok_or_else(|| {
        let keys: Vec<_> = KNOWN.iter().map(|own| own.key).collect();
        let keys = keys.join(", ");
        // The name may be a secret in the wrong place.
        Problem::usage(format!("{}: a setting that is none of {keys}", path.display()))
    })
}

/// Reads the names and values of a file; there may be none.
fn read(path: &Path) -> Result<Vec<(String, String)>, Problem> {
    let shown = path.display();
    let text = match private::read(path, MAX_FILE) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Problem::local(format!("cannot read {shown}: {error}"))),
    };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| {
            text.get(..span.start).map_or(1, |before| before.lines().count().max(1))
        });
        Problem::usage(format!("{shown}: not TOML at line {line}"))
    })?;
    let values = table.into_iter().map(|(key, value)| match value {
        toml::Value::String(text) => Ok((key, text)),
        toml::Value::Integer(number) => Ok((key, number.to_string())),
        toml::Value::Boolean(switch) => Ok((key, switch.to_string())),
        _ => {
            let own = find(&key, path)?.key;
            Err(Problem::usage(format!("{shown}: {own}: not a text, a number or a switch")))
        }
    });
    values.collect()
}

/// Reads a variable of the environment. One that is no text is there, and says something that nobody can follow.
pub(crate) fn variable(name: &str) -> Result<Option<String>, Problem> {
    match env::var(name) {
        Ok(text) => Ok(Some(text)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Problem::usage(format!("the variable {name} is not UTF-8")))
        }
    }
}

/// Finds the file of the user.
pub(crate) fn user_file() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let base = folder("XDG_CONFIG_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".config")))
        .or_else(|| folder("APPDATA"))?;
    Some(base.join("http-hook").join("config.toml"))
}

/// Finds the file of the project that the folder at hand belongs to.
fn project_file() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(PROJECT_FILE)).find(|path| path.is_file())
}
