//! `http-hook call`: one call through a connection.

use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Method;
use http_hook::{Call, Hook};

use super::session::{Session, Way};
use super::{Context, curl, plan};
use crate::args::{CallArgs, Format, LimitArgs, ResultArgs};
use crate::conditions;
use crate::connection::{self, Found};
use crate::cookies::CookieFile;
use crate::exit::Problem;
use crate::hook::{self, Below};
use crate::jq::Jq;
use crate::output::Target;
use crate::private;
use crate::request::{Planned, Words, of_limits};
use crate::screen;
use crate::settings::Settings;
use crate::state::{StateFile, What};

/// A call that was read from words and options.
pub(crate) struct Ready {
    pub(crate) found: Found,
    pub(crate) hook: Hook,
    pub(crate) planned: Planned,
    pub(crate) seed: u64,
    pub(crate) cookies: Option<CookieFile>,
    pub(crate) endpoint: String,
}

/// What differs between the commands that make calls.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manner {
    /// Whether redirects are followed unless somebody says otherwise.
    pub(crate) follows: bool,
    /// Whether the body is in memory, so that many calls can send it.
    pub(crate) holds_body: bool,
    /// Whether bodies are read decoded, for they are looked into before they are printed.
    pub(crate) decodes: bool,
}

impl Ready {
    pub(crate) fn new(call: &CallArgs, settings: &Settings) -> Result<Self, Problem> {
        Self::in_manner(call, settings, Manner::default())
    }

    pub(crate) fn in_manner(
        call: &CallArgs,
        settings: &Settings,
        manner: Manner,
    ) -> Result<Self, Problem> {
        let words = Words::new(&call.conn, &call.words, &call.request)?;
        let found = connection::find(&call.conn, words.endpoint, settings)?;
        let endpoint = found.endpoint.as_deref().unwrap_or(words.endpoint).to_owned();
        let seed = call.limits.seed.unwrap_or_else(http_hook_clock::seed);
        let planned = Planned::new(call, settings, &words, &endpoint, seed, manner.holds_body)?;
        let cookies = call.client.cookies.as_deref().map(CookieFile::read).transpose()?;
        let compressed = call.request.compressed || manner.decodes;
        let follows = manner.follows;
        let below = Below { settings, said: Some((&call.limits, &call.client)) };
        let hook = hook::make(&found.connection, below, compressed, follows, cookies.as_ref())?;
        Ok(Self { found, hook, planned, seed, cookies, endpoint })
    }
}

/// No exit code: the server does not allow HEAD, and nothing was printed.
pub(crate) const HEAD_NOT_ALLOWED: u8 = u8::MAX;

/// Sends the request, prints the answer, and gives the exit code.
pub(crate) fn run(call: &CallArgs, context: &Context) -> Result<u8, Problem> {
    if call.dry_run {
        return plan::show(call, &[], Manner::default(), &[], context);
    }
    run_or_again(call, context, false)
}

/// As [`run`]; if a HEAD is only tried, [`HEAD_NOT_ALLOWED`] stands for the answer that says so.
pub(crate) fn run_or_again(
    call: &CallArgs,
    context: &Context,
    tries_head: bool,
) -> Result<u8, Problem> {
    let Ready { found, hook, planned, seed, cookies, endpoint } =
        Ready::new(call, &context.settings)?;
    let way = Way::new(&context.tape)?.hiding(&hook);
    let hook = hook.for_client(way.transport().capabilities());
    if call.curl {
        return curl::run(&hook, &planned, call, &endpoint, ("", &context.settings));
    }
    let mut result = call.result.clone();
    result.no_fail |= conditions::tell_status(&call.checks);
    result.any_status = result.no_fail;
    result.typed.clone_from(&planned.typed);
    if !call.checks.is_empty() {
        result.check = Some(conditions::all(&call.checks, "--check")?);
        result.rules = conditions::rules(&call.checks, "--check", false)?;
    }
    let result = &result;
    let format = format_of(result, &context.settings)?;
    check_secrets(result.show_secrets)?;
    warn(&found, &hook, format, context);
    if planned.is_bare && context.quiet == 0 && format != Format::Json {
        note_dropped_input(&planned.method);
    }
    let goes_to = target(result, &endpoint)?;
    let session = Session {
        name: &found.name,
        origin: &found.origin,
        method: Some(planned.method),
        source: planned.source,
        deadline: deadline_of(&call.limits, &context.settings)?,
        result,
        format,
        explained: hook.explain(&planned.plan).ok(),
        state: state(call, What::Call, found.again.as_deref(), &goes_to)?,
        target: goes_to,
        jq: Jq::given(result)?,
        cookies: cookies.as_ref(),
        tries_head,
    };
    session.run(&hook, &way, |now| Ok(Call::new(&hook, planned.plan, seed, now)), context)
}

