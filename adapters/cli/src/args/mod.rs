//! What can be said on the command line.

#![expect(clippy::doc_markdown, reason = "help shows variables as they are typed")]

mod call;
mod conn;
pub(crate) mod foreign;
mod other;
mod run;
mod series;
mod sim;

use std::path::PathBuf;

use clap::{Arg, Parser, Subcommand, ValueEnum};

pub(crate) use call::{AuthArgs, CallArgs, ClientArgs, LimitArgs, RequestArgs, ResultArgs};
pub(crate) use conn::{Change, ConnCommand, Convert, Fields, Test};
pub(crate) use other::{ConfigCommand, Plan, PolicyCommand, Resume, Shell};
pub(crate) use run::{Input, RunArgs};
pub(crate) use series::{Fetch, NextBy, POLL_DEADLINE, Pages, Poll};
pub(crate) use sim::{Sim, SimFormat, Which};

use crate::usage;

const EXIT_CODES: &str = "\
Examples:
  http-hook demo                                   shows what it does
  http-hook call - https://api.example.com/health  a URL, no connection
  http-hook conn add sales                         stores a connection
  http-hook call sales v1/orders limit==50         calls through it
  http-hook plan sales POST v1/orders name=box     tells, and sends nothing

Exit codes:
  0        success
  1        local failure: a file, an encoding, a bug
  2        wrong usage, invalid connection or option
  3, 4, 5  final status 3xx, 4xx, 5xx (and 600 to 999); 0 with --no-fail
  6        a redirect that is refused, or one too many
  7        no connection: DNS, refused, TLS, reset; a body that broke off, an
           answer that breaks the rules (over libcurl, a head that is cut off
           in the middle passes for a whole one with an empty body)
  8        a time limit or the deadline
  9        a check, --fail-if, a limit of pages or a digest says no; or a
           recording does not have what was asked for
  10       the connection or a secret is not defined
  11       authentication given up: no token to be had, no challenge to answer
           (a plain 401 is 4)
  13       of a run, some calls have failed
  129      hung up; 130 interrupted; 143 terminated";

/// Calls HTTP APIs through stored connections, and retries what may be retried.
#[derive(Parser)]
#[command(name = "http-hook", version, arg_required_else_help = true, after_help = EXIT_CODES, max_term_width = 80)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Where ids of connections are looked up, in order: `env, dir:/run/secrets, dotenv:.env?, file:conns.yaml`; a `?` says that it may be absent [env: HTTP_HOOK_SOURCES].
    #[arg(long, global = true, value_name = "LIST", help_heading = "Connections")]
    pub(crate) sources: Option<String>,

    /// A file of connections (.toml, .yaml, .json, .env), in place of all sources.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        conflicts_with = "sources",
        help_heading = "Connections"
    )]
    pub(crate) conn_file: Option<PathBuf>,

    /// Says when to colour what is printed [env: HTTP_HOOK_COLOR].
    #[arg(long, global = true, value_enum)]
    pub(crate) color: Option<Color>,

    /// Shows attempts, decisions and waits on stderr; twice: headers too. Of a run: how each call ended.
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,

    /// Says nothing but errors on stderr; twice: not even these. The body comes all the same.
    #[arg(short, long, global = true, visible_short_alias = 's', alias = "silent", action = clap::ArgAction::Count)]
    pub(crate) quiet: u8,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Sends one request, and sends it again where that is safe and may help.
    Call(Box<CallArgs>),
    /// Makes many calls, one for each line of a file.
    Run(Box<RunArgs>),
    /// Reads all pages of an answer, and prints them or their items as lines.
    Pages(Box<Pages>),
    /// Asks until what is waited for has come.
    Poll(Box<Poll>),
    /// Downloads a file, and goes on where it broke off.
    Fetch(Box<Fetch>),
    /// Shows what a call would send, who set what, and what would happen, without a network.
    Plan(Box<Plan>),
    /// Lists, shows, stores, converts and tests connections.
    #[command(subcommand)]
    Conn(ConnCommand),
    /// Shows, checks or tabulates retry policies.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Runs a call, pages or a poll, and records into a file what goes over the network, without secrets.
    Record(Taped),
    /// Runs a call, pages or a poll against a recording: without a network, and without waiting.
    ///
    /// Every request gets the answer that was recorded for it, in order; the waits between are told and take no time. A request that
    /// the recording does not have next, and an answer that nobody asked for, exit with 9. The id of the connection has to be
    /// defined as for the recording; its secrets may be others.
    Replay(Taped),
    /// Goes on with a call, pages or a poll that --save-state has kept.
    Resume(Box<Resume>),
    /// Shows what retry policies do to a server that fails: simulated clients, virtual time, the real decisions.
    Sim(Sim),
    /// Shows a call fail, wait, retry and succeed, against a server inside this program.
    Demo,
    /// Shows the settings in force.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Prints what a shell needs to complete commands, options and ids of connections.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Prints the manual page of the command, or of one of its commands.
    Man {
        /// Which command: `call`, say, or `conn add`.
        command: Vec<String>,
    },
}

