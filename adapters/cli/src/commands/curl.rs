//! A call as a command of curl, with what was said of network, retries and redirects. What curl would do otherwise is told, and left out.

use std::fmt::Write as _;
use std::time::Duration;

use http::Method;
use http_hook::{Call, Hook, SendCause, Step, Timestamp};

use super::call::target;
use super::foresight::{Outcome, most_sends};
use super::plan::of_elsewhere;
use super::print;
use crate::args::CallArgs;
use crate::exit::Problem;
use crate::output::Target;
use crate::request::{Planned, quoted};
use crate::screen;
use crate::settings::{Limit, Settings};

/// What curl reads in the place of a body.
const BODY: &str = "--data-binary @body";
/// How wide a line of the command is, its last backslash included.
const WIDTH: usize = 78;

/// Prints it.
pub(super) fn run(
    hook: &Hook,
    planned: &Planned,
    call: &CallArgs,
    endpoint: &str,
    (besides, settings): (&str, &Settings),
) -> Result<u8, Problem> {
    let text = hook.to_curl(&planned.plan).map_err(|error| Problem::of_error(&error))?;
    let begin = text.find("curl --globoff").unwrap_or(0);
    let (above, command) = text.split_at(begin);
    let mut curl = Curl::default();
    let listed = above.lines().filter_map(|line| line.strip_prefix("# ")?.split_once(": "));
    curl.variables = listed.map(|(name, of)| (name.to_owned(), of.to_owned())).collect();
    curl.said(hook, planned, call)?;
    if !besides.is_empty() {
        curl.left_out(besides);
    }
    if let Ok(explained) = hook.explain(&planned.plan) {
        for option in of_elsewhere(&explained, settings) {
            curl.left_out(&option);
        }
    }
    match target(&call.result, endpoint)? {
        Target::File(path) => curl.add(format!("--output {}", quoted(&path.to_string_lossy()))),
        Target::Stdout => {}
    }
    let mut parts = parts_of(command);
    let url = parts.pop().unwrap_or_default();
    if call.request.compressed {
        // curl says itself which codings it knows.
        parts.retain(|part| !part.starts_with("--header 'accept-encoding:"));
    }
    if let Some(at) = parts.iter().position(|part| part == BODY) {
        parts.truncate(at);
        if let Some(body) = &planned.curl {
            if body.is_parts {
                parts.retain(|part| !part.starts_with("--header 'content-type: multipart/"));
            }
            parts.extend(body.options.iter().cloned());
            let own = body.variables.iter();
            curl.variables.extend(own.map(|(name, of)| (name.clone(), of.clone())));
        } else {
            parts.push(BODY.to_owned());
            curl.notes.push("body: a file that holds the body of this call".to_owned());
        }
    }
    // What was said stands where curl's own settings are, in front of the request.
    let at = parts.iter().position(|part| part == "--path-as-is").map_or(1, |at| at + 1);
    parts.splice(at..at, curl.options.iter().cloned());
    parts.push(url);
    print(&(curl.above() + &laid_out(&parts) + "\n"))?;
    Ok(0)
}

/// What is added to the command of a single send.
#[derive(Default)]
struct Curl {
    options: Vec<String>,
    variables: Vec<(String, String)>,
    notes: Vec<String>,
}

impl Curl {
    fn add(&mut self, option: String) {
        self.options.push(option);
    }

    fn left_out(&mut self, what: &str) {
        self.notes.push(format!("not carried over: {what}"));
    }

    /// What was said on the command line, as curl has it.
    fn said(&mut self, hook: &Hook, planned: &Planned, call: &CallArgs) -> Result<(), Problem> {
        self.repeats(hook, planned, call)?;
        self.network(call);
        self.authentication(hook, planned, call);
        if call.request.compressed {
            self.add("--compressed".to_owned());
        }
        if call.result.include {
            self.add("--include".to_owned());
        }
        let unknown = [
            ("--cookies: curl keeps them in a form of its own", call.client.cookies.is_some()),
            ("--policy", call.limits.policy.is_some()),
            ("--save-state", call.save_state.is_some()),
            ("--check", !call.checks.is_empty()),
            ("--jq", call.result.jq.is_some()),
            ("--print", call.result.print.is_some()),
            ("--format", call.result.format.is_some()),
        ];
        unknown.iter().filter(|(_, given)| *given).for_each(|(what, _)| self.left_out(what));
        Ok(())
    }

