//! What a driver tells while a call runs.
//!
//! With the feature `tracing`, `Spans` makes spans of it and `Durations` a histogram, with the names of OpenTelemetry;
//! a vector of observers holds both. [`Progress`] counts calls.

#[cfg(feature = "tracing")]
mod durations;
mod observers;
mod progress;
#[cfg(feature = "tracing")]
mod spans;
#[cfg(feature = "tracing")]
mod target;

use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode};

use crate::base::{Sent, TransportError};
use crate::call::{SendCause, WaitReason};
use crate::hook::Hook;
use crate::response::Failure;

pub use crate::base::redact::{ShownUrl, sounds_secret};
pub use crate::call::RetryReason;
#[cfg(feature = "tracing")]
pub use durations::{Durations, Series};
pub use progress::Progress;
#[cfg(feature = "tracing")]
pub use spans::Spans;

/// One thing that happened in a call.
#[non_exhaustive]
pub enum Event<'a> {
    /// A request is about to be sent.
    Send {
        /// Its method.
        method: &'a Method,
        /// Its URL, without what is the connection's or may be secret.
        url: ShownUrl<'a>,
        /// The number of the attempt, from 1.
        attempt_number: u32,
        /// The ordinal of the send within the call, from 1: retries, redirects, challenges and tokens included.
        send: u32,
        /// Why it is sent.
        cause: SendCause,
        /// Whether it goes to the connection's own origin: to no other does anything of the connection go along.
        own_origin: bool,
    },
    /// The head of a response came.
    Answer {
        /// Its status.
        status: StatusCode,
        /// The time since the send began.
        took: Duration,
    },
    /// No answer came, or not all of it.
    Error {
        /// Why.
        error: &'a TransportError,
        /// The time since the send began.
        took: Duration,
    },
    /// The call waits.
    Wait {
        /// How long.
        wait: Duration,
        /// Why.
        reason: WaitReason,
        /// Why the request may be sent again after it; `None` if the wait is not for a retry.
        again: Option<RetryReason>,
        /// How long the server asked to wait, where that counts.
        asked: Option<Duration>,
    },
    /// The call ended with a response that passes.
    Accepted {
        /// Its status.
        status: StatusCode,
        /// How many requests were sent.
        sends: u32,
    },
    /// The call was given up.
    GaveUp {
        /// Why, and what came last.
        failure: &'a Failure,
    },
    /// The future of the call was dropped.
    Dropped {
        /// Whether the server can have seen any request of the call, before it was stored, too: at least `Maybe` if one was under way.
        sent: Sent,
    },
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { method, url, attempt_number, send, cause, own_origin } => f
                .debug_struct("Send")
                .field("method", method)
                .field("url", url)
                .field("attempt_number", attempt_number)
                .field("send", send)
                .field("cause", cause)
                .field("own_origin", own_origin)
                .finish(),
            Self::Answer { status, took } => {
                f.debug_struct("Answer").field("status", status).field("took", took).finish()
            }
            Self::Error { error, took } => {
                f.debug_struct("Error").field("error", error).field("took", took).finish()
            }
            Self::Wait { wait, reason, again, asked } => f
                .debug_struct("Wait")
                .field("wait", wait)
                .field("reason", reason)
                .field("again", again)
                .field("asked", asked)
                .finish(),
            Self::Accepted { status, sends } => {
                f.debug_struct("Accepted").field("status", status).field("sends", sends).finish()
            }
            Self::GaveUp { failure } => f.debug_struct("GaveUp").field("failure", failure).finish(),
            Self::Dropped { sent } => f.debug_struct("Dropped").field("sent", sent).finish(),
        }
    }
}

/// Is told what happens in a call.
///
/// An observer that panics is told nothing more of the call, which goes on as if nobody had been told.
///
/// Any `Fn(&Event<'_>)` is one, and so is a vector of several, which are told in their order.
pub trait Observer: Send + Sync {
    /// Takes note of an event.
    fn event(&self, event: &Event<'_>);

    /// Makes an observer for one call, which begins now, by this hook, and with this method, if it can be sent at all. It is for those
    /// that have to tell apart the events of calls that run at the same time. The call then tells that one alone. By default
    /// there is none, and all calls tell this one.
    fn for_call(&self, _hook: &Hook, _method: Option<&Method>) -> Option<Box<dyn Observer>> {
        None
    }

    /// Does a piece of the call's `work` in the client, which is to send, or to read: it calls `work` once, with whatever it wants around
    /// it, as a span that is current. By default that is nothing.
    fn within(&self, work: &mut dyn FnMut()) {
        work();
    }
}

impl<O: Observer + ?Sized> Observer for std::sync::Arc<O> {
    fn event(&self, event: &Event<'_>) {
        (**self).event(event);
    }

    fn for_call(&self, hook: &Hook, method: Option<&Method>) -> Option<Box<dyn Observer>> {
        (**self).for_call(hook, method)
    }

    fn within(&self, work: &mut dyn FnMut()) {
        (**self).within(work);
    }
}

impl<F: Fn(&Event<'_>) + Send + Sync> Observer for F {
    fn event(&self, event: &Event<'_>) {
        self(event);
    }
}
