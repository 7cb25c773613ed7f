//! What can be said of the commands beside a call.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use super::{CallArgs, ClientArgs, Format, ResultArgs, without};
use crate::connection;

const PLAN_EXAMPLES: &str = "\
Outcomes for --if, with headers after commas:
  503   429,retry-after=30   302,location=/elsewhere   401
  dns  refused  tls  reset  timeout

Examples:
  http-hook plan sales POST v1/orders name=box
  http-hook plan sales v1/orders --if 429,retry-after=30 --if reset";

#[derive(clap::Args)]
#[command(mut_args(|arg| without(arg, &["dry_run"])))]
#[command(after_help = PLAN_EXAMPLES, override_usage = "http-hook plan [OPTIONS] <CONN> [METHOD] <ENDPOINT> [ITEM]...")]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) call: CallArgs,

    /// Tells what would happen if this came of the first send; can be given several times.
    #[arg(long = "if", value_name = "OUTCOME", help_heading = "Plan")]
    pub(crate) outcomes: Vec<String>,
}

#[derive(Subcommand)]
pub(crate) enum PolicyCommand {
    /// Prints the policy in force as JSON: a connection's, or the default.
    Show {
        /// The connection.
        #[arg(add = ArgValueCompleter::new(connection::complete))]
        conn: Option<String>,

        /// How it is printed: `json` for programs.
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
    /// Checks the JSON of a policy.
    Check {
        /// The file of the policy, `-` for standard input.
        file: PathBuf,

        /// How it is printed: `json` for programs.
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
    /// Shows what would happen to GET and POST on the usual outcomes.
    Table {
        /// The connection whose policy it is.
        #[arg(add = ArgValueCompleter::new(connection::complete))]
        conn: Option<String>,

        /// The file of a policy in place of the connection's.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,

        /// How it is printed: `json` for programs.
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
}

#[derive(clap::Args)]
#[command(mut_args(|arg| without(arg, &["proxy", "remote_name"])))]
pub(crate) struct Resume {
    /// The file that --save-state has written. It is removed when the call is over.
    pub(crate) state: PathBuf,

    #[command(flatten)]
    pub(crate) client: ClientArgs,

    #[command(flatten)]
    pub(crate) result: ResultArgs,
}

#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Prints each setting and its value.
    Show {
        /// Tells where each value is from, and what the files are.
        #[arg(long)]
        origin: bool,

        /// How it is printed: `json` for programs.
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
}

/// The shells that can complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// The GNU shell.
    Bash,
    /// The Z shell.
    Zsh,
    /// The friendly one.
    Fish,
    /// That of Windows.
    Powershell,
}

impl Shell {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
        }
    }
}
