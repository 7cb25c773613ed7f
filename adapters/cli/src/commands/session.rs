//! One call: sent, shown, printed, and its exit code.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, Response};
use http_hook::blocking::{Body, Clock, Transport};
use http_hook::observe::Event;
use http_hook::{Call, Explanation, Failure, Hook, Run, Timestamp};
use http_hook_cassette::{Cassette, Recorder, Replay};
use http_hook_clock::SystemClock;

use super::call::HEAD_NOT_ALLOWED;
use super::{Context, Tape};
use crate::args::{Format, ResultArgs};
use crate::cookies::CookieFile;
use crate::drive::{Beside, drive};
use crate::exit::{self, Problem};
use crate::live::{Bars, Shown, Timeline, measured, signals};
use crate::output::{self, Content, Heads, Target, response_head, to_stdout};
use crate::private;
use crate::report::Report;
use crate::request::Source;
use crate::screen;
use crate::state::StateFile;
use crate::transport::{Client, client};

/// A call that is ready to be sent, and what is to become of its answer.
pub(crate) struct Session<'a> {
    pub(crate) name: &'a str,
    /// Where the connection is from.
    pub(crate) origin: &'a str,
    pub(crate) method: Option<Method>,
    pub(crate) source: Option<Source>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) result: &'a ResultArgs,
    pub(crate) format: Format,
    pub(crate) target: Target,
    pub(crate) explained: Option<Explanation>,
    pub(crate) state: Option<(StateFile, String)>,
    pub(crate) cookies: Option<&'a CookieFile>,
    /// Whether an answer that HEAD is not allowed ends in [`HEAD_NOT_ALLOWED`], and is not printed.
    pub(crate) tries_head: bool,
}

/// What a call is sent by.
pub(crate) enum Way {
    Network(Client),
    Recorded(Recorder<Client>),
    Replayed(Replay),
}

impl Way {
    pub(crate) fn new(tape: &Tape) -> Result<Self, Problem> {
        Ok(match tape {
            Tape::None => Self::Network(client()?),
            Tape::Record(_) => Self::Recorded(Recorder::new(client()?)),
            Tape::Replay(path) => Self::Replayed(read(path)?.strict()),
        })
    }

    /// The same, which writes nothing of the connection's path.
    pub(crate) fn hiding(self, hook: &Hook) -> Self {
        match self {
            Self::Network(client) => Self::Network(client),
            Self::Recorded(recorder) => Self::Recorded(recorder.hide_base(hook)),
            Self::Replayed(replay) => Self::Replayed(replay.hide_base(hook)),
        }
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        match self {
            Self::Network(client) => client,
            Self::Recorded(recorder) => recorder,
            Self::Replayed(replay) => replay,
        }
    }

    /// Writes down what was recorded, or tells what the recording and the call disagree on.
    fn end(&self, tape: &Tape) -> Result<(), Problem> {
        match (self, tape) {
            (Self::Recorded(recorder), Tape::Record(path)) => {
                private::write(path, &recorder.cassette().to_json())
            }
            (Self::Replayed(replay), _) => {
                replay.verify().map_err(|unmet| Problem::mismatch(unmet.to_string()))
            }
            _ => Ok(()),
        }
    }
}

/// The longest recording that is read, in bytes.
const MAX_CASSETTE: u64 = 1 << 30;

fn read(path: &Path) -> Result<Cassette, Problem> {
    let text = private::read(path, MAX_CASSETTE)
        .map_err(|error| Problem::local(format!("cannot read {}: {error}", path.display())))?;
    Cassette::from_json(&text)
        .map_err(|error| Problem::usage(format!("{}: {error}", path.display())))
}

/// The clock of a call: waits are shown, or only counted where no network is.
struct LiveClock<'a> {
    real: SystemClock,
    timeline: &'a Timeline,
    bars: &'a Bars,
    /// The nanoseconds that waits took that nobody waited.
    skipped: Option<AtomicU64>,
}

impl Clock for LiveClock<'_> {
    fn now(&self) -> Timestamp {
        let skipped = self.skipped.as_ref().map_or(0, |skipped| skipped.load(Ordering::Relaxed));
        self.real.now().after(Duration::from_nanos(skipped))
    }

    fn sleep(&self, wait: Duration) {
        match &self.skipped {
            Some(skipped) => {
                let wait = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
                skipped.fetch_add(wait, Ordering::Relaxed);
            }
            None => self.bars.sleep(wait, &self.timeline.why()),
        }
    }
}

