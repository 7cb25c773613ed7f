//! Bodies one after the other, as one: what a multipart body with sources is made of.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::blocking;
use crate::base::TransportError;
use crate::body::Body;

/// Async bodies in a row. Trailers of any but the last are left out.
pub(crate) struct Joined {
    pub(crate) bodies: VecDeque<Body>,
    pub(crate) len: Option<u64>,
}

impl http_body::Body for Joined {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        loop {
            let Some(first) = self.bodies.front_mut() else { return Poll::Ready(None) };
            match Pin::new(first).poll_frame(context) {
                Poll::Ready(None) => {
                    self.bodies.pop_front();
                }
                Poll::Ready(Some(Ok(frame))) if frame.is_trailers() => {}
                other => return other,
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bodies.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        // What is left is not counted: only a body that nothing was read of has its whole length.
        self.len.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// Readers in a row.
pub(crate) struct JoinedReaders(pub(crate) VecDeque<Box<dyn Read + Send>>);

impl Read for JoinedReaders {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(first) = self.0.front_mut() {
            let read = first.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            self.0.pop_front();
        }
        Ok(0)
    }
}

impl blocking::Body {
    /// Returns the body as a reader.
    pub(crate) fn into_reader(self) -> Box<dyn Read + Send> {
        match self {
            Self::Bytes(bytes) => Box::new(io::Cursor::new(bytes)),
            Self::Reader { reader, .. } => reader,
        }
    }
}
