//! The one witness of a run: it is the observer, holds the clock, and writes the trace.
//!
//! Time passes in two ways only: a send takes what the scenario's dice say, and a sleep takes what was asked for.
//! So no trace depends on how fast a client, a server or a machine is.

use std::future::pending;
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri, request, response};
use http_hook::observe::Event;
use http_hook::observe::Observer;
use http_hook::options::SendOptions;
use http_hook::redirect::History;
use http_hook::transport::Clock;
use http_hook::{Cause, Failure, Timestamp, TransportError, blocking};
use http_hook_mock::VirtualClock;

use super::dice::Dice;
use super::places::{Place, Places};
use super::reply::TAKES;
use super::scenario::Stopper;
use super::trace::{Trace, What};
use crate::server::Seen;

/// Headers that belong to one connection and tell nothing of a decision.
const FRAMING: [&str; 3] = ["connection", "content-length", "transfer-encoding"];

pub(super) struct Journal {
    seed: u64,
    places: Places,
    clock: VirtualClock,
    start: Timestamp,
    state: Mutex<State>,
}

struct State {
    trace: Trace,
    takes: Dice,
    /// The wait that the driver told of and has not slept yet.
    told: Option<Duration>,
    sends: u32,
    stopper: Option<Stopper>,
    /// The headers of every request, by the place that should have seen it.
    sent: Vec<(Option<Place>, HeaderMap)>,
}

impl Journal {
    pub(super) fn new(seed: u64, places: Places, stopper: Option<Stopper>) -> Self {
        let clock = VirtualClock::new();
        let start = blocking::Clock::now(&clock);
        let takes = Dice::new(seed, 1);
        let (trace, sent) = (Trace::default(), Vec::new());
        let state = Mutex::new(State { trace, takes, told: None, sends: 0, stopper, sent });
        Self { seed, places, clock, start, state }
    }

    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    pub(super) fn time(&self) -> Timestamp {
        blocking::Clock::now(&self.clock)
    }

