//! Bodies that arrive in pieces, and may break off.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};
use http_hook::body::Body;
use http_hook::{Sent, TransportError, TransportErrorKind, blocking};

use crate::reply::Answer;

/// The pieces of a body that are still to come, the next one last.
struct Pieces {
    pieces: Vec<Bytes>,
    breaks_off: Option<TransportError>,
}

impl Pieces {
    fn next(&mut self) -> Option<Result<Bytes, TransportError>> {
        let piece = self.pieces.pop().map(Ok);
        piece.or_else(|| self.breaks_off.take().map(Err))
    }
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        Poll::Ready(self.next().map(|piece| piece.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let mut piece = match self.next() {
                None => return Ok(0),
                Some(piece) => piece.map_err(io::Error::other)?,
            };
            if piece.is_empty() {
                continue;
            }
            let count = piece.len().min(buffer.len());
            piece.copy_to_slice(&mut buffer[..count]);
            if !piece.is_empty() {
                self.pieces.push(piece);
            }
            return Ok(count);
        }
    }
}

/// One whole piece is a body in memory; anything else is a stream.
fn split(mut answer: Answer) -> Result<Bytes, Pieces> {
    if answer.breaks_off || answer.pieces.len() > 1 {
        answer.pieces.reverse();
        let breaks_off = answer.breaks_off.then(broken_off);
        return Err(Pieces { pieces: answer.pieces, breaks_off });
    }
    Ok(answer.pieces.pop().unwrap_or_default())
}

pub(crate) fn body(answer: Answer) -> Body {
    split(answer).map_or_else(Body::stream, Body::from)
}

pub(crate) fn blocking_body(answer: Answer) -> blocking::Body {
    let reader = |pieces| blocking::Body::reader(None, pieces);
    split(answer).map_or_else(reader, blocking::Body::from)
}

fn broken_off() -> TransportError {
    TransportError::new(TransportErrorKind::Body, Sent::Yes)
        .with_source("the script breaks the body off here")
}
