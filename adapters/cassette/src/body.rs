//! Bodies that break off after what was recorded of them.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::Frame;
use http_hook::body::Body;
use http_hook::{TransportError, blocking};

/// Some bytes, then an error.
struct Broken {
    bytes: Bytes,
    error: Option<TransportError>,
}

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let bytes = std::mem::take(&mut self.bytes);
        let rest = (!bytes.is_empty()).then(|| Ok(Frame::data(bytes)));
        Poll::Ready(rest.or_else(|| self.error.take().map(Err)))
    }
}

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.len().min(buffer.len());
        self.bytes.copy_to_slice(&mut buffer[..count]);
        match self.error.take_if(|_| count == 0 && !buffer.is_empty()) {
            Some(error) => Err(io::Error::other(error)),
            None => Ok(count),
        }
    }
}

/// Makes a body that ends in `error` after `bytes`.
pub(crate) fn broken(bytes: Bytes, error: TransportError) -> Body {
    Body::stream(Broken { bytes, error: Some(error) })
}

/// Makes the same in the blocking way.
pub(crate) fn blocking_broken(bytes: Bytes, error: TransportError) -> blocking::Body {
    blocking::Body::reader(None, Broken { bytes, error: Some(error) })
}
