//! The command `http-hook`: calls through stored connections, from a shell.
//!
//! ```text
//! arguments ──▶ connection ──▶ Hook ──▶ RequestPlan ──▶ drive, over isahc or ureq ──▶ stdout: the result, and nothing else
//!                  ▲                                          │                       stderr: everything else
//! settings ────────┘                                          └──▶ live               exit code: see `exit`
//! ```

#![forbid(unsafe_code)]

mod args;
mod commands;
mod conditions;
mod connection;
mod cookies;
mod drive;
mod exit;
mod hook;
mod jq;
mod live;
mod output;
mod private;
mod report;
mod request;
mod screen;
mod secret;
mod settings;
mod state;
mod store;
mod transport;

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser as _};

use crate::args::{Args, Command};
use crate::commands::{Context, Tape};
use crate::exit::Problem;
use crate::settings::Settings;

fn main() -> ExitCode {
    clap_complete::CompleteEnv::with_factory(Args::command)
        .var(commands::shell::VARIABLE)
        .complete();
    let args = Args::try_parse().unwrap_or_else(|error| refuse(&error));
    let mut format = args.format().unwrap_or_default();
    let quiet = args.quiet;
    let result = Settings::load().and_then(|mut settings| {
        settings.give(args.sources.as_deref(), args.conn_file.as_deref());
        args.color.map_or_else(|| settings.color(), Ok)?.write_global();
        format = args.format().map_or_else(|| settings.format(), Ok)?;
        run(&args, settings)
    });
    let code = result.unwrap_or_else(|problem: Problem| {
        if quiet < 2 {
            screen::error(&problem.report(format));
        }
        problem.code()
    });
    ExitCode::from(code)
}

fn run(args: &Args, settings: Settings) -> Result<u8, Problem> {
    let (verbose, quiet, tape) = (args.verbose, args.quiet, Tape::None);
    let context = Context { settings, verbose, quiet, tape };
    match &args.command {
        Command::Call(call) => commands::call::run(call, &context),
        Command::Run(run) => commands::run::run(run, &context),
        Command::Pages(pages) => commands::pages::run(pages, &context),
        Command::Poll(poll) => commands::poll::run(poll, &context),
        Command::Fetch(fetch) => commands::fetch::run(fetch, &context),
        Command::Plan(plan) => commands::plan::run(plan, &context),
        Command::Conn(conn) => commands::conn::run(conn, &context),
        Command::Policy(policy) => commands::policy::run(policy, &context),
        Command::Record(taped) => commands::taped::run(taped, context, true),
        Command::Replay(taped) => commands::taped::run(taped, context, false),
        Command::Resume(resume) => commands::resume::run(resume, &context),
        Command::Demo => commands::demo::run(),
        Command::Sim(sim) => commands::sim::run(sim),
        Command::Config(config) => commands::config::run(config, &context),
        Command::Completions { shell } => commands::shell::completions(*shell),
        Command::Man { command } => commands::shell::man(command.as_deref()),
    }
}

/// Ends with what is wrong with the arguments. Where somebody left `call` out, that is what helps.
fn refuse(error: &clap::Error) -> ! {
    if error.use_stderr() && wants_json() {
        let text = error.to_string();
        let first = text.split("\n\n").next().unwrap_or_default();
        let message = first.split_whitespace().collect::<Vec<_>>().join(" ");
        let message = message.trim_start_matches("error: ");
        screen::error(&Problem::usage(message).report(args::Format::Json));
        std::process::exit(i32::from(exit::USAGE));
    }
    let kinds = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand];
    let word = kinds.iter().find_map(|kind| match error.get(*kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    });
    let is_unknown =
        matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand);
    if let Some(word) = word.filter(|_| is_unknown)
        && let Some(hint) = args::foreign::says(word)
    {
        let problem = Problem::usage(format!("there is no `{word}`")).with_hint(hint);
        screen::error(&problem.report(args::Format::Auto));
        std::process::exit(i32::from(exit::USAGE));
    }
    let unknown = error.get(ContextKind::InvalidSubcommand).is_some();
    if error.kind() == ErrorKind::InvalidSubcommand && unknown {
        let _ = error.print();
        screen::error(&screen::wrap(
            "  hint: a connection is called by `http-hook call CONN ENDPOINT`, a URL by `http-hook call - URL`",
            screen::width(),
            4,
        ));
        std::process::exit(i32::from(exit::USAGE));
    }
    let words: Vec<_> = std::env::args().skip(1).take(2).collect();
    if let [plan, conn] = words.as_slice()
        && plan == "plan"
        && let Some(hint) = commands::plan::of_command(conn)
        && error.kind() == ErrorKind::UnknownArgument
    {
        let _ = error.print();
        screen::error(&screen::field("hint", hint));
        std::process::exit(i32::from(exit::USAGE));
    }
    error.exit()
}

/// Whether errors are to be JSON, as far as that can be told of arguments that are wrong.
fn wants_json() -> bool {
    let args: Vec<_> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let mut given = args.windows(2).filter(|pair| pair[0] == "--format").map(|pair| &*pair[1]);
    let mut joined = args.iter().filter_map(|arg| arg.strip_prefix("--format="));
    match given.next().or_else(|| joined.next()) {
        Some(format) => format == "json",
        None => std::env::var("HTTP_HOOK_FORMAT").is_ok_and(|format| format == "json"),
    }
}
