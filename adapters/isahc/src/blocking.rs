//! The blocking side: the caller's thread waits, and reads the request body meanwhile.

use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::Frame;
use http_hook::body::Body;
use http_hook::options::{Capabilities, SendOptions};
use http_hook::transport::Transport;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind, blocking};
use pollster::block_on;

use crate::IsahcTransport;
use crate::error::guard;

const PIECE: usize = 16 << 10;

impl blocking::Transport for IsahcTransport {
    fn capabilities(&self) -> Capabilities {
        Transport::capabilities(self)
    }

    fn send(
        &self,
        request: Request<blocking::Body>,
        options: &SendOptions,
    ) -> Result<Response<blocking::Body>, TransportError> {
        let (parts, body) = request.into_parts();
        let response = match body {
            blocking::Body::Bytes(bytes) => {
                block_on(Transport::send(self, Request::from_parts(parts, bytes.into()), options))
            }
            blocking::Body::Reader { len, mut reader } => {
                let pipe = Pipe::default();
                let body = Body::stream(Piped { pipe: pipe.clone(), len });
                let request = Request::from_parts(parts, body);
                let mut sending = pin!(Transport::send(self, request, options));
                block_on(poll_fn(|context| {
                    pipe.lock().caller = Some(context.waker().clone());
                    let polled = sending.as_mut().poll(context);
                    if polled.is_pending() {
                        pipe.fill(&mut *reader);
                    }
                    polled
                }))
            }
            _ => {
                return Err(crate::error::refused(
                    "a kind of body that this transport does not know",
                ));
            }
        }?;
        Ok(response.map(|body| match body {
            Body::Bytes(bytes) => bytes.into(),
            stream => blocking::Body::reader(stream.len(), Reader { stream, rest: Bytes::new() }),
        }))
    }
}

/// The body of an answer, as a reader.
struct Reader {
    stream: Body,
    rest: Bytes,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            let next =
                poll_fn(|context| http_body::Body::poll_frame(Pin::new(&mut self.stream), context));
            let Some(frame) = block_on(next) else { return Ok(0) };
            self.rest = frame.map_err(io::Error::other)?.into_data().unwrap_or_default();
        }
        let count = self.rest.len().min(buffer.len());
        self.rest.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

/// One piece of a request body between the caller's thread, which reads it from a source that blocks, and
/// isahc's, which must not block.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Piece>>);

#[derive(Default)]
struct Piece {
    ready: Option<io::Result<Vec<u8>>>,
    wanted: bool,
    client: Option<Waker>,
    caller: Option<Waker>,
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, Piece> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the next piece if isahc waits for one.
    fn fill(&self, reader: &mut dyn Read) {
        if !std::mem::take(&mut self.lock().wanted) {
            return;
        }
        let mut bytes = vec![0; PIECE];
        let read = loop {
            match guard(|| reader.read(&mut bytes)) {
                Err(_) => break Err(io::Error::other("the source panicked")),
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(read) => break read,
            }
        };
        let mut piece = self.lock();
        piece.ready = Some(read.map(|count| {
            bytes.truncate(count);
            bytes
        }));
        if let Some(client) = piece.client.take() {
            client.wake();
        }
    }
}

/// isahc's end of the pipe.
struct Piped {
    pipe: Pipe,
    len: Option<u64>,
}

impl http_body::Body for Piped {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let mut piece = self.pipe.lock();
        match piece.ready.take() {
            Some(Ok(bytes)) if bytes.is_empty() => {
                piece.ready = Some(Ok(bytes)); // the end stays the end
                Poll::Ready(None)
            }
            Some(Ok(bytes)) => Poll::Ready(Some(Ok(Frame::data(bytes.into())))),
            Some(Err(_)) => {
                Poll::Ready(Some(Err(TransportError::new(Kind::RequestBody, Sent::Maybe))))
            }
            None => {
                piece.wanted = true;
                piece.client = Some(context.waker().clone());
                if let Some(caller) = piece.caller.take() {
                    caller.wake();
                }
                Poll::Pending
            }
        }
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.len.map_or_else(http_body::SizeHint::default, http_body::SizeHint::with_exact)
    }
}
