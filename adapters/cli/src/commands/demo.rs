//! `http-hook demo`: a call that fails, waits, retries and succeeds. Server, client and waits are real.

use std::sync::Arc;
use std::time::Duration;

use http_hook::blocking::HttpHook;
use http_hook::observe::Event;
use http_hook::{Connection, Hook, RequestPlan, RetryPolicy};
use http_hook_clock::SystemClock;

use super::{print, server};
use crate::exit::{self, Problem};
use crate::live::{Bars, Shown, Timeline, signals};
use crate::output::json;
use crate::report::Report;
use crate::screen::{self, FAINT, styled};
use crate::transport::client;

const DEADLINE: Duration = Duration::from_secs(30);

/// Plays the demonstration on stdout: what it shows is its result.
pub(crate) fn run() -> Result<u8, Problem> {
    let server = server::start()
        .map_err(|error| Problem::local(format!("cannot listen on loopback: {error}")))?;
    let stored = format!("http://reader:open-sesame@{server}");
    let connection = Connection::parse(&stored).map_err(|error| Problem::of_error(&error))?;
    let hook = Hook::new(&connection).map_err(|error| Problem::of_hook(&error))?;
    let plan = RequestPlan::get("v1/orders")
        .param("limit", "2")
        .retry(RetryPolicy::default())
        .deadline(DEADLINE);

    let about = "# A server inside this program is busy at first, then resets, then answers.";
    print(&format!(
        "{}\n$ export AIRFLOW_CONN_DEMO='http://reader:***@{server}'\n$ http-hook call demo v1/orders limit==2 -v\n",
        styled(FAINT, about),
    ))?;
    let clock = SystemClock::new();
    let source = "demo (env AIRFLOW_CONN_DEMO)".to_owned();
    let bars = Bars::default();
    let timeline =
        Arc::new(Timeline::new(Shown::AllAsResult, source, Some(DEADLINE), clock, bars.clone()));
    signals::watch(&timeline, &bars, false, None);
    let observer = Arc::clone(&timeline);
    let answer = HttpHook::new(hook, client()?, clock)
        .with_seed(http_hook_clock::seed())
        .with_observer(move |event: &Event<'_>| observer.event(event))
        .run(plan);
    match answer {
        Ok(response) => {
            let body = json::painted(response.body(), screen::plain).unwrap_or_default();
            print(&(body + "\n"))?;
            Ok(exit::of_status(response.status()))
        }
        Err(failure) => {
            let told = timeline.told();
            let report = Report {
                failure: &failure,
                name: "demo",
                told,
                broken: None,
                exit: exit::of_failure(&failure),
                verbose: true,
                not_yet: false,
            };
            screen::error(&report.text());
            Ok(exit::of_failure(&failure))
        }
    }
}
