//! The loop over what asks for acts: what is asked for is done, shown and kept.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_hook::blocking::{Body, Clock, Transport};
use http_hook::pages::Pages;
use http_hook::poll::Poll;
use http_hook::{Act, Attempt, Error, Failure, Run, Timestamp, TransportError};

use crate::cookies::CookieFile;
use crate::exit::Problem;
use crate::output::Heads;
use crate::screen::{self, FAINT, styled};
use crate::state::StateFile;

/// What asks for acts: a call, the pages of an answer, a poll.
pub(crate) trait Machine {
    /// What becomes of the body of an answer.
    type Read;

    fn woke(&mut self, now: Timestamp) -> Act<Body, Self::Read>;

    fn sent(
        &mut self,
        answer: Result<Response<Body>, TransportError>,
        clock: &dyn Clock,
    ) -> Act<Body, Self::Read>;

    fn read(
        &mut self,
        body: Result<Bytes, TransportError>,
        now: Timestamp,
    ) -> Act<Body, Self::Read>;

    /// The attempt whose request is to be sent.
    fn attempt(&self) -> Option<&Attempt>;

    /// Whether a sleep is a wait: not a turn for others.
    fn waits(&self) -> bool;

    fn store(&self) -> Result<String, Error>;

    /// Whether it is kept before each send, and not only before one that may not be repeated.
    const KEPT_OFTEN: bool;

    /// Whether it is kept while it waits. Pages are not: what breaks off in one goes on at its beginning, with all its attempts.
    const KEPT_WAITING: bool;

    /// Ends what cannot be kept; `None` if it has no end of its own for that.
    fn withdraw(&mut self, error: Error) -> Result<Act<Body, Self::Read>, Error>;
}

impl Machine for Run<'_, Body, Body> {
    type Read = Body;
    const KEPT_OFTEN: bool = true;
    const KEPT_WAITING: bool = true;

    fn woke(&mut self, now: Timestamp) -> Act<Body, Body> {
        Run::woke(self, now)
    }

    fn sent(
        &mut self,
        answer: Result<Response<Body>, TransportError>,
        clock: &dyn Clock,
    ) -> Act<Body, Body> {
        Run::sent(self, answer, || clock.now())
    }

    fn read(&mut self, body: Result<Bytes, TransportError>, now: Timestamp) -> Act<Body, Body> {
        Run::read(self, body, now)
    }

    fn attempt(&self) -> Option<&Attempt> {
        Run::attempt(self)
    }

    fn waits(&self) -> bool {
        self.wait_reason().is_some()
    }

    fn store(&self) -> Result<String, Error> {
        Run::store(self)
    }

    fn withdraw(&mut self, error: Error) -> Result<Act<Body, Body>, Error> {
        Ok(Run::withdraw(self, error))
    }
}

/// A machine over calls is one of its calls, and what is between them.
macro_rules! over_calls {
    ($machine:ident, $between:expr) => {
        impl Machine for $machine<'_, Body> {
            type Read = Bytes;
            const KEPT_OFTEN: bool = false;
            const KEPT_WAITING: bool = $between;

            fn woke(&mut self, now: Timestamp) -> Act<Body> {
                $machine::woke(self, now)
            }

            fn sent(
                &mut self,
                answer: Result<Response<Body>, TransportError>,
                clock: &dyn Clock,
            ) -> Act<Body> {
                $machine::sent(self, answer, || clock.now())
            }

            fn read(&mut self, body: Result<Bytes, TransportError>, now: Timestamp) -> Act<Body> {
                $machine::read(self, body, now)
            }

            fn attempt(&self) -> Option<&Attempt> {
                self.run().and_then(Run::attempt)
            }

            fn waits(&self) -> bool {
                self.run().map_or($between, |run| run.wait_reason().is_some())
            }

            fn store(&self) -> Result<String, Error> {
                $machine::store(self)
            }

            fn withdraw(&mut self, error: Error) -> Result<Act<Body>, Error> {
                Err(error)
            }
        }
    };
}

over_calls!(Pages, false);
over_calls!(Poll, true);

/// What is done beside sending and waiting.
#[derive(Default)]
pub(crate) struct Beside<'a> {
    pub(crate) cookies: Option<&'a CookieFile>,
    pub(crate) state: Option<&'a StateFile>,
    /// Whether heads are told on stderr.
    pub(crate) tells_heads: bool,
    pub(crate) heads: Heads,
    /// Takes the head of each request as it may be shown.
    pub(crate) last_request: Option<String>,
    /// Where the last request went.
    pub(crate) last_uri: Option<Uri>,
    /// The body of it, where it is in memory.
    pub(crate) last_body: Option<Bytes>,
    /// When several calls together have to be over.
    pub(crate) ends: Option<Timestamp>,
}