const TAPED_EXAMPLES: &str = "\
Examples:
  http-hook record orders.json -- call sales v1/orders limit==2
  http-hook replay orders.json -- call sales v1/orders limit==2 -v
  http-hook record all.json -- pages sales v1/orders --items /orders";

#[derive(clap::Args)]
#[command(after_help = TAPED_EXAMPLES)]
pub(crate) struct Taped {
    /// The file of the recording, as `http-hook record` writes it: JSON, to read and to check in.
    pub(crate) file: PathBuf,

    /// A call, pages or a poll, as they are written after `http-hook`; `--` may stand before it.
    #[arg(required = true, num_args = 1.., trailing_var_arg = true, allow_hyphen_values = true, value_name = "call|pages|poll CONN ENDPOINT …")]
    pub(crate) call: Vec<String>,
}

impl Taped {
    /// How results and errors are printed, as far as the words after the file can be read.
    fn format(&self) -> Option<Format> {
        self.parse().ok()?.format()
    }

    /// Reads the words after the file.
    pub(crate) fn parse(&self) -> Result<Args, clap::Error> {
        let words = [String::from("http-hook")].into_iter().chain(self.call.iter().cloned());
        usage::parse(words.map(Into::into))
    }
}

/// Reads a whole number between two others.
fn whole<T: TryFrom<u64>>(
    from: u64,
    to: u64,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync {
    move |text| {
        number(text, from, to).and_then(|number| T::try_from(number).map_err(|_| String::new()))
    }
}

/// Reads one, for settings.
pub(crate) fn number(text: &str, from: u64, to: u64) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (from..=to).contains(number));
    number.ok_or_else(|| format!("not a whole number from {from} to {to}"))
}

/// Leaves options that a command refuses out of its help; what it says where they are given stays.
fn without(arg: Arg, refused: &[&str]) -> Arg {
    if refused.contains(&arg.get_id().as_str()) { arg.hide(true) } else { arg }
}

impl Args {
    /// How errors are printed, as far as the arguments say.
    pub(crate) fn format(&self) -> Option<Format> {
        match &self.command {
            Command::Call(call) => call.result.format,
            Command::Plan(plan) => plan.call.result.format,
            Command::Pages(pages) => pages.call.result.format,
            Command::Poll(poll) => poll.call.result.format,
            Command::Fetch(fetch) => fetch.call.result.format,
            Command::Resume(resume) => resume.result.format,
            Command::Conn(ConnCommand::Test(test)) => test.result.format,
            Command::Conn(
                ConnCommand::List { format }
                | ConnCommand::Show { format, .. }
                | ConnCommand::Origin { format, .. },
            )
            | Command::Policy(
                PolicyCommand::Show { format, .. }
                | PolicyCommand::Check { format, .. }
                | PolicyCommand::Table { format, .. },
            )
            | Command::Config(ConfigCommand::Show { format, .. }) => *format,
            Command::Sim(sim) if sim.format == SimFormat::Json => Some(Format::Json),
            // What follows the file is read by itself later.
            Command::Record(taped) | Command::Replay(taped) => taped.format(),
            _ => None,
        }
    }
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people on a terminal, byte by byte elsewhere.
    #[default]
    Auto,
    /// Byte by byte as it came, its content coding included.
    Raw,
    /// JSON indented, wherever it goes.
    Pretty,
    /// One line of JSON with everything about the call; errors so, too.
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