    /// What is sent again, and where it goes on: only what this command would do, too.
    fn repeats(&mut self, hook: &Hook, planned: &Planned, call: &CallArgs) -> Result<(), Problem> {
        let (limits, method) = (&call.limits, &planned.method);
        let deadline = limits.deadline.and_then(|limit| limit.0);
        if let Some(retries) = limits.retry.filter(|retries| *retries > 0) {
            let mut is_safe = true;
            for outcome in ["503", "timeout"] {
                let outcome = Outcome::parse(outcome)?;
                is_safe &= most_sends(hook, &planned.plan, &outcome) > 1;
            }
            if is_safe {
                self.add(format!("--retry {retries}"));
                if let Some(deadline) = deadline {
                    self.add(format!("--retry-max-time {}", whole_seconds(deadline)));
                }
            } else {
                self.left_out(&format!("--retry {retries}: this {method} is not sent again"));
            }
        }
        if limits.location {
            let kept = ["authorization", "cookie"];
            let mut hidden = self
                .variables
                .iter()
                .filter_map(|(_, of)| of.strip_prefix("the value of the header "));
            let astray = hidden.find(|name| !kept.contains(name)).map(str::to_owned);
            if !matches!(*method, Method::GET | Method::HEAD) {
                self.left_out(&format!("--location: curl would send the {method} there, too"));
            } else if let Some(name) = astray {
                self.left_out(&format!(
                    "--location: curl would take the header {name} to any host"
                ));
            } else {
                self.add("--location".to_owned());
                if let Some(most) = limits.max_redirs {
                    self.add(format!("--max-redirs {most}"));
                }
            }
        }
        Ok(())
    }

    fn network(&mut self, call: &CallArgs) {
        let (limits, client) = (&call.limits, &call.client);
        if let Some(Limit(Some(limit))) = limits.connect_timeout {
            self.add(format!("--connect-timeout {}", limit.as_secs_f64()));
        }
        if let Some(Limit(Some(limit))) = limits.timeout {
            // Less than a byte a second for so long is silence.
            self.add("--speed-limit 1".to_owned());
            self.add(format!("--speed-time {}", whole_seconds(limit)));
        }
        if let Some(Limit(Some(limit))) = limits.deadline {
            self.add(format!("--max-time {}", limit.as_secs_f64()));
        }
        match client.proxy.as_deref() {
            Some("none") => self.add("--noproxy '*'".to_owned()),
            Some(proxy) if proxy.contains('@') => {
                self.add("--proxy \"$HTTP_HOOK_PROXY\"".to_owned());
                self.variables.push(("HTTP_HOOK_PROXY".into(), "the URL of the proxy".into()));
            }
            Some(proxy) => self.add(format!("--proxy {}", quoted(proxy))),
            None => {}
        }
        if client.insecure {
            self.add("--insecure".to_owned());
        }
        let files =
            [("--cacert", &client.cacert), ("--cert", &client.cert), ("--key", &client.key)];
        for (option, file) in files {
            if let Some(file) = file {
                self.add(format!("{option} {}", quoted(&file.to_string_lossy())));
            }
        }
    }

    /// What is no header of the first send.
    fn authentication(&mut self, hook: &Hook, planned: &Planned, call: &CallArgs) {
        if call.auth.digest {
            self.add("--digest".to_owned());
            self.add("--user \"$HTTP_HOOK_USER\"".to_owned());
            self.variables.push(("HTTP_HOOK_USER".into(), "LOGIN:PASSWORD of --user".into()));
        }
        let now = Timestamp::default();
        let first = Call::new(hook, planned.plan.clone(), 0, now).step(hook, now);
        if matches!(first, Step::Send { attempt, .. } if attempt.cause() == SendCause::Token) {
            self.left_out("the token that the connection fetches first");
        }
    }

    /// The lines above the command.
    fn above(&self) -> String {
        let mut text = String::new();
        if !self.variables.is_empty() {
            text.push_str("# set these first:\n");
        }
        for (name, of) in &self.variables {
            let _ = writeln!(text, "# {name}: {}", screen::line(of));
        }
        for note in &self.notes {
            let _ = writeln!(text, "# {}", screen::line(note));
        }
        text
    }
}

/// Seconds as curl counts some of its limits.
fn whole_seconds(limit: Duration) -> u64 {
    limit.as_secs() + u64::from(limit.subsec_nanos() > 0)
}

/// Splits a command into its options, each with its value, and the URL.
fn parts_of(command: &str) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut quote, mut escaped) = (None, false);
    for c in command.chars() {
        if c == ' ' && quote.is_none() && !escaped {
            parts.push(std::mem::take(&mut part));
            continue;
        }
        match (c, quote) {
            _ if escaped => escaped = false,
            ('\\', None) => escaped = true,
            ('\'' | '"', None) => quote = Some(c),
            (_, Some(open)) if c == open => quote = None,
            _ => {}
        }
        part.push(c);
    }
    let mut grouped: Vec<String> = Vec::new();
    for word in parts {
        match grouped.last_mut() {
            Some(last)
                if !word.starts_with("--") && last.starts_with("--") && !last.contains(' ') =>
            {
                last.push(' ');
                last.push_str(&word);
            }
            _ => grouped.push(word),
        }
    }
    grouped.push(part);
    grouped
}

/// Fills lines, broken between options as a shell has them.
fn laid_out(parts: &[String]) -> String {
    let (mut text, mut used) = (String::new(), 0);
    for part in parts {
        let len = part.chars().count();
        if used > 0 && used + 1 + len + 2 > WIDTH {
            text.push_str(" \\\n  ");
            used = 2;
        } else if used > 0 {
            text.push(' ');
            used += 1;
        }
        text.push_str(part);
        used += len;
    }
    text
}
