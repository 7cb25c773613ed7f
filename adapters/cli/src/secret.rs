//! Where a secret is from: a file, a variable, a command, a prompt; never the command line itself.

use std::process::{Command, Stdio};

use crate::exit::Problem;
use crate::request::item;
use crate::settings::variable;

/// Reads a secret from its source: `@FILE`, `env:NAME`, `cmd:COMMAND` or `ask`.
pub(crate) fn read(source: &str, place: &str) -> Result<String, Problem> {
    let secret = if let Some(path) = source.strip_prefix('@') {
        item::text(item::read(path)?, place)?
    } else if let Some(name) = source.strip_prefix("env:") {
        variable(name)?.ok_or_else(|| {
            let message = format!("{place}: there is no variable {name}");
            Problem::no_secret(message)
        })?
    } else if let Some(command) = source.strip_prefix("cmd:") {
        of_command(command, place)?
    } else if source == "ask" {
        ask(place)?
    } else {
        return Err(Problem::usage(format!(
            "{place}: not a source; write @FILE, env:NAME, cmd:COMMAND or ask, so that no secret is seen in the list of processes"
        )));
    };
    if secret.is_empty() {
        return Err(Problem::no_secret(format!("{place}: there is nothing in its source")));
    }
    Ok(secret)
}

/// Asks at the terminal; nothing of the answer is shown.
pub(crate) fn ask(place: &str) -> Result<String, Problem> {
    rpassword::prompt_password(format!("{place}: ")).map_err(|_| {
        Problem::no_secret(format!("{place}: there is no terminal to ask at"))
            .with_hint("write @FILE, env:NAME or cmd:COMMAND in place of asking")
    })
}

/// The first line that a command of the shell prints.
fn of_command(command: &str, place: &str) -> Result<String, Problem> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let output = Command::new(shell).args([flag, command]).stderr(Stdio::inherit()).output();
    let output =
        output.map_err(|error| Problem::local(format!("{place}: the command: {error}")))?;
    if !output.status.success() {
        return Err(Problem::no_secret(format!("{place}: the command failed: {}", output.status)));
    }
    let text = item::text(output.stdout, place)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
