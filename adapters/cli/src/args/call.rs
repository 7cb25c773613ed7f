//! What can be said of a call.

use std::path::PathBuf;

use clap_complete::engine::ArgValueCompleter;
use http_hook::retry::Condition;

use super::{Format, whole};
use crate::conditions::Rule;
use crate::connection;
use crate::settings::{Limit, limit};

const CALL_EXAMPLES: &str = "\
Items:
  name==value    parameter of the URL
  Header:value   header; `Header:` takes one away, `Header;` sends it empty
  name=value     text field of a JSON body (of a form with --form)
  name:=JSON     any other field of a JSON body
  name@FILE      file of a form (with --form)
  @FILE          the file as the body, `@-` standard input
  SEP@FILE       `==`, `:`, `=` or `:=` with `@`: the value is read from a file

Values of --password and --bearer: @FILE, env:NAME, cmd:COMMAND, ask

Options of the connection count more than settings of files and environment,
and less than options given here: see `http-hook config show --origin`.

Examples:
  export AIRFLOW_CONN_SALES='http://reader:secret@api.example.com/https'
  http-hook call sales v1/orders limit==50
  http-hook call sales POST v1/orders name=box count:=3 --idempotency-key
  http-hook call sales v1/export.csv -O --retry 5
  http-hook call - https://api.example.com/health -i";

#[derive(clap::Args)]
#[command(after_help = CALL_EXAMPLES, override_usage = "http-hook call [OPTIONS] <CONN> [METHOD] <ENDPOINT> [ITEM]...")]
pub(crate) struct CallArgs {
    /// The id of a connection (`AIRFLOW_CONN_ID`, or stored by `http-hook conn add`), the text of one (URI or JSON), or `-` for none.
    ///
    /// With `-` the endpoint is a whole URL. A password in the text of a connection is seen by other users of the
    /// machine: an id is better.
    #[arg(add = ArgValueCompleter::new(connection::complete))]
    pub(crate) conn: String,

    /// The method (default: GET, with a body POST), the endpoint, and items: parameters, headers, body.
    #[arg(num_args = 0.., value_name = "[METHOD] ENDPOINT [ITEM]")]
    pub(crate) words: Vec<String>,

    #[command(flatten)]
    pub(crate) request: RequestArgs,

    #[command(flatten)]
    pub(crate) auth: AuthArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    #[command(flatten)]
    pub(crate) client: ClientArgs,

    #[command(flatten)]
    pub(crate) result: ResultArgs,

    /// Keeps the call in a file while it is under way and while it waits; `http-hook resume FILE` goes on.
    #[arg(long, value_name = "FILE", help_heading = "Retry")]
    pub(crate) save_state: Option<PathBuf>,

    /// Keeps the header NAME in that file too, and shows its value: it is no secret. For one that is none of HTTP's own (`X-Trace`).
    #[arg(long, value_name = "NAME", requires = "save_state", help_heading = "Retry")]
    pub(crate) storable: Vec<String>,

    /// Fails (9) with an answer for which this does not hold; see `http-hook poll --help`. If it says something of the status, no other status fails.
    #[arg(long = "check", value_name = "CONDITION", help_heading = "Result")]
    pub(crate) checks: Vec<String>,

    /// Sends nothing, and shows the first request as `http-hook plan` does.
    #[arg(long, help_heading = "Result")]
    pub(crate) dry_run: bool,

    /// Prints the call as a command of curl, and sends nothing.
    #[arg(long, help_heading = "Result")]
    pub(crate) curl: bool,
}

#[derive(clap::Args, Default)]
pub(crate) struct RequestArgs {
    /// The method, in place of the word before the endpoint.
    #[arg(short = 'X', long = "request", value_name = "METHOD", help_heading = "Request")]
    pub(crate) method: Option<String>,

    /// Asks for the headers alone: HEAD.
    #[arg(short = 'I', long, conflicts_with = "method", help_heading = "Request")]
    pub(crate) head: bool,

    /// Sets a header; `NAME:` takes one away, `NAME;` sends it empty.
    #[arg(short = 'H', long = "header", value_name = "NAME:VALUE", help_heading = "Request")]
    pub(crate) headers: Vec<String>,

