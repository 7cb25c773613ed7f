//! What the extra of a connection means for HTTP.

use std::fmt;

use serde_json::{Map, Value};

use super::doubts;
use super::record::Connection;
use crate::base::json::{FaultKind, Json};
use crate::base::{Problem, Secret};
use crate::options::{OPTION_NAMES, Options};

/// The member of an extra that holds what Airflow has no name for.
const SETTINGS: &str = "http_hook";

/// The most warnings about one connection.
const MAX_WARNINGS: usize = 32;

/// What the extra of a connection means for HTTP.
#[derive(Default)]
pub(crate) struct Extra {
    /// Headers in the order and spelling written; `None` removes the name.
    pub(crate) headers: Vec<(String, Option<Secret>)>,
    /// Options.
    pub(crate) options: Options,
    /// What `http_hook` holds.
    pub(crate) settings: Map<String, Value>,
    /// What is used as it is written, and probably not meant: `verify=False`, which names a file, or `auth_type`, which is a header.
    pub(crate) warnings: Vec<Problem>,
}

/// Names headers and settings; values may be secret.
impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings: Vec<&String> = self.settings.keys().collect();
        f.debug_struct("Extra")
            .field("headers", &self.headers)
            .field("options", &self.options)
            .field("settings", &settings)
            .field("warnings", &self.warnings)
            .finish()
    }
}

#[cfg(test)]
impl Connection {
    /// Reads what the extra means for HTTP.
    pub(crate) fn read_extra(&self) -> Result<Extra, Vec<Problem>> {
        let mut problems = Vec::new();
        let extra = Extra::read(self, &mut problems);
        if problems.is_empty() { Ok(extra) } else { Err(problems) }
    }
}

impl Extra {
    /// Reads what can be read, and adds what is wrong with the rest to `problems`.
    pub(crate) fn read(connection: &Connection, problems: &mut Vec<Problem>) -> Self {
        let text = connection.extra().map_or("", Secret::expose);
        if text.len() > Connection::MAX_TEXT {
            problems.push(problem(format!("longer than {} bytes", Connection::MAX_TEXT)));
            return Self::default();
        }
        let what = match Json::read(text) {
            Ok(Json::Object(members)) => {
                return Self::read_members(members, connection.extra_is_query, problems);
            }
            Ok(_) => "not a JSON object",
            Err(fault) if fault.kind == FaultKind::Syntax => {
                let is_text = !text.trim().is_empty();
                let warnings = is_text.then(doubts::of_no_json).into_iter().collect();
                return Self { warnings, ..Self::default() };
            }
            Err(fault) => fault.kind.says(),
        };
        problems.push(problem(what));
        Self::default()
    }

    fn read_members(
        members: Vec<(String, Json)>,
        is_query: bool,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut extra = Self::default();
        let mut options = Map::new();
        for (index, (name, value)) in members.into_iter().enumerate() {
            let typed = if is_query { typed(&value) } else { value.to_value() };
            match (name.as_str(), value, typed) {
                (option, _, typed) if OPTION_NAMES.contains(&option) => {
                    extra.warnings.extend(doubts::of_option(option, &typed));
                    options.insert(name, typed);
                }
                ("srv_lookup", _, typed) => {
                    if asks_for_lookup(&typed) {
                        let problem = Problem::new("connection.extra.srv_lookup", "not supported");
                        problems.push(problem.with_hint("name the host itself"));
                    }
                }
                (SETTINGS, _, Value::Object(members)) => extra.settings = members,
                (_, Json::Text(text), _) if doubts::is_settings(&name, &text) => {
                    match Json::read(&text).as_ref().map(Json::to_value) {
                        Ok(Value::Object(members)) if name == SETTINGS => extra.settings = members,
                        _ => problems.push(no_settings()),
                    }
                }
                (_, Json::Text(text), _) => {
                    if extra.warnings.len() < MAX_WARNINGS {
                        extra.warnings.extend(doubts::of_header(&name));
                    }
                    extra.headers.push((name, Some(Secret::new(text))));
                }
                (_, Json::Null, _) => extra.headers.push((name, None)),
                _ => problems.push(not_a_text(index.saturating_add(1))),
            }
        }
        match Options::from_extra(&options) {
            Ok(options) => extra.options = options,
            Err(mut wrong) => problems.append(&mut wrong),
        }
        extra
    }
}

/// Reads a text that is JSON as that value.
fn typed(value: &Json) -> Value {
    match value {
        Json::Text(text) => Json::read(text).as_ref().unwrap_or(value).to_value(),
        other => other.to_value(),
    }
}

/// Tells what Airflow takes for a yes here.
fn asks_for_lookup(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() == Some(1.0),
        Value::String(text) => {
            let text = text.trim().to_ascii_lowercase();
            ["on", "t", "true", "y", "yes", "1"].contains(&text.as_str())
        }
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// It would be sent as a header, and what schemes need is in it.
fn no_settings() -> Problem {
    Problem::new("connection.extra.http_hook", "not a JSON object")
        .with_hint("write {\"http_hook\": {…}}")
}

fn problem(message: impl Into<String>) -> Problem {
    Problem::new("connection.extra", message)
}

/// Its name may be a secret that was put in the wrong place: it is told which one it is.
fn not_a_text(number: usize) -> Problem {
    Problem::new(format!("connection.extra, member {number}"), "a header that is not a text")
        .with_hint("put the value in quotes")
}
