//! What can be said of stored connections.

use std::path::PathBuf;

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use http_hook_sources::Form;

use super::{AuthArgs, ClientArgs, Format, LimitArgs, ResultArgs};
use crate::connection;

const ADD_EXAMPLES: &str = "\
Sources of secrets: @FILE, env:NAME, cmd:COMMAND, ask

Examples:
  http-hook conn add orders
  http-hook conn add orders --url https://api.example.com --bearer ask
  http-hook conn add orders --whole env:ORDERS_URI --conn-file conns.yaml";

const FORMS: &str = "\
Forms: toml and own-yaml have sections for options, headers and auth; json,
yaml and env (lines ID=URI) are Airflow's; dotenv is AIRFLOW_CONN_ID='URI'.
Without one, the file's name tells it.";

#[derive(Subcommand)]
pub(crate) enum ConnCommand {
    /// Lists ids, types and hosts, and where each is from. No secrets.
    List {
        /// `json` prints one line of JSON.
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
    /// Shows a connection without its secrets.
    Show {
        /// The connection.
        #[arg(add = ArgValueCompleter::new(connection::complete))]
        conn: String,

        /// Shows the secrets too, on a terminal only.
        #[arg(long)]
        show_secrets: bool,

        /// How it is printed: `json` for programs.
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
    /// Stores a connection in a file that only you can read; asks for what is not given.
    ///
    /// Where sources are named (--sources, HTTP_HOOK_SOURCES), it goes to the first of them that can be changed: a file, a metastore.
    #[command(after_help = ADD_EXAMPLES)]
    Add(Change),
    /// Changes a connection where it is, if that is a file or a metastore; comments stay.
    #[command(after_help = ADD_EXAMPLES)]
    Edit(Change),
    /// Takes a connection out of its file or metastore; comments stay.
    Rm {
        /// The id.
        #[arg(add = ArgValueCompleter::new(connection::complete))]
        id: String,
    },
    /// Stores the connections of a file where `conn add` does, all of them or none.
    #[command(after_help = FORMS)]
    Import {
        /// The file, `-` for standard input.
        file: PathBuf,

        /// These ids alone.
        ids: Vec<String>,

        /// What the file holds.
        #[arg(long, value_parser = form)]
        form: Option<Form>,

        /// Puts them in the place of those that are there.
        #[arg(long)]
        replace: bool,
    },
    /// Writes connections of all sources into a file that only you can read.
    #[command(after_help = FORMS)]
    Export {
        /// The file.
        file: PathBuf,

        /// These ids alone.
        #[arg(add = ArgValueCompleter::new(connection::complete))]
        ids: Vec<String>,

        /// What the file will hold.
        #[arg(long, value_parser = form)]
        form: Option<Form>,

        /// Replaces the file if there is one.
        #[arg(long)]
        replace: bool,
    },
    /// Writes the connections of a file in another form into another file.
    #[command(after_help = FORMS)]
    Convert(Convert),
    /// Asks the server for its headers (HEAD, then GET where that is not allowed) as a call would.
    Test(Box<Test>),
    /// Encrypts the metastores among the sources anew, with the first key of Airflow.
    Rotate,
    /// Tells where ids were looked for and found, and what that shadows.
    Origin {
        /// One id; without it, all.
        #[arg(add = ArgValueCompleter::new(connection::complete))]
        id: Option<String>,

        /// How it is printed: `json` for programs.
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
}

#[derive(clap::Args)]
pub(crate) struct Change {
    /// The id.
    #[arg(add = ArgValueCompleter::new(connection::complete))]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) fields: Fields,
}

#[derive(clap::Args)]
pub(crate) struct Fields {
    /// Where it is, without login and password: https://api.example.com/v1.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,

    /// The login.
    #[arg(long, value_name = "LOGIN")]
    pub(crate) login: Option<String>,

    /// Where the password is from.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) password: Option<String>,

    /// Where the token is from, in place of login and password.
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["login", "password"])]
    pub(crate) bearer: Option<String>,

    /// A header that every call sends; for a secret one take --extra.
    #[arg(long = "header", value_name = "NAME:VALUE")]
    pub(crate) headers: Vec<String>,

    /// Where the extra is from: a JSON object of options and headers.
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["headers", "bearer"])]
    pub(crate) extra: Option<String>,

    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,

    /// Its type; `http`, unless it has another.
    #[arg(long, value_name = "TYPE")]
    pub(crate) conn_type: Option<String>,

    /// Where a whole connection is from: a URI or JSON.
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["url", "login", "password", "bearer", "headers", "extra", "description", "conn_type"])]
    pub(crate) whole: Option<String>,
}

impl Fields {
    /// Whether nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        let texts = [
            &self.url,
            &self.login,
            &self.password,
            &self.bearer,
            &self.extra,
            &self.description,
            &self.conn_type,
            &self.whole,
        ];
        texts.iter().all(|text| text.is_none()) && self.headers.is_empty()
    }
}

#[derive(clap::Args)]
pub(crate) struct Convert {
    /// The file to read, `-` for standard input.
    pub(crate) from: PathBuf,

    /// The file to write. Only you can read it.
    pub(crate) to: PathBuf,

    /// What the first file holds.
    #[arg(long, value_parser = form)]
    pub(crate) from_form: Option<Form>,

    /// What the second file will hold.
    #[arg(long, value_parser = form)]
    pub(crate) form: Option<Form>,

    /// Replaces the second file if there is one.
    #[arg(long)]
    pub(crate) replace: bool,
}

#[derive(clap::Args)]
pub(crate) struct Test {
    /// The connection, as for a call.
    #[arg(add = ArgValueCompleter::new(connection::complete))]
    pub(crate) conn: String,

    /// What is asked for; the base URL, unless it is said.
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) endpoint: String,

    #[command(flatten)]
    pub(crate) auth: AuthArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    #[command(flatten)]
    pub(crate) client: ClientArgs,

    #[command(flatten)]
    pub(crate) result: ResultArgs,
}

fn form(name: &str) -> Result<Form, String> {
    name.parse().map_err(|error: http_hook_sources::SourceError| error.says().to_owned())
}
