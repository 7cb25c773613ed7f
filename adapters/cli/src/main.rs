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
mod exposed;
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
mod usage;

use std::process::ExitCode;

use crate::args::{Args, Command};
use crate::commands::{Context, Tape};
use crate::exit::Problem;
use crate::settings::Settings;

fn main() -> ExitCode {
    if let Some(code) = commands::shell::complete() {
        return ExitCode::from(code);
    }
    let args = usage::parse(std::env::args_os()).unwrap_or_else(|error| usage::refuse(&error));
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
        Command::Man { command } => commands::shell::man(command),
    }
}