    pub(super) fn into_trace(self) -> Trace {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).trace
    }

    pub(super) fn note(&self, what: What) {
        let at = self.time().since(self.start);
        self.state().trace.note(at, what);
    }

    /// Notes what the transport is given; `body` is `None` if it streams.
    pub(super) fn request(
        &self,
        head: &request::Parts,
        body: Option<&Bytes>,
        len: Option<u64>,
        options: &SendOptions,
    ) {
        let place = self.places.of(self.seed, &head.uri);
        self.state().sent.push((place, head.headers.clone()));
        self.note(What::Request {
            line: self.line(&head.method, &head.uri),
            headers: self.headers(&head.headers),
            body: body.map_or_else(|| format!("a stream of {len:?}"), |body| digest(body)),
            limits: format!("{:?}, bytes: {}", options.timeouts, options.max_response_bytes),
        });
    }

    /// Notes what a server saw of the request that was the `index`th for its place.
    pub(super) fn seen(&self, place: Place, index: usize, seen: &Seen) {
        self.note(What::Seen {
            place: format!("{place:?}"),
            line: format!("{} {}", seen.method(), seen.target()),
            body: digest(&seen.body),
        });
        let state = self.state();
        let mut here = state.sent.iter().filter(|(own, _)| *own == Some(place));
        let Some((_, headers)) = here.nth(index) else { return };
        let lost = headers.keys().find(|name| {
            let sent = headers.get_all(*name).iter().map(http::HeaderValue::as_bytes);
            !sent.eq(seen.header(name.as_str()).iter().map(Vec::as_slice))
        });
        if let Some(name) = lost.cloned() {
            drop(state);
            self.note(What::Wrong { why: format!("the server saw another {name}") });
        }
    }

    pub(super) fn answered(&self, head: &response::Parts, body: &Bytes) {
        let history = head.extensions.get::<History>().map(|history| {
            let hops = history.hops().map(|(status, origin)| format!("{status} {origin}, "));
            hops.collect::<String>() + &history.url().to_string()
        });
        self.note(What::Answered {
            history: self.places.name(&history.unwrap_or_default()),
            headers: self.headers(&head.headers),
            body: digest(body),
        });
    }

    pub(super) fn broken(&self, error: &TransportError) {
        self.note(What::Broken { kind: error.kind().name(), sent: error.sent() });
    }

    pub(super) fn line(&self, method: &Method, uri: &Uri) -> String {
        self.places.name(&format!("{method} {uri}"))
    }

    fn headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let mut all: Vec<_> = headers
            .iter()
            .filter(|(name, _)| !FRAMING.contains(&name.as_str()))
            .map(|(name, value)| {
                let value = if value.is_sensitive() {
                    digest(value.as_bytes())
                } else {
                    self.places.name(&String::from_utf8_lossy(value.as_bytes()))
                };
                (name.to_string(), value)
            })
            .collect();
        // Clients keep the order within a name, and need not keep it between names.
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// A send begins: its time passes now, so that it has passed when the answer is there.
    fn sending(&self) {
        let mut state = self.state();
        state.sends += 1;
        if let Some(stopper) = state.stopper.as_ref().filter(|own| own.after == state.sends) {
            stopper.event.set();
        }
        let takes = state.takes.one(&TAKES);
        drop(state);
        self.clock.advance(takes);
    }

    fn gave_up(&self, failure: &Failure) {
        let cause = match failure.cause() {
            Cause::Request(error) => format!("{:?}: {error}", error.kind()),
            Cause::Transport(error) => format!("{} {:?}", error.kind().name(), error.sent()),
            Cause::Response(response) => {
                format!("{} with {}", response.status(), digest(response.body()))
            }
            Cause::Refused { error, response } => {
                format!("{} and {:?}: {error}", response.status(), error.kind())
            }
            _ => "a cause that is not known here".to_owned(),
        };
        self.note(What::GaveUp {
            reason: failure.reason(),
            cause: self.places.name(&cause),
            counts: (failure.sends(), failure.attempts()),
            idle_for: failure.idle_for(),
            hint: failure.hint(),
        });
    }

    /// Lets a wait pass that was told; gives false for any other.
    fn slept(&self, time: Duration) -> bool {
        let told = self.state().told.take_if(|told| *told == time).is_some();
        if told {
            self.note(What::Slept { time });
            blocking::Clock::sleep(&self.clock, time);
        }
        told
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Journal {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Send { method, url, attempt_number, send, cause, .. } => {
                let line = self.places.name(&format!("{method} {url}"));
                let (send, attempt, cause) = (*send, *attempt_number, *cause);
                self.note(What::Send { send, attempt, cause, line });
                self.sending();
            }
            Event::Answer { status, .. } => self.note(What::Answer { status: status.as_u16() }),
            Event::Error { error, .. } => {
                self.note(What::Error { kind: error.kind().name(), sent: error.sent() });
            }
            Event::Wait { wait, reason, .. } => {
                self.note(What::Wait { wait: *wait, reason: *reason });
                self.state().told = Some(*wait);
            }
            Event::Accepted { status, sends } => {
                self.note(What::Accepted { status: status.as_u16(), sends: *sends });
            }
            Event::GaveUp { failure } => self.gave_up(failure),
            Event::Dropped { sent } => self.note(What::Dropped { sent: *sent }),
            _ => self.note(What::Wrong { why: "an event that is not known here".to_owned() }),
        }
    }
}

#[async_trait]
impl Clock for Journal {
    fn now(&self) -> Timestamp {
        self.time()
    }

    /// A sleep that no wait was told for is the driver's own limit for a send: servers here are prompt, and it never
    /// ends.
    async fn sleep(&self, wait: Duration) {
        if !self.slept(wait) {
            pending::<()>().await;
        }
    }
}

impl blocking::Clock for Journal {
    fn now(&self) -> Timestamp {
        self.time()
    }

    fn sleep(&self, wait: Duration) {
        if !self.slept(wait) {
            self.note(What::Wrong { why: format!("a sleep of {wait:?} that nobody told of") });
        }
    }
}

/// Gives length and digest: enough to compare, and no secret.
pub(super) fn digest(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("{} bytes {:016x}", bytes.len(), hasher.finish())
}
