//! What each command does.

pub(crate) mod call;
pub(crate) mod config;
pub(crate) mod conn;
mod curl;
pub(crate) mod demo;
pub(crate) mod fetch;
mod foresight;
pub(crate) mod pages;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod poll;
pub(crate) mod resume;
pub(crate) mod run;
mod server;
mod session;
pub(crate) mod shell;
pub(crate) mod sim;
mod stage;
pub(crate) mod taped;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::args::Format;
use crate::exit::Problem;
use crate::output::to_stdout;
use crate::report::SCHEMA;
use crate::screen;
use crate::settings::Settings;

/// What every command is told.
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) verbose: u8,
    pub(crate) quiet: u8,
    pub(crate) tape: Tape,
}

/// What a call goes over.
pub(crate) enum Tape {
    /// The network.
    None,
    /// The network, and what goes over it is written down.
    Record(PathBuf),
    /// What was written down.
    Replay(PathBuf),
}

impl Context {
    /// Whether a result is for programs.
    fn is_json(&self, format: Option<Format>) -> Result<bool, Problem> {
        Ok(format.map_or_else(|| self.settings.format(), Ok)? == Format::Json)
    }
}

/// Prints a result for programs: a line of JSON.
fn print_json(members: impl IntoIterator<Item = (&'static str, Value)>) -> Result<(), Problem> {
    let mut all = json!({ "schema": SCHEMA });
    for (name, value) in members {
        all[name] = value;
    }
    print(&(screen::escaped(&all.to_string()) + "\n"))
}

/// Prints a result. Whoever closed the pipe has read enough.
pub(crate) fn print(text: &str) -> Result<(), Problem> {
    if anstream::stdout().current_choice() == anstream::ColorChoice::Never {
        let text = anstream::adapter::strip_str(text).to_string();
        return to_stdout(text.as_bytes()).map(|_| ());
    }
    to_stdout(text.as_bytes()).map(|_| ())
}