/// Says that standard input is not sent, where it looks as if it were meant to.
fn note_dropped_input(method: &Method) {
    if matches!(*method, Method::POST | Method::PUT | Method::PATCH) && has_input() {
        screen::note(&format!("this {method} has no body: the item `@-` sends standard input"));
    }
}

/// Whether standard input is a file with something in it, or a pipe.
#[cfg(unix)]
fn has_input() -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    fs::metadata("/dev/stdin").is_ok_and(|about| {
        about.file_type().is_fifo() || about.file_type().is_file() && about.len() > 0
    })
}

#[cfg(not(unix))]
fn has_input() -> bool {
    false
}

/// Prints what is doubtful in the connection.
pub(crate) fn warn(found: &Found, hook: &Hook, format: Format, context: &Context) {
    if format != Format::Json {
        doubts(found, hook, context);
    }
}

/// The same beside results that are JSON always.
pub(crate) fn doubts(found: &Found, hook: &Hook, context: &Context) {
    if context.quiet == 0 {
        found.warning.iter().for_each(|warning| screen::warning(warning));
        hook.warnings().iter().for_each(|warning| screen::warning(&warning.to_string()));
    }
}

/// The longest time for everything, if there is one.
pub(crate) fn deadline_of(
    limits: &LimitArgs,
    settings: &Settings,
) -> Result<Option<Duration>, Problem> {
    let limit = match limits.deadline {
        Some(limit) => Some(limit),
        None => settings.limit("deadline")?,
    };
    Ok(limit.and_then(|limit| limit.0))
}

/// How the result is printed.
pub(crate) fn format_of(result: &ResultArgs, settings: &Settings) -> Result<Format, Problem> {
    result.format.map_or_else(|| settings.format(), Ok)
}

/// Secrets are shown to somebody who looks on, never to a file or a log.
pub(crate) fn check_secrets(shown: bool) -> Result<(), Problem> {
    let seen = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
    if shown && !seen {
        return Err(Problem::usage("--show-secrets works on a terminal only"));
    }
    Ok(())
}

/// Where the body goes.
pub(crate) fn target(result: &ResultArgs, endpoint: &str) -> Result<Target, Problem> {
    if result.remote_name {
        return private::place_of(&remote_name(endpoint)?).map(Target::File);
    }
    match &result.output {
        Some(path) if path.as_os_str() != "-" => private::place_of(path).map(Target::File),
        _ => Ok(Target::Stdout),
    }
}

/// The end of an endpoint as the name of a file in the folder at hand.
fn remote_name(endpoint: &str) -> Result<PathBuf, Problem> {
    let path = endpoint.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let sound = !matches!(name, "" | "." | "..") && !name.contains(['\\', '\0', ':']);
    if sound {
        return Ok(PathBuf::from(name));
    }
    Err(Problem::usage("-O: the endpoint does not end in the name of a file")
        .with_hint("-o FILE names one"))
}

/// Where the call is kept.
pub(crate) fn state(
    call: &CallArgs,
    what: What,
    again: Option<&str>,
    target: &Target,
) -> Result<Option<StateFile>, Problem> {
    let Some(path) = &call.save_state else { return Ok(None) };
    let Some(again) = again else {
        return Err(Problem::usage(
            "--save-state: the text of a connection holds what is not kept",
        )
        .with_hint("store the connection, and name its id"));
    };
    let body = if what == What::Call { body_file(call)? } else { None };
    let file = StateFile::new(path, what, again.to_owned(), body, target)?;
    let options = of_limits(&call.limits, &call.client)?;
    let file = file.redirecting(options.allow_redirects, options.max_redirects);
    Ok(Some(file.printing(None, call.result.jq.clone())))
}

/// The file that is the body, so that it can be opened again.
fn body_file(call: &CallArgs) -> Result<Option<PathBuf>, Problem> {
    let is_parts = !call.request.parts.is_empty();
    let data = call.request.data.as_deref();
    let data = data.into_iter().chain(call.words.iter().map(String::as_str));
    let mut files = data.filter_map(|word| word.strip_prefix('@'));
    let Some(file) = files.next() else {
        if is_parts {
            return Err(Problem::usage("--save-state: a form with files is not kept"));
        }
        return Ok(None);
    };
    if file == "-" {
        return Ok(None);
    }
    fs::canonicalize(Path::new(file))
        .map(Some)
        .map_err(|error| Problem::local(format!("cannot read {file}: {error}")))
}
