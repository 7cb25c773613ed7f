//! What clap says of arguments: laid out for the screen, and with what helps.

use std::ffi::{OsStr, OsString};

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::args::{self, Args, Format};
use crate::commands;
use crate::exit::{self, Problem};
use crate::screen;

/// The widest help.
const WIDTH: usize = 80;

/// Reads arguments. A word such as `-1` behind an option is its value, so that what may stand there is told.
pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Args, clap::Error> {
    let words: Vec<OsString> = words.collect();
    let error = match Args::try_parse_from(&words) {
        Err(error) if error.kind() == ErrorKind::UnknownArgument => error,
        read => return read,
    };
    match joined(&words).map(Args::try_parse_from) {
        // An option that takes no value.
        Some(Err(other)) if other.kind() == ErrorKind::TooManyValues => Err(error),
        Some(read) => read,
        None => Err(error),
    }
}

/// Joins words that begin as negative numbers to the options before them; `None` if there are none.
fn joined(words: &[OsString]) -> Option<Vec<OsString>> {
    let mut all: Vec<OsString> = Vec::new();
    let mut is_over = false;
    for word in words {
        is_over |= word == "--";
        match all.last_mut().filter(|last| !is_over && is_negative(word) && is_option(last)) {
            Some(last) => {
                let is_long = last.to_string_lossy().starts_with("--");
                last.push(if is_long { "=" } else { "" });
                last.push(word);
            }
            None => all.push(word.clone()),
        }
    }
    (all.len() < words.len()).then_some(all)
}

fn is_negative(word: &OsStr) -> bool {
    let word = word.to_string_lossy();
    let number = word.strip_prefix('-').map(|rest| rest.strip_prefix('.').unwrap_or(rest));
    number.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn is_option(word: &OsStr) -> bool {
    let text = word.to_string_lossy();
    text.len() > 1 && text.starts_with('-') && !text.contains('=') && !is_negative(word)
}

/// Ends with what is wrong with the arguments, or with the help that was asked for. Where somebody left `call` out, that is what helps.
pub(crate) fn refuse(error: &clap::Error) -> ! {
    if error.use_stderr() && wants_json() {
        let text = error.to_string();
        let first = text.split("\n\n").next().unwrap_or_default();
        let message = first.split_whitespace().collect::<Vec<_>>().join(" ");
        let message = message.trim_start_matches("error: ");
        screen::error(&Problem::usage(message).report(Format::Json));
        std::process::exit(i32::from(exit::USAGE));
    }
    let kinds = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand];
    let word = kinds.iter().find_map(|kind| match error.get(*kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    });
    let is_unknown =
        matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand);
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    let of = |group: &str| usage.contains(&format!("http-hook {group}"));
    // What others have for calls and connections says nothing of these.
    if let Some(word) = word.filter(|_| is_unknown && !of("config") && !of("policy"))
        && let Some(hint) = args::foreign::says(word)
    {
        let problem = Problem::usage(format!("there is no `{word}`")).with_hint(hint);
        screen::error(&problem.report(Format::Auto));
        std::process::exit(i32::from(exit::USAGE));
    }
    if let Err(problem) = print(error) {
        screen::error(&problem.report(if wants_json() { Format::Json } else { Format::Auto }));
        std::process::exit(i32::from(problem.code()));
    }
    let unknown = error.get(ContextKind::InvalidSubcommand).is_some();
    if error.kind() == ErrorKind::InvalidSubcommand && unknown {
        let hint = match () {
            () if of("[") => {
                "a connection is called by `http-hook call CONN ENDPOINT`, a URL by `http-hook call - URL`"
            }
            () if of("config") => "`http-hook config show --origin` names the files of settings",
            () => "",
        };
        if !hint.is_empty() {
            screen::error(&screen::wrap(&format!("  hint: {hint}"), screen::width(), 4));
        }
    }
    let words: Vec<_> = args().into_iter().skip(1).take(2).collect();
    if let [plan, conn] = words.as_slice()
        && plan == "plan"
        && let Some(hint) = commands::plan::of_command(conn)
        && error.kind() == ErrorKind::UnknownArgument
    {
        screen::error(&screen::field("hint", hint));
    }
    std::process::exit(error.exit_code())
}

/// The arguments, whether they are text or not.
fn args() -> Vec<String> {
    std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect()
}

/// Whether errors are to be JSON, as far as that can be told of arguments that are wrong.
fn wants_json() -> bool {
    let args = args();
    let mut given = args.windows(2).filter(|pair| pair[0] == "--format").map(|pair| &*pair[1]);
    let mut joined = args.iter().filter_map(|arg| arg.strip_prefix("--format="));
    match given.next().or_else(|| joined.next()) {
        Some(format) => format == "json",
        None => std::env::var("HTTP_HOOK_FORMAT").is_ok_and(|format| format == "json"),
    }
}

/// Prints what clap made, with lines that fit: it breaks neither errors nor the line that shows the usage.
fn print(error: &clap::Error) -> Result<(), Problem> {
    let text = error.render().ansi().to_string();
    let text = text.trim_end_matches('\n');
    if error.use_stderr() {
        screen::error(&fit(text, screen::line_width()));
        return Ok(());
    }
    commands::print(&(fit(text, screen::width().min(WIDTH)) + "\n"))
}

/// Breaks the lines that are too long.
fn fit(text: &str, width: usize) -> String {
    let lines = text.split('\n').map(|line| {
        let plain = anstream::adapter::strip_str(line).to_string();
        if screen::shown(line) <= width {
            return line.to_owned();
        }
        if plain.starts_with("Usage:") {
            let wrapped = screen::wrap(&whole(line), width, 7);
            let fits = wrapped.lines().all(|line| screen::shown(line) <= width);
            let wrapped = if fits { wrapped } else { screen::wrap(line, width, 7) };
            return wrapped.replace('\0', " ");
        }
        let indent = plain.len() - plain.trim_start_matches(' ').len();
        screen::wrap(line, width, indent + 2)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Puts a mark in the place of the blanks in `<` and `>`: what stands between is one thing.
fn whole(usage: &str) -> String {
    let mut depth = 0_u32;
    let mark = |c| {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            ' ' if depth > 0 => return '\0',
            _ => {}
        }
        c
    };
    usage.chars().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn lines_end_between_words() {
        let usage = "Usage: a [OPTIONS] <--until CONDITION|--operation>\n\nshort";
        let fitted = "Usage: a [OPTIONS]\n       <--until CONDITION|--operation>\n\nshort";
        assert_eq!(fit(usage, 40), fitted);
        let tip = "  tip: one two three four five six";
        assert_eq!(fit(tip, 30), "  tip: one two three four five\n    six");
        // So narrow that there is no room behind the indent.
        assert_eq!(fit("  tip: one two", 10), "  tip: one\n  two");
        assert_eq!(fit("\u{1b}[1merror:\u{1b}[0m one two", 14), "\u{1b}[1merror:\u{1b}[0m one two");
    }
}
