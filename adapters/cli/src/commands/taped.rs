//! `http-hook record` and `http-hook replay`: a command that calls, and what goes over the network in a file.

use super::{Context, Tape, call, pages, poll};
use crate::args::{Command, Taped};
use crate::exit::Problem;
use crate::usage;

/// Runs the command that is given after the file.
pub(crate) fn run(taped: &Taped, mut context: Context, records: bool) -> Result<u8, Problem> {
    let args = taped.parse().unwrap_or_else(|error| usage::refuse(&error));
    context.settings.give(args.sources.as_deref(), args.conn_file.as_deref());
    let file = taped.file.clone();
    let tape = if records { Tape::Record(file) } else { Tape::Replay(file) };
    let verbose = context.verbose.max(args.verbose);
    let quiet = context.quiet.max(args.quiet);
    let context = Context { verbose, quiet, tape, ..context };
    match &args.command {
        Command::Call(call) => call::run(call, &context),
        Command::Pages(pages) => pages::run(pages, &context),
        Command::Poll(poll) => poll::run(poll, &context),
        Command::Fetch(_) => {
            Err(Problem::usage("a download keeps its parts itself, and is not recorded")
                .with_hint("`call CONN ENDPOINT -o FILE` asks for the same"))
        }
        Command::Run(_) => {
            Err(Problem::usage("a run writes its results down, and is not recorded")
                .with_hint("record one of its calls: call CONN ENDPOINT …"))
        }
        _ => Err(Problem::usage(
            "what follows the file is a call, pages or a poll: call CONN ENDPOINT …",
        )),
    }
}