    /// Sends this text, a file, or standard input (`@-`), as the body; as raw parameters with GET.
    #[arg(short, long, value_name = "TEXT|@FILE", help_heading = "Request")]
    pub(crate) data: Option<String>,

    /// Sends this JSON, or that of a file, as the body.
    #[arg(long, value_name = "JSON|@FILE", conflicts_with = "data", help_heading = "Request")]
    pub(crate) json: Option<String>,

    /// Sends items as a form instead of JSON, in several parts if there are files.
    #[arg(long, conflicts_with_all = ["data", "json"], help_heading = "Request")]
    pub(crate) form: bool,

    /// Adds a field, or a file, to a form of several parts; `;type=TYPE` behind a file says what it is.
    #[arg(short = 'F', long = "part", value_name = "NAME=TEXT|@FILE", conflicts_with_all = ["data", "json"], help_heading = "Request")]
    pub(crate) parts: Vec<String>,

    /// Asks for a compressed answer; what comes compressed is unpacked in any case.
    #[arg(long, help_heading = "Request")]
    pub(crate) compressed: bool,
}

#[derive(clap::Args, Clone)]
pub(crate) struct AuthArgs {
    /// Login and password in place of the connection's; without a password it is asked for.
    #[arg(short, long, value_name = "LOGIN[:PASSWORD]", help_heading = "Authentication")]
    pub(crate) user: Option<String>,

    /// Where the password for --user is from.
    #[arg(long, value_name = "SOURCE", requires = "user", help_heading = "Authentication")]
    pub(crate) password: Option<String>,

    /// Where the token is from that is sent in place of the connection's credentials.
    #[arg(long, value_name = "SOURCE", conflicts_with = "user", help_heading = "Authentication")]
    pub(crate) bearer: Option<String>,

    /// Answers the server's challenge by Digest, with --user.
    #[arg(long, requires = "user", help_heading = "Authentication")]
    pub(crate) digest: bool,
}

#[derive(clap::Args, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct LimitArgs {
    /// The longest time for making a connection: `10s`, `1m 30s`, `none` [env: HTTP_HOOK_CONNECT_TIMEOUT].
    #[arg(long, value_name = "TIME", value_parser = limit, help_heading = "Time")]
    pub(crate) connect_timeout: Option<Limit>,

    /// The longest silence: while a body goes up, from its end until an answer begins, and in the answer's body [env: HTTP_HOOK_TIMEOUT].
    #[arg(long, value_name = "TIME", value_parser = limit, help_heading = "Time")]
    pub(crate) timeout: Option<Limit>,

    /// The longest time for everything, waits and transfers included; without it there is none [env: HTTP_HOOK_DEADLINE].
    #[arg(long, visible_alias = "max-time", value_name = "TIME", value_parser = limit, help_heading = "Time")]
    pub(crate) deadline: Option<Limit>,

    /// How often the request is sent again at most, where that is safe; 2, unless the connection says otherwise [env: HTTP_HOOK_RETRY].
    #[arg(long, value_name = "N", value_parser = whole::<u32>(0, 999), help_heading = "Retry")]
    pub(crate) retry: Option<u32>,

    /// Takes the retry policy from a file in place of the connection's.
    #[arg(long, value_name = "FILE", help_heading = "Retry")]
    pub(crate) policy: Option<PathBuf>,

    /// Allows retries of methods that are not idempotent, although the server may do it twice.
    #[arg(long = "retry-unsafe", help_heading = "Retry")]
    pub(crate) resend: bool,

    /// Sends an Idempotency-Key, the same with every attempt, and so allows retries of any method.
    #[arg(long, help_heading = "Retry")]
    pub(crate) idempotency_key: bool,

    /// Repeats the random choices of another run.
    #[arg(long, value_name = "N", value_parser = whole::<u64>(0, u64::MAX), help_heading = "Retry")]
    pub(crate) seed: Option<u64>,

    /// Follows redirects; credentials and headers of the connection go to its own origin only [env: HTTP_HOOK_LOCATION].
    #[arg(short = 'L', long, help_heading = "Redirects")]
    pub(crate) location: bool,

    /// Follows none, whatever the connection says.
    #[arg(long, conflicts_with = "location", help_heading = "Redirects")]
    pub(crate) no_location: bool,

    /// How many redirects are followed at most [env: HTTP_HOOK_MAX_REDIRS].
    #[arg(long, value_name = "N", value_parser = whole::<u32>(0, u32::MAX.into()), help_heading = "Redirects")]
    pub(crate) max_redirs: Option<u32>,
}

