//! The command `http-hook`: calls through stored connections, from a shell.
//!
//! ```text
//! arguments ──▶ connection ──▶ Hook ──▶ RequestPlan ──▶ HttpHook over isahc ──▶ stdout: the result, and nothing else
//!                                                            │                  stderr: everything else
//!                                                            └──▶ Timeline      exit code: see `exit`
//! ```

#![forbid(unsafe_code)]

mod args;
mod call;
mod connection;
mod demo;
mod exit;
mod item;
mod output;
mod plan;
mod pretty;
mod report;
mod screen;
mod server;
mod signals;
mod sim;
mod timeline;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};
use crate::exit::Problem;

fn main() -> ExitCode {
    let args = Args::parse();
    args.color.write_global();
    let format = args.format();
    let result = match &args.command {
        Command::Call(call) => call::run(call, &args),
        Command::Demo => demo::run(),
        Command::Sim(sim) => sim::run(sim),
    };
    let code = result.unwrap_or_else(|problem: Problem| {
        if args.quiet < 2 {
            screen::error(&problem.report(format));
        }
        problem.code()
    });
    ExitCode::from(code)
}