impl Session<'_> {
    /// Sends the call, prints its answer, and gives the exit code.
    pub(crate) fn run(
        mut self,
        hook: &Hook,
        way: &Way,
        call: impl FnOnce(Timestamp) -> Result<Call, Problem>,
        context: &Context,
    ) -> Result<u8, Problem> {
        let for_people = self.format != Format::Json;
        let bars = Bars::new(context.quiet == 0 && for_people);
        let shown = match (context.verbose, context.quiet) {
            (1.., _) => Shown::All,
            (0, 0) if for_people && std::io::stderr().is_terminal() => Shown::Waits,
            _ => Shown::Nothing,
        };
        let real = SystemClock::new();
        let source = if self.origin == NOT_STORED {
            self.origin.to_owned()
        } else {
            format!("{} ({})", self.name, self.origin)
        };
        let timeline = Arc::new(Timeline::new(shown, source, self.deadline, real, bars.clone()));
        let kept = self.state.as_ref().map(|(_, path)| path.clone());
        signals::watch(&timeline, &bars, context.quiet > 1, kept);
        let fast = matches!(context.tape, Tape::Replay(_)).then(AtomicU64::default);
        let clock = LiveClock { real, timeline: &timeline, bars: &bars, skipped: fast };

        let mut beside = Beside {
            cookies: self.cookies,
            state: self.state.as_ref().map(|(state, _)| state),
            tells_heads: context.verbose > 1,
            heads: Heads::new(self.explained.as_ref(), self.result.show_secrets),
            ..Beside::default()
        };
        let observer = |event: &Event<'_>| timeline.event(event);
        let mut run = Run::stream(hook, call(clock.now())?).observer(&observer);
        if let Some(source) = self.source.take() {
            run = run.own_source(measured(source, bars.clone()));
        }
        let answer = drive(run, hook, way.transport(), &clock, &mut beside);
        bars.clear();
        if let Some(cookies) = self.cookies {
            cookies.write(clock.now())?;
        }
        let status = match &answer {
            Ok(response) => Some(response.status()),
            Err(failure) => failure.status(),
        };
        if self.tries_head && matches!(status.map(|status| status.as_u16()), Some(405 | 501)) {
            return Ok(HEAD_NOT_ALLOWED);
        }
        if answer.is_err() && matches!(context.tape, Tape::Replay(_)) {
            // Where call and recording disagree, what came of it is of no use.
            way.end(&context.tape)?;
        }
        let code = match answer {
            Ok(response) => self.succeed(response, &beside, &timeline, &bars, context),
            Err(failure) => self.fail(&failure, &beside, &timeline, &bars, context),
        }?;
        way.end(&context.tape)?;
        Ok(code)
    }

    fn succeed(
        &self,
        response: Response<Body>,
        beside: &Beside<'_>,
        timeline: &Timeline,
        bars: &Bars,
        context: &Context,
    ) -> Result<u8, Problem> {
        let (status, headers) = (response.status(), response.headers().clone());
        let code = if self.result.no_fail { 0 } else { exit::of_status(status) };
        let (before, parts) = self.before(beside, Some(&response));
        let mut more = to_stdout(before.as_bytes())?;
        let bodiless = self.method == Some(Method::HEAD) || !parts.contains('b');
        let written = if bodiless || !more {
            output::Written::default()
        } else {
            output::write(response, self.format, &self.target, bars)?
        };
        if self.format == Format::Json {
            let body = match &self.target {
                Target::File(path) => {
                    Content::File(path.to_str().unwrap_or_default(), written.bytes)
                }
                Target::Stdout => Content::Bytes(&written.kept),
            };
            let told = timeline.told();
            let line = output::envelope(self.name, &told, status.as_u16(), &headers, &body, code);
            more = to_stdout(line.as_bytes())?;
        }
        if more && parts.contains('m') {
            to_stdout(times(timeline).as_bytes())?;
        }
        if code == 3 && context.quiet == 0 && self.format != Format::Json {
            let what = if headers.contains_key("location") {
                "a redirect, not followed: -L follows"
            } else {
                "no redirect: it names no place to go to"
            };
            screen::note(&format!("{} is {what}", status.as_u16()));
        }
        Ok(code)
    }

    fn fail(
        &self,
        failure: &Failure,
        beside: &Beside<'_>,
        timeline: &Timeline,
        bars: &Bars,
        context: &Context,
    ) -> Result<u8, Problem> {
        let code = exit::of_failure(failure);
        if self.format == Format::Json {
            if context.quiet < 2 {
                screen::error(&self.report(failure, timeline, context).json());
            }
            return Ok(code);
        }
        let response = failure.response();
        let (before, parts) = self.before(beside, response);
        to_stdout(before.as_bytes())?;
        if let (Some(response), true) = (response, parts.contains('b')) {
            let (headers, body) = (response.headers(), response.body());
            let shown = output::write_failed(headers, body, self.format, bars);
            // What is kept of a body may end within its coding; how the call ended counts more.
            if let Err(problem) = shown {
                screen::note(&format!("of the body no more is shown: {}", problem.message()));
            }
        }
        if parts.contains('m') {
            to_stdout(times(timeline).as_bytes())?;
        }
        if context.quiet < 2 {
            screen::error(&self.report(failure, timeline, context).text());
        }
        Ok(code)
    }

    fn report<'a>(
        &'a self,
        failure: &'a Failure,
        timeline: &Timeline,
        context: &Context,
    ) -> Report<'a> {
        Report { failure, name: self.name, told: timeline.told(), verbose: context.verbose > 0 }
    }

    /// What is printed before the body, and what is to be printed at all.
    fn before<B>(&self, beside: &Beside<'_>, response: Option<&Response<B>>) -> (String, String) {
        let head_only = self.method == Some(Method::HEAD);
        let parts = match &self.result.print {
            Some(parts) => parts.clone(),
            None if self.format == Format::Json => "b".to_owned(),
            None if self.result.include || head_only => "hb".to_owned(),
            None => "b".to_owned(),
        };
        let mut text = String::new();
        if parts.contains('H') {
            text.push_str(beside.last_request.as_deref().unwrap_or_default());
            text.push('\n');
        }
        if parts.contains('B') {
            let body = beside.last_body.as_deref().unwrap_or_default();
            if !body.is_empty() {
                text.push_str(&screen::plain(&String::from_utf8_lossy(body)));
                text.push_str("\n\n");
            }
        }
        if let Some(response) = response.filter(|_| parts.contains('h')) {
            text.push_str(&response_head(response, false));
            text.push('\n');
        }
        (text, parts)
    }
}

/// What stands in the place of where a connection is from that is none.
const NOT_STORED: &str = "no stored connection";

fn times(timeline: &Timeline) -> String {
    let told = timeline.told();
    let (elapsed, attempts, sends) = (screen::took(told.elapsed), told.attempts, told.sends);
    format!("elapsed: {elapsed}\nattempts: {attempts}\nsends: {sends}\n")
}
