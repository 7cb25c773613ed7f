//! What happened in a call, line by line, as it happens.

use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};
use http_hook::blocking::Clock as _;
use http_hook::observe::{Event, RetryReason};
use http_hook::{Failure, SendCause, Timestamp, TransportError, WaitReason};
use http_hook_clock::SystemClock;

use super::Bars;
use crate::screen::{self, BAD, FAINT, GOOD, styled};

/// Takes note of the events of a call, and prints them.
///
/// ```text
/// > GET https://api.example.test/v1/orders?limit=50
///   sales (env AIRFLOW_CONN_SALES)
///   1  503 Service Unavailable   142 ms   retry: 503 by policy, GET is idempotent
///      waiting 2.0 s, as the server asks
///   2  200 OK                    188 ms   done: 2 sends, 1 retry, 2.3 s of 30s
/// ```
pub(crate) struct Timeline {
    shown: Shown,
    /// The name of the connection and where it is from.
    connection: String,
    deadline: Option<Duration>,
    clock: SystemClock,
    start: Timestamp,
    state: Mutex<State>,
    bars: Bars,
}

/// What is known of a call when it is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) method: String,
    /// Where the last request went, redacted.
    pub(crate) url: Option<String>,
    /// The waits between the sends, as they are shown.
    pub(crate) waits: Vec<String>,
    pub(crate) elapsed: Duration,
    pub(crate) sends: u32,
    pub(crate) attempts: u32,
    pub(crate) redirects: u32,
}

/// A shorter wait is not worth a word to people who did not ask.
const LONG_WAIT: Duration = Duration::from_millis(500);

/// The column where it is told what follows.
const BESIDE: usize = 39;

/// How much is printed, and where.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Nothing,
    /// The waits, on stderr.
    Waits,
    /// Everything, on stderr.
    All,
    /// Everything, on stdout: it is the result.
    AllAsResult,
}

#[derive(Default)]
struct State {
    method: Method,
    url: Option<String>,
    sends: u32,
    attempts: u32,
    redirects: u32,
    /// Why the wait under way is waited for.
    why: String,
    /// What came of the last send, until it is known what follows from it.
    came: Option<Came>,
    waits: Vec<String>,
    doing: Doing,
}

#[derive(Clone, Copy, Default)]
enum Doing {
    #[default]
    Nothing,
    Sending,
    Receiving,
    Waiting(Duration),
}

struct Came {
    what: String,
    /// The same, where there is no table around it.
    said: String,
    /// Why it may be sent again.
    because: String,
    took: Duration,
    good: bool,
}

impl Timeline {
    pub(crate) fn new(
        shown: Shown,
        connection: String,
        deadline: Option<Duration>,
        clock: SystemClock,
        bars: Bars,
    ) -> Self {
        let (start, state) = (clock.now(), Mutex::default());
        Self { shown, connection, deadline, clock, start, state, bars }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.now().since(self.start)
    }

    /// Tells what is known so far.
    pub(crate) fn told(&self) -> Told {
        let state = self.state();
        Told {
            method: state.method.to_string(),
            url: state.url.clone(),
            waits: state.waits.clone(),
            elapsed: self.elapsed(),
            sends: state.sends,
            attempts: state.attempts,
            redirects: state.redirects,
        }
    }

    /// Why the wait under way is waited for.
    pub(crate) fn why(&self) -> String {
        self.state().why.clone()
    }

    /// Says that it is waited between two calls, and why.
    pub(crate) fn between(&self, wait: Duration, why: &str) {
        let mut state = self.state();
        state.doing = Doing::Waiting(wait);
        why.clone_into(&mut state.why);
        let short = screen::seconds(wait);
        self.line(&format!("     waiting {short}, {}", styled(FAINT, why)));
    }

    /// Takes note of an event: what came of a send is printed when it is known what follows from it.
    pub(crate) fn event(&self, event: &Event<'_>) {
        let mut state = self.state();
        match event {
            Event::Send { method, url, send, cause, own_origin, attempt_number, .. } => {
                if *cause == SendCause::Redirect {
                    state.redirects += 1;
                    let follows = state.follows(method, *own_origin);
                    self.came(&mut state, &follows);
                }
                if *cause == SendCause::Challenge {
                    self.came(&mut state, "answer the challenge");
                }
                state.method = (*method).clone();
                state.url = Some(screen::line(&url.to_string()));
                state.sends = *send;
                state.attempts = *attempt_number;
                state.doing = Doing::Sending;
                if *send == 1 {
                    self.headline(&state);
                }
            }
            Event::Answer { status, took } => {
                state.doing = Doing::Receiving;
                state.came = Some(answer(*status, *took));
            }
            Event::Error { error, took } => {
                state.came = Some(no_answer(error, *took));
            }
            Event::Wait { wait, reason, again, asked } => {
                state.doing = Doing::Waiting(*wait);
                self.wait(&mut state, *wait, *reason, again.zip(Some(*asked)));
            }
            Event::Accepted { .. } => {
                let done = self.done(&state);
                self.came(&mut state, &done);
            }
            Event::GaveUp { failure } => {
                let text = gave_up(failure);
                self.came(&mut state, &text);
            }
            _ => {}
        }
    }

