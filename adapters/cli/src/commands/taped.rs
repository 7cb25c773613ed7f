//! `http-hook record` and `http-hook replay`: a call, and what goes over the network in a file.

use clap::Parser as _;

use super::{Context, Tape, call};
use crate::args::{Args, Command, Taped};
use crate::exit::Problem;

/// Runs the call that is given after the file.
pub(crate) fn run(taped: &Taped, mut context: Context, records: bool) -> Result<u8, Problem> {
    let words = [String::from("http-hook")].into_iter().chain(taped.call.iter().cloned());
    let args = Args::try_parse_from(words).unwrap_or_else(|error| error.exit());
    let Command::Call(call) = &args.command else {
        return Err(Problem::usage("what follows the file is a call: call CONN ENDPOINT …"));
    };
    context.settings.give(args.sources.as_deref(), args.conn_file.as_deref());
    let file = taped.file.clone();
    let tape = if records { Tape::Record(file) } else { Tape::Replay(file) };
    let verbose = context.verbose.max(args.verbose);
    let quiet = context.quiet.max(args.quiet);
    call::run(call, &Context { verbose, quiet, tape, ..context })
}
