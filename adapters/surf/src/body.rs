//! Bodies on their way through surf: [`Outgoing`] is read by its client, [`Incoming`] by the caller.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_io::{AsyncBufRead, AsyncRead};
use http_body::{Frame, SizeHint};
use http_hook::body::Body;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

use crate::error::{guard, of_body};

/// Why the caller's source of a request body failed, if it did: surf's error need not tell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source(Arc<OnceLock<&'static str>>);

impl Source {
    pub(crate) fn failed(&self) -> Option<TransportError> {
        let why = self.0.get()?;
        Some(TransportError::new(Kind::RequestBody, Sent::Maybe).with_source(*why))
    }
}

/// The body of a request, as a reader that cannot be wound back. One that gives more or less than was announced is an error.
pub(crate) struct Outgoing {
    /// Never locked: surf asks for `Sync`, which a body need not be.
    body: Mutex<Body>,
    rest: Bytes,
    left: Option<u64>,
    ended: bool,
    source: Source,
}

impl Outgoing {
    pub(crate) fn into_surf(body: Body, source: Source) -> surf::Body {
        let left = body.len();
        let length = left.and_then(|left| usize::try_from(left).ok());
        let body = Mutex::new(body);
        let own = Self { body, rest: Bytes::new(), left, ended: false, source };
        surf::Body::from_reader(own, length)
    }

    /// Takes in the next piece.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
        let frame = match guard(|| http_body::Body::poll_frame(Pin::new(body), context)) {
            Err(_) => return Poll::Ready(Err("the source panicked")),
            Ok(polled) => ready!(polled),
        };
        Poll::Ready(match frame {
            Some(Err(_)) => Err("the source failed"),
            None if self.left.is_some_and(|left| left > 0) => Err("the source gave too little"),
            None => {
                self.ended = true;
                Ok(())
            }
            Some(Ok(frame)) => {
                let data = frame.into_data().unwrap_or_default();
                let left = self.left.map(|left| left.checked_sub(data.len() as u64));
                if left == Some(None) {
                    return Poll::Ready(Err("the source gave too much"));
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

impl AsyncBufRead for Outgoing {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let own = self.get_mut();
        // The last piece goes out only when the source has ended: afterwards nobody asks.
        while !own.ended && (own.rest.is_empty() || own.left == Some(0)) {
            if let Err(why) = ready!(own.poll_piece(context)) {
                let _ = own.source.0.set(why);
                return Poll::Ready(Err(io::Error::other(why)));
            }
        }
        Poll::Ready(Ok(&own.rest))
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        self.rest.advance(count);
    }
}

impl AsyncRead for Outgoing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let piece = ready!(self.as_mut().poll_fill_buf(context))?;
        let count = piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&piece[..count]);
        self.consume(count);
        Poll::Ready(Ok(count))
    }
}

/// The body of an answer, with its length checked: async-h1 takes half a body for a whole one.
pub(crate) struct Incoming {
    body: surf::Body,
    left: Option<u64>,
}

impl Incoming {
    pub(crate) fn new(body: surf::Body, left: Option<u64>) -> Self {
        Self { body, left }
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let piece = ready!(Pin::new(&mut self.body).poll_fill_buf(context))?;
        let piece = Bytes::copy_from_slice(piece);
        Pin::new(&mut self.body).consume(piece.len());
        Poll::Ready(Ok(piece))
    }

    fn count(&mut self, piece: &Bytes) -> Result<(), TransportError> {
        let left = self.left.map(|left| left.checked_sub(piece.len() as u64));
        if left == Some(None) || (piece.is_empty() && self.left.is_some_and(|left| left > 0)) {
            let error = TransportError::new(Kind::Body, Sent::Yes);
            return Err(error.with_source("the body has not the announced length"));
        }
        self.left = left.flatten();
        Ok(())
    }
}

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let piece = match guard(|| self.poll_piece(context)) {
            Err(bug) => Err(bug),
            Ok(polled) => ready!(polled).map_err(|error| of_body(&error)),
        };
        let piece = piece.and_then(|piece| self.count(&piece).map(|()| piece));
        Poll::Ready(match piece {
            Ok(piece) if piece.is_empty() => None,
            piece => Some(piece.map(Frame::data)),
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