    /// Says what a signal interrupts.
    pub(crate) fn interrupted(&self) -> String {
        let state = self.state();
        let sends = state.sends;
        let method = &state.method;
        match state.doing {
            Doing::Nothing => "interrupted before anything was sent".to_owned(),
            Doing::Sending => {
                format!("interrupted in send {sends}: the server may have seen the {method}")
            }
            Doing::Receiving => format!("interrupted in the answer to send {sends}"),
            Doing::Waiting(wait) => {
                let wait = screen::seconds(wait);
                let after = screen::count(sends, "send", "sends");
                let after = if sends > 0 { format!("after {after}, ") } else { String::new() };
                format!("interrupted {after}in a wait of {wait}")
            }
        }
    }

    fn headline(&self, state: &State) {
        let url = state.url.as_deref().unwrap_or_default();
        self.line(&format!("> {} {url}", state.method));
        self.line(&styled(
            FAINT,
            &screen::wrap(&format!("  {}", self.connection), screen::width(), 2),
        ));
    }

    fn wait(
        &self,
        state: &mut State,
        wait: Duration,
        reason: WaitReason,
        retry: Option<(RetryReason, Option<Duration>)>,
    ) {
        let asked = retry.and_then(|(_, asked)| asked).filter(|_| reason == WaitReason::Hint);
        let why = match asked {
            Some(asked) if asked > wait => {
                format!("the server asks for {}", screen::seconds(asked))
            }
            _ => reason.to_string(),
        };
        let short = screen::seconds(wait);
        state.why.clone_from(&why);
        if self.shown == Shown::Waits && wait >= LONG_WAIT {
            // Of a call that goes on nothing has come here.
            let said = state.came.as_ref().map(|came| format!("{}: ", came.said));
            let line = format!("{}waiting {short}, {why}", said.unwrap_or_default());
            self.bars.clear();
            screen::error(&screen::wrap(&line, screen::width(), 2));
        }
        let because = state.came.as_ref().map(|came| came.because.clone()).unwrap_or_default();
        if let Some((again, _)) = retry {
            let again = may_be_repeated(&state.method, again);
            self.came(state, &format!("retry: {because}, {again}"));
        } else {
            self.came(state, "go on");
        }
        self.line(&format!("     waiting {short}, {}", styled(FAINT, &why)));
        let asked = if reason == WaitReason::Hint { " (as asked)" } else { "" };
        state.waits.push(format!("{short}{asked}"));
    }

    /// Prints what came of the last send, and what follows from it.
    fn came(&self, state: &mut State, follows: &str) {
        let Some(came) = state.came.take() else { return };
        let style = if came.good { GOOD } else { BAD };
        let what = styled(style, &format!("{:<24}", came.what));
        let begin = format!("{:>3}  {what}{:>8}", state.sends, screen::took(came.took));
        let width = screen::width();
        // Beside it if that is a column worth the name, else below it.
        if width >= 72 && came.what.chars().count() <= 24 {
            let column = " ".repeat(BESIDE);
            let beside = screen::wrap(&format!("{column}{follows}"), width, BESIDE);
            self.line(&format!("{begin}  {}", beside.trim_start_matches(' ')));
        } else {
            self.line(&begin);
            self.line(&screen::wrap(&format!("     {follows}"), width, 5));
        }
    }

    fn done(&self, state: &State) -> String {
        // A challenge and a token are part of their attempt.
        let retries = state.attempts.saturating_sub(1);
        let mut parts = vec![screen::count(state.sends, "send", "sends")];
        for (count, one, many) in
            [(retries, "retry", "retries"), (state.redirects, "redirect", "redirects")]
        {
            parts.extend((count > 0).then(|| screen::count(count, one, many)));
        }
        let elapsed = screen::seconds(self.elapsed());
        let of = self.deadline.map(|all| format!(" of {}", humantime::format_duration(all)));
        parts.push(format!("{elapsed}{}", of.unwrap_or_default()));
        format!("done: {}", parts.join(", "))
    }

    /// Prints a line. Where nobody reads it the call goes on.
    fn line(&self, text: &str) {
        let text = text.trim_end();
        if !matches!(self.shown, Shown::Nothing | Shown::Waits) {
            self.bars.clear();
        }
        let _ = match self.shown {
            Shown::Nothing | Shown::Waits => Ok(()),
            Shown::All => writeln!(anstream::stderr(), "{text}"),
            Shown::AllAsResult => writeln!(anstream::stdout(), "{text}"),
        };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Says what a redirect changes.
    fn follows(&self, method: &Method, own_origin: bool) -> String {
        let origin = if own_origin { "own origin" } else { "other origin, no credentials" };
        if self.method == *method {
            format!("follow: {origin}, method kept")
        } else {
            format!("follow: {origin}, {} becomes {method}", self.method)
        }
    }
}

fn answer(status: StatusCode, took: Duration) -> Came {
    let what = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let because = format!("{} by policy", status.as_u16());
    let said = what.clone();
    Came { what, said, because, took, good: status.is_success() }
}

fn no_answer(error: &TransportError, took: Duration) -> Came {
    let what = error.kind().name().replace('_', " ");
    let said = error.to_string();
    Came { what, because: said.clone(), said, took, good: false }
}

/// Says why a request that is sent again does no harm.
fn may_be_repeated(method: &Method, again: RetryReason) -> String {
    match again {
        RetryReason::Idempotent => format!("{method} is idempotent"),
        other => other.to_string(),
    }
}

fn gave_up(failure: &Failure) -> String {
    format!("gave up: {}", failure.reason())
}
