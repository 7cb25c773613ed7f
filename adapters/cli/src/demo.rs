//! `http-hook demo`: a call that fails, waits, retries and succeeds. Server, client and waits are real.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use http_hook::{Connection, Hook, RequestPlan, RetryPolicy};
use http_hook_clock::SystemClock;

use crate::args::Format;
use crate::exit::{self, Problem};
use crate::screen::{FAINT, styled};
use crate::timeline::{Shown, Timeline};
use crate::{call, pretty, screen, server, signals};

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

    print(&format!(
        "{}\n$ export AIRFLOW_CONN_DEMO='http://reader:***@{server}'\n$ http-hook call demo v1/orders limit==2 -v\n",
        styled(
            FAINT,
            "# A server inside this program is busy at first, then resets, then answers."
        ),
    ));
    let clock = SystemClock::new();
    let source = "demo (env AIRFLOW_CONN_DEMO)".to_owned();
    let timeline = Arc::new(Timeline::new(Shown::AllAsResult, source, Some(DEADLINE), clock));
    signals::watch(&timeline, false);
    match call::send(hook, plan, http_hook_clock::seed(), clock, &timeline)? {
        Ok(response) => {
            let body = pretty::indent(response.body());
            print(&screen::plain(&body.unwrap_or_default()));
            print("\n");
            Ok(exit::of_status(response.status()))
        }
        Err(failure) => {
            screen::error(&call::report(&failure, "demo", &timeline, Format::Auto, true));
            Ok(exit::of_failure(&failure))
        }
    }
}

/// Prints text. Whoever closed the pipe has read enough.
fn print(text: &str) {
    let _ = write!(anstream::stdout(), "{text}");
}
