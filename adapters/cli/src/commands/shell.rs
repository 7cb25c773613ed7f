//! `http-hook completions` and `http-hook man`: what a shell and `man` need.

use std::error::Error as _;
use std::io::IsTerminal as _;

use clap::CommandFactory as _;
use clap_complete::CompleteEnv;
use clap_complete::env::Shells;

use super::print;
use crate::args::{Args, Format, Shell};
use crate::exit::Problem;
use crate::output::{of_stdout, to_stdout};
use crate::screen;

/// The variable by which a shell asks for completions.
pub(crate) const VARIABLE: &str = "HTTP_HOOK_COMPLETE";

/// Completes a line if a shell asks for it, and tells how that went.
pub(crate) fn complete() -> Option<u8> {
    let here = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(Args::command)
        .var(VARIABLE)
        .try_complete(std::env::args_os(), here.as_deref());
    let written = match asked {
        Ok(false) => return None,
        // The end of what was written may not have been written yet.
        Ok(true) => to_stdout(b""),
        Err(error) => match error.source().and_then(|source| source.downcast_ref()) {
            Some(error) => of_stdout(error),
            None => Err(Problem::usage(error.to_string())),
        },
    };
    Some(written.map_or_else(
        |problem| {
            screen::error(&problem.report(Format::Auto));
            problem.code()
        },
        |_| 0,
    ))
}

/// Prints the script that makes a shell ask this command.
pub(crate) fn completions(shell: Shell) -> Result<u8, Problem> {
    let shells = Shells::builtins();
    let Some(completer) = shells.completer(shell.name()) else {
        return Err(Problem::local("the shell is not known"));
    };
    let mut script = Vec::new();
    completer
        .write_registration(VARIABLE, "http_hook", "http-hook", "http-hook", &mut script)
        .map_err(|error| Problem::local(format!("the script: {error}")))?;
    print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}

/// Prints the manual page of a command, or of one below it.
pub(crate) fn man(names: &[String]) -> Result<u8, Problem> {
    let mut command = Args::command();
    command.build();
    let mut title = "http-hook".to_owned();
    for name in names {
        let Some(own) = command.find_subcommand(name) else {
            return Err(Problem::usage("there is no such command"));
        };
        title.extend(["-", name]);
        command = own.clone().display_name(title.clone());
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .source(concat!("http-hook ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)
        .map_err(|error| Problem::local(format!("the page: {error}")))?;
    print(&String::from_utf8_lossy(&page))?;
    if std::io::stdout().is_terminal() {
        screen::note("this is what `man` reads: http-hook man | man -l -");
    }
    Ok(0)
}