/// Drives a machine until it is done.
pub(crate) fn drive<M: Machine>(
    machine: &mut M,
    hook: &http_hook::Hook,
    transport: &dyn Transport,
    clock: &dyn Clock,
    beside: &mut Beside<'_>,
) -> Result<Result<Response<M::Read>, Failure>, Problem> {
    let mut act = machine.woke(clock.now());
    loop {
        act = match act {
            Act::Send(request, mut options) => {
                let repeatable = machine.attempt().is_none_or(Attempt::repeatable);
                let kept =
                    if M::KEPT_OFTEN || !repeatable { beside.keep(&*machine) } else { Ok(()) };
                if let Err(error) = kept {
                    act = withdraw(machine, error, beside.state)?;
                    continue;
                }
                if let Some(left) = beside.left(clock.now())? {
                    let total = options.timeouts.total;
                    options.timeouts.total = Some(total.map_or(left, |total| total.min(left)));
                }
                beside.sending(machine.attempt(), hook, &request);
                let uri = request.uri().clone();
                let answer = transport.send(request, &options);
                if let Ok(response) = &answer {
                    beside.answered(&uri, response, clock);
                }
                machine.sent(answer, clock)
            }
            Act::Read(body, limit) => {
                let body = body.read_up_to(limit);
                machine.read(body, clock.now())
            }
            Act::Sleep(wait) => {
                if machine.waits() {
                    let kept = if M::KEPT_WAITING { beside.keep(&*machine) } else { Ok(()) };
                    if let Err(error) = kept {
                        act = withdraw(machine, error, beside.state)?;
                        continue;
                    }
                    if beside.left(clock.now())?.is_some_and(|left| wait >= left) {
                        return Err(Problem::late());
                    }
                    clock.sleep(wait);
                }
                machine.woke(clock.now())
            }
            Act::Done(result) => return Ok(result),
        };
    }
}

fn withdraw<M: Machine>(
    machine: &mut M,
    error: Error,
    state: Option<&StateFile>,
) -> Result<Act<Body, M::Read>, Problem> {
    if state.is_some_and(StateFile::unwritten) {
        return Err(unkept(&error, state));
    }
    machine.withdraw(error).map_err(|error| unkept(&error, state))
}

/// Tells what could not be kept, and that nothing was sent of it.
pub(crate) fn unkept(error: &Error, state: Option<&StateFile>) -> Problem {
    if state.is_some_and(StateFile::unwritten) {
        return Problem::local(error.to_string());
    }
    Problem::of_error(error).with_hint("leave --save-state out")
}

impl Beside<'_> {
    /// Keeps what is pending, if it is to be kept.
    pub(crate) fn keep(&self, machine: &impl Machine) -> Result<(), Error> {
        self.state.map_or(Ok(()), |state| state.keep(machine.store()))
    }

    /// Gives the time that is left, where there is a limit.
    fn left(&self, now: Timestamp) -> Result<Option<Duration>, Problem> {
        match self.ends.map(|ends| ends.since(now)) {
            Some(left) if left.is_zero() => Err(Problem::late()),
            left => Ok(left),
        }
    }

    fn sending(
        &mut self,
        attempt: Option<&Attempt>,
        hook: &http_hook::Hook,
        request: &Request<Body>,
    ) {
        let shown = attempt.map(|attempt| attempt.shown_url(hook, request.uri()).to_string());
        let shown = shown.unwrap_or_default();
        if self.tells_heads {
            tell('>', &self.heads.request(request, &shown, false));
        }
        self.last_request = Some(self.heads.request(request, &shown, true));
        self.last_uri = Some(request.uri().clone());
        self.last_body = match request.body() {
            Body::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        };
    }

    fn answered(&self, uri: &Uri, response: &Response<Body>, clock: &dyn Clock) {
        if let Some(cookies) = self.cookies {
            cookies.take(uri, response.headers(), clock.now());
        }
        if self.tells_heads {
            tell('<', &self.heads.response(response));
        }
    }
}

fn tell(mark: char, head: &str) {
    for line in head.lines() {
        screen::error(&styled(FAINT, &format!("     {mark} {line}")));
    }
}
