//! Bodies on their way through a service: [`Outgoing`] holds a source to what it promised, [`Incoming`] tells errors
//! apart.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};
use http_hook::body::{Body, BoxBody};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

use crate::BoxError;
use crate::error::{guard, of_body};

/// The streamed body of a request. More or less than was announced is an error.
pub(crate) struct Outgoing {
    body: BoxBody,
    left: Option<u64>,
    /// The last piece, until the source has ended: afterwards nobody asks whether it goes on.
    held: Option<Bytes>,
    ended: bool,
}

impl Outgoing {
    pub(crate) fn wrap(body: Body) -> Body {
        match body {
            Body::Stream(body) => {
                let left = http_body::Body::size_hint(&body).exact();
                Body::stream(Self { body, left, held: None, ended: false })
            }
            whole => whole,
        }
    }

    /// Takes in the next piece: `None` if it is empty or held back.
    fn piece(&mut self, frame: Option<Frame<Bytes>>) -> Result<Option<Bytes>, &'static str> {
        let Some(frame) = frame else {
            self.ended = true;
            let short = self.left.is_some_and(|left| left > 0);
            return if short { Err("the source gave too little") } else { Ok(self.held.take()) };
        };
        let data = frame.into_data().unwrap_or_default();
        if data.is_empty() {
            return Ok(None);
        }
        let left = self.left.map(|left| left.checked_sub(data.len() as u64));
        if left == Some(None) {
            return Err("the source gave too much");
        }
        self.left = left.flatten();
        if self.left == Some(0) {
            self.held = Some(data);
            return Ok(None);
        }
        Ok(Some(data))
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        while !self.ended {
            let polled = guard(|| self.body.as_mut().poll_frame(context));
            let piece = match polled {
                Ok(Poll::Pending) => return Poll::Pending,
                Err(_) => Err("the source panicked"),
                Ok(Poll::Ready(Some(Err(_)))) => Err("the source failed"),
                Ok(Poll::Ready(None)) => self.piece(None),
                Ok(Poll::Ready(Some(Ok(frame)))) => self.piece(Some(frame)),
            };
            match piece {
                Ok(None) => {}
                Ok(Some(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Err(why) => {
                    self.ended = true;
                    let error = TransportError::new(Kind::RequestBody, Sent::Maybe);
                    return Poll::Ready(Some(Err(error.with_source(why))));
                }
            }
        }
        Poll::Ready(None)
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.held.as_ref().map_or(0, Bytes::len) as u64;
        self.left
            .map_or_else(SizeHint::default, |left| SizeHint::with_exact(left.saturating_add(held)))
    }
}

/// The body of an answer.
pub(crate) struct Incoming<B>(Pin<Box<B>>);

impl<B> Incoming<B> {
    pub(crate) fn new(body: B) -> Self {
        Self(Box::pin(body))
    }
}

impl<B> http_body::Body for Incoming<B>
where
    B: http_body::Body,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        Poll::Ready(match guard(|| self.0.as_mut().poll_frame(context)) {
            Err(bug) => Some(Err(bug)),
            Ok(next) => ready!(next).map(|frame| {
                let frame = frame.map_err(|error| of_body(error.into()))?;
                Ok(frame.map_data(|mut data| data.copy_to_bytes(data.remaining())))
            }),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