#[derive(clap::Args, Clone)]
pub(crate) struct ClientArgs {
    /// The proxy, or `none`; without it that of the connection, or of `https_proxy` and its like [env: HTTP_HOOK_PROXY].
    #[arg(long, value_name = "URL", help_heading = "Network")]
    pub(crate) proxy: Option<String>,

    /// Does not verify the server's certificate, at the connection's own origin.
    #[arg(short = 'k', long, conflicts_with = "cacert", help_heading = "Network")]
    pub(crate) insecure: bool,

    /// Verifies the server's certificate against the authorities in this file [env: HTTP_HOOK_CACERT].
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) cacert: Option<PathBuf>,

    /// The client's certificate, with its key unless --key names it.
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) cert: Option<PathBuf>,

    /// The key of the client's certificate.
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "Network")]
    pub(crate) key: Option<PathBuf>,

    /// Keeps cookies in a file from one call to the next.
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) cookies: Option<PathBuf>,
}

#[derive(clap::Args, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct ResultArgs {
    /// Writes the body to a file.
    #[arg(short, long, value_name = "FILE", help_heading = "Result")]
    pub(crate) output: Option<PathBuf>,

    /// Writes the body to a file that is called as the end of the endpoint.
    #[arg(short = 'O', long, conflicts_with = "output", help_heading = "Result")]
    pub(crate) remote_name: bool,

    /// Prints status and headers of the answer before its body.
    #[arg(short, long, help_heading = "Result")]
    pub(crate) include: bool,

    /// Prints of the request head (H) and body (B), of the answer head (h) and body (b), and times (m).
    #[arg(long, value_name = "HhBbm", value_parser = printed, conflicts_with = "include", help_heading = "Result")]
    pub(crate) print: Option<String>,

    /// Prints what this expression of jq makes of the body, a value a line.
    #[arg(long, value_name = "EXPRESSION", hide = cfg!(not(feature = "jq")), help_heading = "Result")]
    pub(crate) jq: Option<String>,

    /// Exits with 0 whatever the status.
    #[arg(long, help_heading = "Result")]
    pub(crate) no_fail: bool,

    /// A status of 400 and above fails in any case: taken so that what is typed for curl (`-fsSL`) works.
    #[arg(short = 'f', long, hide = true, conflicts_with = "no_fail")]
    pub(crate) fail: bool,

    /// Errors are told in any case.
    #[arg(short = 'S', long, hide = true)]
    pub(crate) show_error: bool,

    /// How the body and errors are printed [env: HTTP_HOOK_FORMAT].
    #[arg(long, value_enum, help_heading = "Result")]
    pub(crate) format: Option<Format>,

    /// Shows what is hidden as `***` in the request's head (with -vv or --print H), its path included; on a terminal only.
    #[arg(long, help_heading = "Result")]
    pub(crate) show_secrets: bool,

    /// Whether the head of the answer is printed though nobody asked for it, so that it tells nothing of the connection.
    #[arg(skip)]
    pub(crate) hides_head: bool,

    /// Whether no status is a failure, one that is sent again neither.
    #[arg(skip)]
    pub(crate) any_status: bool,

    /// Whether this is a poll that no failure is “not yet” for.
    #[arg(skip)]
    pub(crate) fails_at_once: bool,

    /// What has to hold for an answer.
    #[arg(skip)]
    pub(crate) check: Option<Condition>,

    /// The same one by one, and what may not hold, so that it can be told which it was.
    #[arg(skip)]
    pub(crate) rules: Vec<Rule>,

    /// The headers of the command line, which who typed them may see with --print H.
    #[arg(skip)]
    pub(crate) typed: Vec<(String, String)>,
}

fn printed(text: &str) -> Result<String, String> {
    match text.chars().find(|part| !"HhBbm".contains(*part)) {
        Some(part) => Err(format!("`{part}` is none of H, h, B, b, m")),
        None => Ok(text.to_owned()),
    }
}
