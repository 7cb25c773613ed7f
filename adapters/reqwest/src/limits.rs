//! Limits of time on tokio's timer, which is asked only once something is waited for.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http_hook::transport::TimeoutPhase;
use tokio::time::{Sleep, sleep_until};

/// A moment by which something has to be done, and what it was waited for. There may be none.
#[derive(Debug)]
pub(crate) struct Limit {
    at: Option<(Instant, TimeoutPhase)>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Limit {
    pub(crate) const fn none() -> Self {
        Self { at: None, sleep: None }
    }

    /// Gives the moment `limit` after `start`.
    pub(crate) fn after(start: Instant, limit: Option<Duration>, phase: TimeoutPhase) -> Self {
        let at = limit.and_then(|limit| start.checked_add(limit));
        Self { at: at.map(|at| (at, phase)), sleep: None }
    }

    /// Gives the moment of this limit or of `other`, whichever is earlier.
    pub(crate) fn or_earlier(self, other: &Self) -> Self {
        let at = match (self.at, other.at) {
            (Some(own), Some(other)) => Some(if other.0 < own.0 { other } else { own }),
            (own, other) => own.or(other),
        };
        Self { at, sleep: self.sleep }
    }

    /// Puts the limit off, keeping its timer.
    pub(crate) fn put_off(&mut self, other: &Self) {
        self.at = other.at;
        if let (Some(sleep), Some((at, _))) = (&mut self.sleep, self.at) {
            sleep.as_mut().reset(at.into());
        }
    }

    /// Is ready once the moment has come.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<TimeoutPhase> {
        let Some((at, phase)) = self.at else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at.into())));
        sleep.as_mut().poll(context).map(|()| phase)
    }
}
