//! The body of a request, watched on its way out: when the client took the last piece of it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_hook::TransportError;
use http_hook::body::Body;

/// The largest piece: the more there is in one, the longer nothing is seen of it.
const PIECE: usize = 64 << 10;

/// When the last piece went out, or everything began.
#[derive(Debug)]
pub(crate) struct Moved(Mutex<Instant>);

impl Moved {
    fn last_mut(&self) -> MutexGuard<'_, Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn last(&self) -> Instant {
        *self.last_mut()
    }
}

/// Has the pieces of `body` noticed, unless it is one itself.
pub(crate) fn watched(body: Body, start: Instant) -> (Body, Option<Arc<Moved>>) {
    if matches!(&body, Body::Bytes(bytes) if bytes.len() <= PIECE) {
        return (body, None);
    }
    let moved = Arc::new(Moved(Mutex::new(start)));
    let own = Outgoing { body, rest: Bytes::new(), moved: Arc::clone(&moved) };
    (Body::stream(own), Some(moved))
}

struct Outgoing {
    body: Body,
    /// What is left of a piece that was too large.
    rest: Bytes,
    moved: Arc<Moved>,
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        if self.rest.is_empty() {
            let next = match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(next) => next,
                Poll::Pending => return Poll::Pending,
            };
            match next.map(|next| next.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(trailers))) => return Poll::Ready(Some(Ok(trailers))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let count = self.rest.len().min(PIECE);
        if count > 0 {
            *self.moved.last_mut() = Instant::now();
        }
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(count)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let hint = self.body.size_hint();
        let Some(exact) = hint.exact() else { return hint };
        SizeHint::with_exact(exact.saturating_add(rest))
    }
}
