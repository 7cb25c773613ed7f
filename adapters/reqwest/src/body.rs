//! Bodies on their way through reqwest: [`Outgoing`] with its length checked, [`Incoming`] with its limits of time.

use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_hook::body::Body;
use http_hook::transport::TimeoutPhase;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

use crate::error::{guard, of_body};
use crate::limits::Limit;

/// Why the caller's source of a request body failed, if it did: reqwest's error need not tell.
/// A body in memory has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source(Option<Arc<OnceLock<&'static str>>>);

impl Source {
    fn new() -> Self {
        Self(Some(Arc::default()))
    }

    fn fails(&self, why: &'static str) {
        if let Some(own) = &self.0 {
            let _ = own.set(why);
        }
    }

    pub(crate) fn failed(&self) -> Option<TransportError> {
        let why = self.0.as_ref()?.get()?;
        Some(TransportError::new(Kind::RequestBody, Sent::Maybe).with_source(*why))
    }
}

/// The body of a request. One that gives more or less than was announced is an error.
pub(crate) struct Outgoing {
    /// Never locked: reqwest asks for `Sync`, which a body need not be.
    body: Mutex<Body>,
    left: Option<u64>,
    /// The last piece goes out only when the source has ended.
    last: Option<Bytes>,
    source: Source,
}

impl Outgoing {
    pub(crate) fn into_reqwest(body: Body) -> (reqwest::Body, Source) {
        match body {
            body if body.is_empty() => (Bytes::new().into(), Source::default()),
            Body::Bytes(bytes) => (bytes.into(), Source::default()),
            body => {
                let (left, source) = (body.len(), Source::new());
                let own = Self { left, body: Mutex::new(body), last: None, source: source.clone() };
                (reqwest::Body::wrap(own), source)
            }
        }
    }

    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, &'static str>> {
        loop {
            let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
            let frame = match guard(|| http_body::Body::poll_frame(Pin::new(body), context)) {
                Err(_) => return Poll::Ready(Err("the source panicked")),
                Ok(polled) => ready!(polled).transpose(),
            };
            let Ok(frame) = frame else { return Poll::Ready(Err("the source failed")) };
            let Some(frame) = frame else {
                let short = self.last.is_none() && self.left.is_some_and(|left| left > 0);
                let end =
                    if short { Err("the source gave too little") } else { Ok(self.last.take()) };
                return Poll::Ready(end);
            };
            let data = frame.into_data().unwrap_or_default();
            let Some(left) = self.left else { return Poll::Ready(Ok(Some(data))) };
            let Some(left) = left.checked_sub(data.len() as u64) else {
                return Poll::Ready(Err("the source gave too much"));
            };
            self.left = Some(left);
            match left {
                0 if data.is_empty() => {}
                0 => self.last = Some(data),
                _ => return Poll::Ready(Ok(Some(data))),
            }
        }
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let piece = ready!(self.poll_piece(context)).map_err(|why| {
            self.source.fails(why);
            TransportError::new(Kind::RequestBody, Sent::Maybe)
        });
        Poll::Ready(piece.transpose().map(|piece| piece.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        let last = self.last.as_ref().map_or(0, |last| last.len() as u64);
        self.left.map_or_else(SizeHint::default, |left| SizeHint::with_exact(left + last))
    }
}

/// The body of an answer.
pub(crate) struct Incoming {
    body: reqwest::Body,
    idle: Option<Duration>,
    total: Limit,
    limit: Limit,
    waiting: bool,
}

impl Incoming {
    pub(crate) fn new(body: reqwest::Body, idle: Option<Duration>, total: Limit) -> Self {
        Self { body, idle, total, limit: Limit::none(), waiting: false }
    }

    fn poll_limit(&mut self, context: &mut Context<'_>) -> Poll<TimeoutPhase> {
        if !self.waiting {
            self.waiting = true;
            let idle = Limit::after(Instant::now(), self.idle, TimeoutPhase::Body);
            self.limit.put_off(&idle.or_earlier(&self.total));
        }
        self.limit.poll(context)
    }
}

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let error = match guard(|| Pin::new(&mut self.body).poll_frame(context)) {
            Err(bug) => bug,
            Ok(Poll::Ready(None)) => return Poll::Ready(None),
            Ok(Poll::Ready(Some(Ok(frame)))) => {
                self.waiting = false;
                return Poll::Ready(Some(Ok(frame)));
            }
            Ok(Poll::Ready(Some(Err(error)))) => of_body(error),
            Ok(Poll::Pending) => {
                TransportError::new(Kind::Timeout(ready!(self.poll_limit(context))), Sent::Yes)
            }
        };
        // The connection is closed now and not when the caller drops this.
        self.body = reqwest::Body::from(Bytes::new());
        Poll::Ready(Some(Err(error)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
