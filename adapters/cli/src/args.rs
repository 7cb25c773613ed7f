//! What can be said on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "\
Exit codes:
  0        success
  1        local failure: a file, an encoding, a bug
  2        wrong usage, invalid connection or option
  3, 4, 5  final status 3xx, 4xx, 5xx
  6        a redirect that is refused, or one too many
  7        no connection: DNS, refused, TLS, reset
  8        a time limit or the deadline
  10       the connection is not defined
  11       authentication failed
  130      interrupted, 143 terminated";

/// Calls HTTP APIs through stored connections, and retries what may be retried.
#[derive(Parser)]
#[command(name = "http-hook", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Says when to colour what is printed.
    #[arg(long, global = true, value_enum, default_value_t, env = "HTTP_HOOK_COLOR")]
    pub(crate) color: Color,

    /// Shows attempts, decisions and waits on stderr.
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// Shows errors only; twice: nothing.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) quiet: u8,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Sends one request, and sends it again where that is safe and may help.
    Call(Box<Call>),
    /// Shows a call fail, wait, retry and succeed, against a server inside this program.
    Demo,
    /// Shows what retry policies do to a server that fails: simulated clients, virtual time, the real decisions.
    Sim(Sim),
}

const SIM_EXAMPLES: &str = "\
Experiments:
  c    n clients read one row and write it if unchanged: writes, and seconds until all are done, by the wait
  a1   100 requests a second; every attempt fails at once from 60 to 120 s; one client
  a2   the same load from 20 clients, each with gates of its own
  a3   one client; 30 % of the attempts fail from 60 to 120 s (and a column for 50 %)
  b    280 requests a second on a server of 300, which stalls from 60 to 70 s; clients wait 1 s

Figures:
  amp       attempts for each request while the server is at fault; under 1 if gates keep requests back
  peak      the most attempts in one second, as a multiple of the load
  success   the share of all requests of the run that succeed
  recovery  seconds after the stall until goodput stays at 95 % of the load

A policy file is `{\"policy\": {…}, \"gates\": {…}}`; what is absent is as in the default, null is no such gate:
  {\"policy\": {\"stop\": {\"type\": \"after_attempt\", \"max_attempts\": 5}}, \"gates\": {\"breaker\": null}}

Examples:
  http-hook sim --runs 10                  the usual policies, the worst of 10 runs
  http-hook sim mine.json --svg plot.svg   beside them one of yours, and a plot
  http-hook sim --million                  a million clients of one hook, one call each";

#[derive(clap::Args)]
#[command(after_help = SIM_EXAMPLES)]
pub(crate) struct Sim {
    /// Policy files to compare with the usual policies.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Which experiment to make.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) experiment: Which,

    /// Decides arrivals, faults and the clients' chance; the same seed gives the same figures.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// How many seeds to try, from the first on; the table shows the worst figure of each.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) runs: u32,

    /// Plots attempts and goodput a second, over time, into a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// How the figures are printed; the JSON has every second of the first run.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: SimFormat,

    /// Lets a million clients of one hook call once each in an outage of a minute, and tells time and memory.
    #[arg(long, conflicts_with_all = ["files", "experiment", "runs", "svg", "format"])]
    pub(crate) million: bool,
}

/// Which experiment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    /// All of them.
    #[default]
    All,
    /// Contention for one row.
    C,
    /// A total outage, seen by one client.
    A1,
    /// A total outage, seen by 20 clients.
    A2,
    /// A partial outage.
    A3,
    /// An overload.
    B,
}

/// How the figures of a simulation are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimFormat {
    /// As a table for people.
    #[default]
    Table,
    /// As JSON.
    Json,
}

const CALL_EXAMPLES: &str = "\
Items:
  name==value    parameter of the URL
  Header:value   header; `Header:` takes one away, `Header;` sends it empty
  name=value     text field of a JSON body (of a form with --form)
  name:=JSON     any other field of a JSON body
  @FILE          the file as the body, `@-` standard input
  SEP@FILE       any of the separators with `@`: the value is read from a file

Examples:
  export AIRFLOW_CONN_SALES='http://reader:secret@api.example.com/https'
  http-hook call sales v1/orders limit==50
  http-hook call sales POST v1/orders name=box count:=3 --idempotency-key
  http-hook call - https://api.example.com/health -v";

