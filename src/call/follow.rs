//! What machines over calls have to know of one: where its request goes, and where a link of its response leads.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::uri::PathAndQuery;

use super::Call;
use crate::base::chance::digest;
use crate::base::{Error, Origin, Scheme};
use crate::body::Payload;
use crate::hook::Hook;
use crate::redirect::{History, rewrite};
use crate::request::link::Link;

/// Where the first request of a call goes.
#[derive(Clone)]
pub(crate) struct Place {
    origin: Origin,
    target: PathAndQuery,
}

/// What a call has cost.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) sends: u32,
    pub(crate) attempts: u32,
    pub(crate) idle_for: Duration,
}

impl Call {
    /// Has the [counts](Counts) put on the response that passes, as an extension: for a machine over calls, which takes them off.
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
        Some(Place { origin: origin.clone(), target: target.clone() })
    }

    /// Sixteen hexadecimal digits of what is asked for: two calls with the same ask the same.
    pub(crate) fn asks(&self, hook: &Hook) -> String {
        let Ok(state) = &self.0 else { return String::new() };
        let mut text = state.ready.method.to_string();
        if let Some(Place { origin, target }) = self.place(hook) {
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
            Some(Self { origin, target: url.path_and_query()?.clone() })
        });
        let Self { origin, target } = led.as_ref().unwrap_or(self);
        let target = rewrite::target(origin, target, link).map_err(|error| {
            let says = error.message().replacen("location", "link", 1);
            Error::new(error.kind(), says)
        })?;
        let secure = origin.scheme() == Scheme::Https;
        Ok(Link { origin: target.origin, target: target.path, secure })
    }
}
