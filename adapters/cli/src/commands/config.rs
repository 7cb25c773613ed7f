//! `http-hook config show`: the settings in force, and where they are from.

use std::fmt::Write as _;

use serde_json::json;

use super::{Context, print, print_json};
use crate::args::ConfigCommand;
use crate::exit::Problem;
use crate::screen;
use crate::settings::{KNOWN, Known, PROJECT_FILE, Settings, Value, user_file};

pub(crate) fn run(command: &ConfigCommand, context: &Context) -> Result<u8, Problem> {
    let ConfigCommand::Show { origin, format } = command;
    let settings = &context.settings;
    settings.check()?;
    if context.is_json(*format)? {
        print_json(for_programs(settings))?;
        return Ok(0);
    }
    let mut text = String::new();
    for own in &KNOWN {
        let value = settings.value(own.key);
        let shown = value.map_or("(not set)", |value| shown(own.key, value));
        let from = value.map(|value| value.origin.to_string()).unwrap_or_default();
        let line = if *origin {
            format!("{:<16} {shown:<10} {from}", own.key)
        } else {
            format!("{:<16} {shown}", own.key)
        };
        let line = screen::wrap(line.trim_end(), screen::result_width(), 17);
        let _ = writeln!(text, "{line}");
    }
    if *origin {
        text.push_str(&files(settings));
    }
    print(&text)?;
    Ok(0)
}

/// A proxy or a source may have a password.
fn shown<'a>(key: &str, value: &'a Value) -> &'a str {
    let may_have = matches!(key, "proxy" | "sources") && value.text.contains('@');
    if may_have { "***" } else { &value.text }
}

/// All settings, where they are from, and the files there are.
fn for_programs(settings: &Settings) -> [(&'static str, serde_json::Value); 3] {
    let one = |own: &Known| {
        let value = settings.value(own.key);
        let origin = value.map(|value| value.origin.to_string());
        let value = value.map(|value| shown(own.key, value));
        json!({ "key": own.key, "value": value, "origin": origin, "variable": own.variable })
    };
    let all: Vec<_> = KNOWN.iter().map(one).collect();
    let files = [("project_file", &settings.project), ("user_file", &settings.user)];
    let [project, user] = files.map(|(name, path)| (name, json!(path)));
    [("settings", all.into()), project, user]
}

fn files(settings: &Settings) -> String {
    let project = match &settings.project {
        Some(path) => path.display().to_string(),
        None => format!("none ({PROJECT_FILE} here or above)"),
    };
    let user = match (&settings.user, user_file()) {
        (Some(path), _) => path.display().to_string(),
        (None, Some(path)) => format!("none ({})", path.display()),
        (None, None) => "none".to_owned(),
    };
    let width = screen::result_width();
    let project = screen::wrap(&format!("project file: {project}"), width, 14);
    let user = screen::wrap(&format!("user file:    {user}"), width, 14);
    let order = "An argument counts most, then what the connection says, then the environment, the project file, the user file, and the default.";
    let order = screen::wrap(order, width.min(80), 0);
    format!("\n{project}\n{user}\n\n{order}\n")
}
