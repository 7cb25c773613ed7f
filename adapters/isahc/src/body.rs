//! Bodies on their way through isahc: [`Outgoing`] is read by its thread, [`Incoming`] by the caller.

use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_io::AsyncRead;
use http_body::{Frame, SizeHint};
use http_hook::body::Body;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use isahc::AsyncBody;

use crate::error::{SourceFailed, guard, of_body};

const PIECE: usize = 16 << 10;

/// The body of a request, as a reader that cannot be wound back: so libcurl cannot send it twice.
pub(crate) struct Outgoing {
    /// Never locked: isahc asks for `Sync`, which a body need not be.
    body: Mutex<Body>,
    rest: Bytes,
    left: Option<u64>,
    ended: bool,
}

impl Outgoing {
    pub(crate) fn into_isahc(body: Body) -> AsyncBody {
        if body.is_empty() {
            return AsyncBody::empty();
        }
        let left = body.len();
        let own = Self { body: Mutex::new(body), rest: Bytes::new(), left, ended: false };
        match left {
            Some(length) => AsyncBody::from_reader_sized(own, length),
            None => AsyncBody::from_reader(own),
        }
    }

    /// Takes in the next piece. More or less than was announced is an error.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<(), SourceFailed>> {
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
        let polled = guard(|| http_body::Body::poll_frame(Pin::new(body), context));
        Poll::Ready(match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Err(_) => Err(SourceFailed("the source panicked")),
            Ok(Poll::Ready(Some(Err(_)))) => Err(SourceFailed("the source failed")),
            Ok(Poll::Ready(None)) => {
                self.ended = true;
                let short = self.left.is_some_and(|left| left > 0);
                if short { Err(SourceFailed("the source gave too little")) } else { Ok(()) }
            }
            Ok(Poll::Ready(Some(Ok(frame)))) => {
                let data = frame.into_data().unwrap_or_default();
                let left = self.left.map(|left| left.checked_sub(data.len() as u64));
                if left == Some(None) {
                    return Poll::Ready(Err(SourceFailed("the source gave too much")));
                }
                self.left = left.flatten();
                if !data.is_empty() {
                    self.rest = data;
                }
                Ok(())
            }
        })
    }
}

impl AsyncRead for Outgoing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        // The last piece goes out only when the source has ended: afterwards libcurl no longer asks.
        while !self.ended && (self.rest.is_empty() || self.left == Some(0)) {
            match self.poll_piece(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(failed)) => return Poll::Ready(Err(io::Error::other(failed))),
                Poll::Ready(Ok(())) => {}
            }
        }
        let count = self.rest.len().min(buffer.len());
        self.rest.copy_to_slice(&mut buffer[..count]);
        Poll::Ready(Ok(count))
    }
}

/// The body of an answer, with its length checked once more: libcurl ignores a length that it cannot count to.
pub(crate) struct Incoming {
    body: AsyncBody,
    left: Option<u64>,
    piece: Vec<u8>,
}

impl Incoming {
    pub(crate) fn new(body: AsyncBody, left: Option<u64>) -> Self {
        Self { body, left, piece: Vec::new() }
    }

    fn read(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, TransportError>> {
        let wanted = self.left.map_or(PIECE, |left| usize::try_from(left).unwrap_or(PIECE));
        self.piece.resize(wanted.clamp(1, PIECE), 0);
        let read = guard(|| Pin::new(&mut self.body).poll_read(context, &mut self.piece));
        Poll::Ready(match read {
            Err(bug) => Err(bug),
            Ok(read) => match ready!(read) {
                Err(error) => Err(of_body(&error)),
                Ok(count) => self.take(count),
            },
        })
    }

    fn take(&mut self, count: usize) -> Result<Bytes, TransportError> {
        let left = self.left.map(|left| left.checked_sub(count as u64));
        if left == Some(None) || (count == 0 && self.left.is_some_and(|left| left > 0)) {
            let error = TransportError::new(Kind::Body, Sent::Yes);
            return Err(error.with_source("the body has not the announced length"));
        }
        self.left = left.flatten();
        if count < self.piece.len() / 2 {
            return Ok(Bytes::copy_from_slice(&self.piece[..count]));
        }
        let mut piece = std::mem::take(&mut self.piece);
        piece.truncate(count);
        Ok(piece.into())
    }
}

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        // The end is known by the length: isahc's thread need not be waited for once more, to say so.
        if self.left == Some(0) {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.read(context)) {
            Ok(piece) if piece.is_empty() => None,
            read => Some(read.map(Frame::data)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
