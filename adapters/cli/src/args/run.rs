//! What can be said of a run of many calls.

use std::path::PathBuf;

use clap::ValueEnum;
use clap_complete::engine::ArgValueCompleter;

use super::{AuthArgs, ClientArgs, LimitArgs, RequestArgs, whole, without};
use crate::connection;

const RUN_EXAMPLES: &str = "\
Without ENDPOINT each line of the file is a call, an object with these fields:
  endpoint         path and query; the only one that has to be there
  method           default: POST with a body, else GET
  query            an object of parameters, or their text
  headers          an object; null takes a header away
  json, body, form the body: any JSON, a text, an object of fields
  id               names the call, once in the file; default: line-7 of line 7
  idempotency_key  is sent with each attempt, and allows retries of any method
A CSV file has columns of these names, except query, headers and form.

With ENDPOINT the words after CONN are a template, as `http-hook call` has them, and each line of the file is an object, or a row of
CSV, of fields for it:
  {field}          the field: escaped in the endpoint, as a text in values, as
                   JSON after := and in --json where no string is around it
  {{field}}        the text {field}
The field --id (default: id, if there is one) names the call.

Results are lines of JSON, in the order in which calls end:
  {\"id\": …, \"line\": …, \"result\": …, \"status\": …, \"outcome\": …}
`result` is ok, failed, may_have_acted (a request that may not be repeated was under way, and nobody knows what became of it), or
invalid (nothing was sent).

Examples:
  http-hook run orders.jsonl sales --jobs 64 -o results.jsonl
  http-hook run rows.csv sales POST v1/orders/{order} amount:={amount}";

const JOURNAL: &str = "

With --journal, a run that was killed goes on by --resume: nothing that may not be repeated is sent twice, and the result of every
call is printed again.
  http-hook run orders.jsonl sales --journal run.journal
  http-hook run orders.jsonl sales --journal run.journal --resume";

fn examples() -> String {
    format!("{RUN_EXAMPLES}{}", if cfg!(feature = "journal") { JOURNAL } else { "" })
}

#[derive(clap::Args)]
#[command(mut_args(|arg| without(arg, &["parts"])))]
#[command(after_help = examples(), override_usage = "http-hook run [OPTIONS] <FILE> <CONN> [[METHOD] <ENDPOINT> [ITEM]...]")]
pub(crate) struct RunArgs {
    /// The file of the calls: .csv, or else lines of JSON; `-` for standard input.
    pub(crate) file: PathBuf,

    /// The id of a connection, the text of one, or `-` for none: then ENDPOINT is a whole URL.
    #[arg(add = ArgValueCompleter::new(connection::complete))]
    pub(crate) conn: String,

    /// A template of the calls: method, endpoint and items with {field}.
    #[arg(num_args = 0.., value_name = "[METHOD] ENDPOINT [ITEM]")]
    pub(crate) words: Vec<String>,

    /// How the file is read, whatever its name ends in.
    #[arg(long, value_enum, value_name = "FORM", help_heading = "Run")]
    pub(crate) input: Option<Input>,

    /// The field that names a call, for a template.
    #[arg(long, value_name = "FIELD", help_heading = "Run")]
    pub(crate) id: Option<String>,

    /// How many calls are under way at once; one that waits for its next attempt is none of them. With --resume, 0 sends nothing: it prints what the journal has.
    #[arg(short, long, value_name = "N", default_value_t = 16, value_parser = whole::<u16>(0, 1_024), help_heading = "Run")]
    pub(crate) jobs: u16,

    /// How many requests are sent a second at most.
    #[arg(long, value_name = "N", value_parser = above_nothing, help_heading = "Run")]
    pub(crate) rate: Option<f64>,

    /// How many of these may be sent at once after a rest.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u32>(1, u32::MAX.into()), requires = "rate", help_heading = "Run")]
    pub(crate) burst: u32,

    /// How many tokens retries are paid from: one costs 5, a success gives 2; without it retries are free.
    #[arg(long, value_name = "TOKENS", value_parser = whole::<u32>(0, u32::MAX.into()), help_heading = "Run")]
    pub(crate) budget: Option<u32>,

    /// Keeps in this file what was sent and what became of it.
    #[arg(long, value_name = "FILE", hide = cfg!(not(feature = "journal")), help_heading = "Run")]
    pub(crate) journal: Option<PathBuf>,

    /// Goes on with the run that the journal is of.
    #[arg(long, requires = "journal", hide = cfg!(not(feature = "journal")), help_heading = "Run")]
    pub(crate) resume: bool,

    /// Has the journal survive a power cut: each group of entries waits for the disk.
    #[arg(long, requires = "journal", hide = cfg!(not(feature = "journal")), help_heading = "Run")]
    pub(crate) sync: bool,

    /// Writes the results to a file.
    #[arg(short, long, value_name = "FILE", help_heading = "Result")]
    pub(crate) output: Option<PathBuf>,

    /// How much of a body stands in a result, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20, value_parser = whole::<usize>(0, usize::MAX as u64), help_heading = "Result")]
    pub(crate) max_body: usize,

    #[command(flatten)]
    pub(crate) request: RequestArgs,

    #[command(flatten)]
    pub(crate) auth: AuthArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

fn above_nothing(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| *number > 0.0 && number.is_finite());
    number.ok_or_else(|| "not a number above 0".to_owned())
}

/// How a file of calls is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Input {
    /// An object a line.
    Jsonl,
    /// Rows, of which the first names the columns.
    Csv,
}
