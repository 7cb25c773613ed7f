//! One call: sent, shown, printed, and its exit code.

use std::path::Path;
use std::time::Duration;

use http::{Method, Response};
use http_hook::blocking::{Body, Clock, Transport};
use http_hook::hook::Layer;
use http_hook::observe::{Event, sounds_secret};
use http_hook::{Call, Cause, Explanation, Failure, Hook, Run, StopReason, Timestamp};
use http_hook_cassette::{Cassette, Recorder, Replay};
use percent_encoding::percent_decode_str;

use super::call::HEAD_NOT_ALLOWED;
use super::stage::Stage;
use super::{Context, Tape};
use crate::args::{Format, ResultArgs};
use crate::conditions;
use crate::cookies::{self, CookieFile};
use crate::drive::{Beside, drive};
use crate::exit::{self, Problem};
use crate::hook;
use crate::jq::Jq;
use crate::live::signals::GoOn;
use crate::live::{Bars, Timeline, measured};
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
    pub(crate) state: Option<StateFile>,
    pub(crate) cookies: Option<&'a CookieFile>,
    /// What makes other values of the body.
    pub(crate) jq: Option<Jq>,
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
            Tape::Record(path) => {
                // What is sent and not written down cannot be sent again for that.
                private::try_write(path)?;
                Self::Recorded(Recorder::new(client()?))
            }
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

    /// The same, which writes what stands in queries and bodies under these names, and in this header.
    pub(crate) fn keeping(self, names: &[&str], header: Option<&str>) -> Self {
        let Self::Recorded(mut recorder) = self else { return self };
        for name in names {
            recorder = recorder.keep_query(name).keep_field(name);
        }
        Self::Recorded(match header {
            Some(header) => recorder.keep_header(header),
            None => recorder,
        })
    }

    /// Writes what stands in the query of this URL from now on, but for what sounds secret.
    pub(crate) fn keep_query_of(&self, url: &str) {
        let Self::Recorded(recorder) = self else { return };
        let query = url.split_once('?').map_or("", |(_, query)| query);
        for name in query.split('&').filter_map(|pair| pair.split('=').next()) {
            let name = percent_decode_str(&name.replace('+', " ")).decode_utf8_lossy().into_owned();
            if !sounds_secret(&name) {
                let _ = recorder.clone().keep_query(&name);
            }
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
    pub(crate) fn end(&self, tape: &Tape) -> Result<(), Problem> {
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

impl Session<'_> {
    /// Sends the call, prints its answer, and gives the exit code.
    pub(crate) fn run(
        mut self,
        hook: &Hook,
        way: &Way,
        call: impl FnOnce(Timestamp) -> Result<Call, Problem>,
        context: &Context,
    ) -> Result<u8, Problem> {
        let stage = self.stage(context);
        let observer = |event: &Event<'_>| stage.event(event);
        let mut run = Run::stream(hook, call(stage.now())?).observer(&observer);
        if let Some(source) = self.source.take() {
            run = run.own_source(measured(source, stage.bars.clone()));
        }
        let mut beside = self.beside(hook, context);
        let answer = drive(&mut run, hook, way.transport(), &stage, &mut beside)?;
        self.over();
        self.end(answer, &beside, &stage, way, context)
    }

    /// What stands around the call.
    pub(crate) fn stage(&self, context: &Context) -> Stage {
        let go_on = self.state.as_ref().map(|state| GoOn {
            kept: state.path().to_owned(),
            how: format!("http-hook resume {}", state.path().display()),
        });
        Stage::new(self.from(), self.deadline, self.format, go_on, context)
    }

    /// The name of the connection, where it is from, and where its login is from if that is elsewhere.
    pub(crate) fn from(&self) -> (&str, &str, Option<String>) {
        let explained = self.explained.as_ref();
        let authorization = explained.and_then(|told| told.get("header authorization"));
        let of_netrc = authorization.is_some_and(|fact| fact.layer == Layer::Netrc);
        (self.name, self.origin, of_netrc.then(|| format!("login of {}", hook::netrc())))
    }

    /// Whether what is doubtful is told.
    pub(crate) fn warns(&self, context: &Context) -> bool {
        context.quiet == 0 && self.format != Format::Json
    }

    /// What is done beside the call.
    pub(crate) fn beside(&self, hook: &Hook, context: &Context) -> Beside<'_> {
        Beside {
            cookies: self.cookies,
            state: self.state.as_ref(),
            tells_heads: context.verbose > 1,
            heads: Heads::new(self.explained.as_ref(), self.result.show_secrets, hook)
                .typed(&self.result.typed),
            ..Beside::default()
        }
    }

    /// Nothing is left to go on with.
    pub(crate) fn over(&self) {
        if let Some(state) = &self.state {
            state.remove();
        }
    }

    /// Prints what came in the end, and gives the exit code.
    pub(crate) fn end(
        &self,
        answer: Result<Response<Body>, Failure>,
        beside: &Beside<'_>,
        stage: &Stage,
        way: &Way,
        context: &Context,
    ) -> Result<u8, Problem> {
        let (timeline, bars) = (&stage.timeline, &stage.bars);
        bars.clear();
        // It is kept even where nobody reads what is printed, and told after that.
        let kept = cookies::keep(self.cookies, stage.now());
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
            Ok(response) => self.succeed(response, beside, timeline, bars, context),
            Err(failure) => self.fail(&failure, beside, timeline, bars, context),
        }?;
        stage.end(way, context)?;
        cookies::settle(kept, code, self.warns(context))
    }

    /// Tells a failure, and nothing of its body: the exit code.
    pub(crate) fn failed(
        &self,
        failure: &Failure,
        stage: &Stage,
        way: &Way,
        context: &Context,
    ) -> Result<u8, Problem> {
        stage.bars.clear();
        let kept = cookies::keep(self.cookies, stage.now());
        stage.end(way, context)?;
        let code = exit::of_failure(failure);
        if context.quiet < 2 {
            let report = self.report(failure, code, &stage.timeline, context);
            let json = self.format == Format::Json;
            screen::error(&if json { report.json() } else { report.text() });
        }
        cookies::settle(kept, code, self.warns(context))
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
            output::write(response, self.format, &self.target, self.jq.as_ref(), bars)?
        };
        if self.format == Format::Json {
            let body = match &self.target {
                Target::File(path) => {
                    Content::File(path.to_str().unwrap_or_default(), written.bytes)
                }
                Target::Stdout => Content::Bytes(&written.kept),
            };
            let (told, headers) = (timeline.told(), beside.heads.to_json(&headers));
            let line = output::envelope(self.name, &told, status.as_u16(), &headers, &body, code);
            more = to_stdout(line.as_bytes())?;
        }
        if more && parts.contains('m') {
            to_stdout(times(timeline).as_bytes())?;
        }
        if code == 3 && context.quiet == 0 && self.format != Format::Json {
            let what = match status.as_u16() {
                304 => "no redirect: what was asked for has not changed",
                301..=303 | 307 | 308 if headers.contains_key("location") => {
                    "a redirect, not followed: -L follows"
                }
                301..=303 | 307 | 308 => "no redirect: it names no place to go to",
                _ => "no redirect that is followed",
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
        let passes = self.passes(failure);
        let code = if passes { 0 } else { exit::of_failure(failure) };
        if self.format == Format::Json {
            if context.quiet < 2 {
                screen::error(&self.report(failure, code, timeline, context).json());
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
        if !passes && context.quiet < 2 {
            screen::error(&self.report(failure, code, timeline, context).text());
        }
        Ok(code)
    }

    /// Whether the status that a call ended with is no failure: nobody minds it, and what has to hold does.
    fn passes(&self, failure: &Failure) -> bool {
        let Cause::Response(response) = failure.cause() else { return false };
        let check = self.result.check.as_ref();
        let holds = check.is_none_or(|check| conditions::holds(check, response));
        let kept = !matches!(
            failure.reason(),
            StopReason::Check | StopReason::Deadline | StopReason::Redirect | StopReason::Auth
        );
        self.result.any_status && kept && holds
    }

    fn report<'a>(
        &'a self,
        failure: &'a Failure,
        exit: u8,
        timeline: &Timeline,
        context: &Context,
    ) -> Report<'a> {
        let verbose = context.verbose > 0;
        let checked = failure.response().filter(|_| failure.reason() == StopReason::Check);
        let broken = checked.and_then(|last| conditions::broken(&self.result.rules, last));
        let not_yet = self.result.fails_at_once && failure.reason() == StopReason::Rejected;
        Report { failure, name: self.name, told: timeline.told(), broken, exit, verbose, not_yet }
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
            text.push_str(&if self.result.hides_head {
                beside.heads.response(response)
            } else {
                response_head(response)
            });
            text.push('\n');
        }
        (text, parts)
    }
}

fn times(timeline: &Timeline) -> String {
    let told = timeline.told();
    let (elapsed, attempts, sends) = (screen::took(told.elapsed), told.attempts, told.sends);
    format!("elapsed: {elapsed}\nattempts: {attempts}\nsends: {sends}\n")
}
