//! The same suite over a blocking transport.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use http_hook::body::Body;
use http_hook::options::{Capabilities, SendOptions};
use http_hook::transport::Transport;
use http_hook::{TransportError, blocking};

use super::report::{Limit, Report};
use super::{Suite, side_by_side};

/// Runs every check over a blocking transport, four at a time, save those that drop a future.
pub fn check(transport: &dyn blocking::Transport, limits: &[Limit]) -> Report {
    let suite = Suite { transport: &InPlace(transport), limits, droppable: false };
    side_by_side(&suite, |lane| pollster::block_on(lane))
}

/// Runs these checks only, without limits: for whoever writes a transport.
pub fn only(transport: &dyn blocking::Transport, names: &[&str]) -> Report {
    let suite = Suite { transport: &InPlace(transport), limits: &[], droppable: false };
    pollster::block_on(suite.only(names))
}

/// A blocking transport that blocks inside a future: good enough for checks that run one at a time.
pub(crate) struct InPlace<'a>(pub(crate) &'a dyn blocking::Transport);

#[async_trait]
impl Transport for InPlace<'_> {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let request = request.map(|body| match body {
            Body::Bytes(bytes) => blocking::Body::from(bytes),
            stream => {
                let len = stream.len();
                blocking::Body::reader(len, Pieces { stream, rest: Bytes::new() })
            }
        });
        let response = self.0.send(request, options)?;
        Ok(response.map(|body| match body {
            blocking::Body::Bytes(bytes) => Body::from(bytes),
            blocking::Body::Reader { len, reader } => Body::stream(Frames { len, reader }),
            _ => Body::default(),
        }))
    }
}

/// A stream as a reader.
struct Pieces {
    stream: Body,
    rest: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            let next = std::future::poll_fn(|context| {
                http_body::Body::poll_frame(Pin::new(&mut self.stream), context)
            });
            match pollster::block_on(next) {
                None => return Ok(0),
                Some(frame) => {
                    let frame = frame.map_err(io::Error::other)?;
                    self.rest = frame.into_data().unwrap_or_default();
                }
            }
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest.split_to(count));
        Ok(count)
    }
}

/// A reader as a stream.
struct Frames {
    len: Option<u64>,
    reader: Box<dyn Read + Send>,
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let mut piece = vec![0; 16 << 10];
        Poll::Ready(match self.reader.read(&mut piece) {
            Ok(0) => None,
            Ok(count) => {
                piece.truncate(count);
                Some(Ok(Frame::data(piece.into())))
            }
            Err(error) => Some(Err(TransportError::from_body_io(error))),
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.len.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
