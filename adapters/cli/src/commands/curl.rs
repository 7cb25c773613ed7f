//! A call as a command of curl, with what was said of network, retries and redirects.

use std::fmt::Write as _;

use http_hook::{Hook, RequestPlan};

use super::print;
use crate::args::CallArgs;
use crate::exit::Problem;
use crate::settings::Limit;

/// What curl reads in the place of a body.
const BODY: &str = "--data-binary @body";

/// Prints it.
pub(super) fn run(hook: &Hook, plan: &RequestPlan, call: &CallArgs) -> Result<u8, Problem> {
    let mut text = hook.to_curl(plan).map_err(|error| Problem::of_error(&error))?;
    let (options, mut notes) = options(call);
    if text.contains(BODY) {
        match body_file(call) {
            Some(file) => {
                let named = format!("--data-binary {}", quoted(&format!("@{file}")));
                text = text.replacen(BODY, &named, 1);
            }
            None => notes.push_str("# body: a file that holds the body of this call\n"),
        }
    }
    // The command is the last line; what is above it says what to set.
    let begin = text.find("curl --globoff").unwrap_or(0);
    text.insert_str(begin + "curl".len(), &options);
    text.insert_str(begin, &notes);
    print(&(text + "\n"))?;
    Ok(0)
}

/// What was said on the command line, as curl has it.
fn options(call: &CallArgs) -> (String, String) {
    let (limits, client) = (&call.limits, &call.client);
    let (mut text, mut notes) = (String::new(), String::new());
    if let Some(retries) = limits.retry {
        let _ = write!(text, " --retry {retries}");
    }
    if limits.location {
        text.push_str(" --location");
    }
    if let Some(most) = limits.max_redirs {
        let _ = write!(text, " --max-redirs {most}");
    }
    if let Some(Limit(Some(limit))) = limits.connect_timeout {
        let _ = write!(text, " --connect-timeout {}", limit.as_secs_f64());
    }
    if let Some(Limit(Some(limit))) = limits.deadline {
        let _ = write!(text, " --max-time {}", limit.as_secs_f64());
    }
    match client.proxy.as_deref() {
        Some("none") => text.push_str(" --noproxy '*'"),
        Some(proxy) if proxy.contains('@') => {
            text.push_str(" --proxy \"$HTTP_HOOK_PROXY\"");
            notes.push_str("# HTTP_HOOK_PROXY: the URL of the proxy\n");
        }
        Some(proxy) => {
            let _ = write!(text, " --proxy {}", quoted(proxy));
        }
        None => {}
    }
    if client.insecure {
        text.push_str(" --insecure");
    }
    let files = [("--cacert", &client.cacert), ("--cert", &client.cert), ("--key", &client.key)];
    for (option, file) in files {
        if let Some(file) = file {
            let _ = write!(text, " {option} {}", quoted(&file.to_string_lossy()));
        }
    }
    (text, notes)
}

/// The file that is the body.
fn body_file(call: &CallArgs) -> Option<&str> {
    let data = call.request.data.as_deref();
    let mut words = data.into_iter().chain(call.words.iter().map(String::as_str));
    words.find_map(|word| word.strip_prefix('@'))
}

/// A text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
