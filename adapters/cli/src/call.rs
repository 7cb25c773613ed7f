//! `http-hook call`: one call through a connection.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http_hook::blocking::HttpHook;
use http_hook::{Failure, Hook, RequestPlan};
use http_hook_clock::SystemClock;
use http_hook_isahc::IsahcTransport;

use crate::args::{Args, Call, Format};
use crate::exit::{self, Problem};
use crate::plan::{self, Words};
use crate::report::Report;
use crate::timeline::{Shown, Timeline};
use crate::{connection, output, screen, signals};

/// Sends the request, prints the answer, and gives the exit code.
pub(crate) fn run(call: &Call, args: &Args) -> Result<u8, Problem> {
    let words = Words::new(&call.words)?;
    let found = connection::find(&call.conn, words.endpoint)?;
    let endpoint = found.endpoint.as_deref().unwrap_or(words.endpoint);
    let plan = plan::plan(call, &words, endpoint)?;
    let hook = Hook::new(&found.connection).map_err(|error| Problem::of_hook(&error))?;
    if args.quiet == 0 && call.format != Format::Json {
        hook.warnings().iter().for_each(|warning| screen::warning(&warning.to_string()));
    }
    let shown = match (args.verbose, args.quiet) {
        (true, _) => Shown::All,
        (false, 0) if io::stderr().is_terminal() => Shown::Waits,
        (false, _) => Shown::Nothing,
    };
    let clock = SystemClock::new();
    let source = format!("{} ({})", found.name, found.origin);
    let timeline = Arc::new(Timeline::new(shown, source, call.deadline.0, clock));
    signals::watch(&timeline, args.quiet > 1);
    let seed = call.seed.unwrap_or_else(http_hook_clock::seed);
    match send(hook, plan, seed, clock, &timeline)? {
        Ok(response) => {
            output::write(response.body(), call.format, call.output.as_deref())?;
            Ok(if call.no_fail { 0 } else { exit::of_status(response.status()) })
        }
        Err(failure) => {
            if let Some(body) = failure.body() {
                output::write(body, call.format, call.output.as_deref())?;
            }
            if call.no_fail && failure.response().is_some() {
                return Ok(0);
            }
            if args.quiet < 2 {
                screen::error(&report(&failure, &found.name, &timeline, call.format, args.verbose));
            }
            Ok(exit::of_failure(&failure))
        }
    }
}

/// Runs a call over isahc and the real clock; the problem is that isahc cannot start.
pub(crate) fn send(
    hook: Hook,
    plan: RequestPlan,
    seed: u64,
    clock: SystemClock,
    timeline: &Arc<Timeline>,
) -> Result<Result<Response<Bytes>, Failure>, Problem> {
    let transport = IsahcTransport::new().map_err(|error| Problem::local(error.to_string()))?;
    let observer = Arc::clone(timeline);
    Ok(HttpHook::new(hook, transport, clock)
        .with_seed(seed)
        .with_observer(move |event: &http_hook::observe::Event<'_>| observer.event(event))
        .run(plan))
}

pub(crate) fn report(
    failure: &Failure,
    name: &str,
    timeline: &Timeline,
    format: Format,
    verbose: bool,
) -> String {
    let (url, waits, elapsed) = (timeline.url(), timeline.waits(), timeline.elapsed());
    let report = Report { failure, name, url: url.as_deref(), waits: &waits, elapsed, verbose };
    match format {
        Format::Json => report.json(),
        Format::Auto | Format::Raw => report.text(),
    }
}
