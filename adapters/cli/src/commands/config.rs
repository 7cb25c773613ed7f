//! `http-hook config show`: the settings in force, and where they are from.

use std::fmt::Write as _;

use super::{Context, print};
use crate::args::ConfigCommand;
use crate::exit::Problem;
use crate::screen;
use crate::settings::{KNOWN, PROJECT_FILE, Settings, user_file};

pub(crate) fn run(command: &ConfigCommand, context: &Context) -> Result<u8, Problem> {
    let ConfigCommand::Show { origin } = command;
    let settings = &context.settings;
    settings.check()?;
    let mut text = String::new();
    for own in &KNOWN {
        let value = settings.value(own.key);
        // A proxy or a source may have a password.
        let shown = match (own.key, value) {
            (_, None) => "(not set)",
            ("proxy" | "sources", Some(value)) if value.text.contains('@') => "***",
            (_, Some(value)) => &value.text,
        };
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
    format!(
        "\n{project}\n{user}\n\nAn argument counts most, then what the connection says, then the environment,\nthe project file, the user file, and the default.\n"
    )
}