#[derive(clap::Args)]
#[command(after_help = CALL_EXAMPLES, override_usage = "http-hook call [OPTIONS] <CONN> [METHOD] <ENDPOINT> [ITEM]...")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Call {
    /// The id of a connection in the environment (`AIRFLOW_CONN_ID`), the text of one (URI or JSON), or `-` for none.
    ///
    /// With `-` the endpoint is a whole URL. A password in the text of a connection is seen by other users of the
    /// machine: an id is better.
    pub(crate) conn: String,

    /// The method (default: GET, with a body POST), the endpoint, and items: parameters, headers, body.
    #[arg(required = true, num_args = 1.., value_name = "[METHOD] ENDPOINT [ITEM]")]
    pub(crate) words: Vec<String>,

    /// Sets a header; `NAME:` takes one away.
    #[arg(short = 'H', long = "header", value_name = "NAME:VALUE", help_heading = "Request")]
    pub(crate) headers: Vec<String>,

    /// Sends this text, or a file, as the body; as raw parameters with GET.
    #[arg(short, long, value_name = "TEXT|@FILE", help_heading = "Request")]
    pub(crate) data: Option<String>,

    /// Sends this JSON, or that of a file, as the body.
    #[arg(long, value_name = "JSON|@FILE", conflicts_with = "data", help_heading = "Request")]
    pub(crate) json: Option<String>,

    /// Sends `name=value` items as a form instead of JSON.
    #[arg(long, conflicts_with_all = ["data", "json"], help_heading = "Request")]
    pub(crate) form: bool,

    /// The longest time for making a connection (`10s`, `1m 30s`, `none`).
    #[arg(long, value_name = "TIME", value_parser = limit, env = "HTTP_HOOK_CONNECT_TIMEOUT", help_heading = "Time")]
    pub(crate) connect_timeout: Option<Limit>,

    /// The longest time for one attempt to answer, and between two pieces of its body.
    #[arg(long, value_name = "TIME", value_parser = limit, env = "HTTP_HOOK_MAX_TIME", help_heading = "Time")]
    pub(crate) max_time: Option<Limit>,

    /// The longest time for everything, waits included.
    #[arg(long, value_name = "TIME", value_parser = limit, default_value = "30s", env = "HTTP_HOOK_DEADLINE", help_heading = "Time")]
    pub(crate) deadline: Limit,

    /// How often the request is sent again at most, where that is safe.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(..1_000), env = "HTTP_HOOK_RETRY", help_heading = "Retry")]
    pub(crate) retry: u32,

    /// Retries methods that are not idempotent too, although the server may do it twice.
    #[arg(long, help_heading = "Retry")]
    pub(crate) retry_unsafe: bool,

    /// Sends an Idempotency-Key, the same with every attempt, and so allows retries of any method.
    #[arg(long, help_heading = "Retry")]
    pub(crate) idempotency_key: bool,

    /// Repeats the random choices of another run.
    #[arg(long, value_name = "N", env = "HTTP_HOOK_SEED", help_heading = "Retry")]
    pub(crate) seed: Option<u64>,

    /// Follows redirects; credentials and headers of the connection go to its own origin only.
    #[arg(short = 'L', long, help_heading = "Redirects")]
    pub(crate) location: bool,

    /// How many redirects are followed at most.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 30,
        env = "HTTP_HOOK_MAX_REDIRS",
        help_heading = "Redirects"
    )]
    pub(crate) max_redirs: u32,

    /// Writes the body to a file.
    #[arg(short, long, value_name = "FILE", help_heading = "Result")]
    pub(crate) output: Option<PathBuf>,

    /// Exits with 0 whatever the status.
    #[arg(long, help_heading = "Result")]
    pub(crate) no_fail: bool,

    /// How the body and errors are printed.
    #[arg(long, value_enum, default_value_t, help_heading = "Result")]
    pub(crate) format: Format,
}

impl Args {
    pub(crate) fn format(&self) -> Format {
        match &self.command {
            Command::Call(call) => call.format,
            Command::Sim(sim) if sim.format == SimFormat::Json => Format::Json,
            Command::Demo | Command::Sim(_) => Format::Auto,
        }
    }
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people on a terminal, byte by byte elsewhere.
    #[default]
    Auto,
    /// Byte by byte.
    Raw,
    /// JSON indented; errors as one line of JSON.
    Json,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, as the environment allows (`NO_COLOR`, `CLICOLOR`, `TERM`).
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    pub(crate) fn write_global(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// A time limit; `None` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) Option<Duration>);

/// Reads `none`, a number of seconds, or a number with units.
fn limit(text: &str) -> Result<Limit, String> {
    if text == "none" {
        return Ok(Limit(None));
    }
    let seconds = text.parse::<u64>().map(Duration::from_secs);
    let limit = seconds.or_else(|_| humantime::parse_duration(text)).map_err(|e| e.to_string())?;
    if limit.is_zero() {
        return Err("a limit is longer than nothing; `none` is no limit".to_owned());
    }
    Ok(Limit(Some(limit)))
}
