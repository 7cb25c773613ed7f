//! What the calls of a fan-out tell of the server: when each send begins, and what comes of it.

use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;

use super::limiter::{Begun, Came, Limiter};
use crate::base::{TransportError, TransportErrorKind};
use crate::call::SendCause;
use crate::observe::{Event, Observer};

/// The limit, which each send and each answer moves.
#[derive(Debug)]
pub(super) struct Gauge(Mutex<Limiter>);

impl Gauge {
    pub(super) fn new(limiter: Limiter) -> Arc<Self> {
        Arc::new(Self(Mutex::new(limiter)))
    }

    /// What counts the sends of one call.
    pub(super) fn meter(self: &Arc<Self>) -> Box<dyn Observer> {
        Box::new(Meter { gauge: Arc::clone(self), open: Mutex::new(None) })
    }

    pub(super) fn allowed(&self) -> usize {
        self.with(|limiter| limiter.allowed())
    }

    pub(super) fn reached(&self) -> usize {
        self.with(|limiter| limiter.reached())
    }

    fn with<T>(&self, what: impl FnOnce(&mut Limiter) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Meter {
    gauge: Arc<Gauge>,
    /// The send under way.
    open: Mutex<Option<Begun>>,
}

impl Observer for Meter {
    fn event(&self, event: &Event<'_>) {
        let came = match event {
            Event::Answer { status, took } if !is_overload(*status) => Came::After(*took),
            Event::Answer { .. } => Came::Overload,
            Event::Error { error, .. } if is_timeout(error) => Came::Overload,
            _ => Came::Nothing,
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(begun) = open.take() {
            self.gauge.with(|limiter| limiter.end(begun, came));
        }
        // What goes to another origin, and where tokens are had, says nothing of this server.
        if matches!(event, Event::Send { own_origin: true, cause, .. } if *cause != SendCause::Token)
        {
            *open = Some(self.gauge.with(Limiter::begin));
        }
    }
}

/// Whether the server says that it has too much to do, or one before it does.
const fn is_overload(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 503 | 504)
}

const fn is_timeout(error: &TransportError) -> bool {
    matches!(error.kind(), TransportErrorKind::Timeout(_))
}
