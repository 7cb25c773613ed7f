//! What machines over calls have to know of one: where its request goes, and where a link of its response leads.

use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, Response};

pub(crate) use super::cause::Counts;

use super::Call;
use super::build::{shown, whose};
use super::end::short;
use crate::base::chance::digest;
use crate::base::redact::{ShownUrl, Whose};
use crate::base::{Error, Origin, Scheme, TimeoutPhase, TransportError, TransportErrorKind};
use crate::body::Payload;
use crate::hook::Hook;
use crate::options::Timeouts;
use crate::redirect::{History, rewrite};
use crate::request::link::Link;
use crate::response::{Asked, Cause, Failure, StopReason};

/// Where the first request of a call goes, and what was planned. Its clones are cheap.
#[derive(Clone)]
pub(crate) struct Place {
    origin: Origin,
    target: PathAndQuery,
    method: Method,
    planned: PathAndQuery,
}

/// What the errors of an answer say of its call, for who has the answer alone.
pub(crate) struct Whence {
    hook: Hook,
    place: Place,
    limits: Timeouts,
    deadline: Option<Duration>,
}

impl Call {
    /// Has the [counts](Counts) put on the response that passes, as an extension: for a machine over calls, and for who
    /// reads it. They are taken off again.
    pub(crate) fn counted(mut self) -> Self {
        if let Ok(state) = &mut self.0 {
            state.ready.more.get_or_insert_default().counted = true;
        }
        self
    }

    /// Where the first request goes; `None` if there is none.
    pub(crate) fn place(&self, hook: &Hook) -> Option<Place> {
        let ready = &self.0.as_ref().ok()?.ready;
        let (origin, target) = match ready.link() {
            Some(link) => (&link.origin, &link.target),
            None => (hook.origin(), &ready.target),
        };
        Some(Place {
            origin: origin.clone(),
            target: target.clone(),
            method: ready.method.clone(),
            planned: ready.target.clone(),
        })
    }

    /// What the errors of its answer are to say of the call; `None` if it cannot be sent.
    pub(crate) fn whence(&self, hook: &Hook) -> Option<Whence> {
        let state = self.0.as_ref().ok()?;
        Some(Whence {
            hook: hook.clone(),
            place: self.place(hook)?,
            limits: *state.ready.in_force.timeouts(),
            deadline: state.deadline.map(|deadline| deadline.since(state.started)),
        })
    }

    /// Sixteen hexadecimal digits of what is asked for: two calls with the same ask the same.
    pub(crate) fn asks(&self, hook: &Hook) -> String {
        let Ok(state) = &self.0 else { return String::new() };
        let mut text = state.ready.method.to_string();
        if let Some(Place { origin, target, .. }) = self.place(hook) {
            text = format!("{text} {origin}{target}\n");
        }
        if let Payload::Bytes(body) = &state.ready.payload {
            text.push_str(&String::from_utf8_lossy(body));
        }
        digest(&text).get(..16).unwrap_or_default().to_owned()
    }
}

impl Place {
    /// Resolves the target of a link against the URL that the response came from, by the rules of redirects.
    ///
    /// # Errors
    ///
    /// Those of a `Location`.
    pub(crate) fn follow(&self, response: &Response<Bytes>, link: &[u8]) -> Result<Link, Error> {
        let led = History::of(response).map(History::url).and_then(|url| {
            let origin: Origin = url.to_string().parse().ok()?;
            Some((origin, url.path_and_query()?.clone()))
        });
        let (origin, target) =
            led.as_ref().map_or((&self.origin, &self.target), |(origin, target)| (origin, target));
        let target = rewrite::target(origin, target, link).map_err(|error| {
            let says = error.message().replacen("location", "link", 1);
            Error::new(error.kind(), says)
        })?;
        let secure = origin.scheme() == Scheme::Https;
        Ok(Link { origin: target.origin, target: target.path, secure })
    }

    /// What was asked for, as it may be shown; `led_to` is where redirects led.
    #[cold]
    pub(crate) fn asked(&self, hook: &Hook, led_to: Option<String>) -> Asked {
        let by_link = self.origin != *hook.origin() || self.target != self.planned;
        let linked = || shown(&self.origin, &self.target, Whose::Hidden);
        Asked {
            method: self.method.clone(),
            url: shown(hook.origin(), &self.planned, whose(hook, &self.planned)),
            led_to: led_to.or_else(|| by_link.then(linked)),
            no_retries: false,
            whole_url: false,
        }
    }
}

impl Whence {
    /// Makes a failure of an answer that passes, and is not what its reader expected.
    #[cold]
    pub(crate) fn unexpected(&self, error: Error, mut answer: Response<Bytes>) -> Failure {
        let counts = answer.extensions_mut().remove::<Counts>().unwrap_or_default();
        let shown = |history: &History| ShownUrl::new(history.url(), Whose::Hidden).to_string();
        let led_to = History::of(&answer).map(shown);
        let cause = Cause::Refused { error, response: Box::new(short(answer)) };
        let cause = self.hook.with_reason_shown(cause);
        Failure::new(StopReason::Check, cause)
            .with_asked(Some(self.place.asked(&self.hook, led_to)))
            .with_counts(counts.sends, counts.attempts, counts.idle_for)
    }

    /// Has an error of the body say which call it is of, and a time-out which limit passed.
    #[cold]
    pub(crate) fn broken(&self, error: TransportError) -> TransportError {
        let error = match error.kind() {
            TransportErrorKind::Timeout(phase) => {
                let deadline = self.deadline.filter(|_| phase == TimeoutPhase::Total);
                error.of_limit(self.limits.says(phase, deadline))
            }
            _ => error,
        };
        let asked = self.place.asked(&self.hook, None);
        let message = format!("{error}; {} {}", asked.method, asked.url);
        error.with_message(message)
    }
}
