//! An async transport from a thread that waits, and reads the request body meanwhile.

use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use http_hook::body::Body;
use http_hook::options::SendOptions;
use http_hook::transport::Transport;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind, blocking};
use pollster::block_on;

/// How much of a request body is read at once: as much as libcurl sends.
const PIECE: usize = 64 << 10;

/// Sends by an async transport, blocking the thread. It has to be one that needs no runtime.
///
/// The request body is read on this thread, so that the client's own are never blocked by it.
///
/// # Errors
///
/// The transport's own, or why the request body could not be read.
///
/// # Examples
///
/// A blocking transport of an async one:
///
/// ```
/// use http::{Request, Response};
/// use http_hook::options::{Capabilities, SendOptions};
/// use http_hook::{TransportError, blocking, transport};
/// use http_hook_clock::send_blocking;
///
/// struct Blocking<T>(T);
///
/// impl<T: transport::Transport> blocking::Transport for Blocking<T> {
///     fn capabilities(&self) -> Capabilities {
///         self.0.capabilities()
///     }
///
///     fn send(
///         &self,
///         request: Request<blocking::Body>,
///         options: &SendOptions,
///     ) -> Result<Response<blocking::Body>, TransportError> {
///         send_blocking(&self.0, request, options)
///     }
/// }
/// ```
pub fn send_blocking<T: Transport + ?Sized>(
    transport: &T,
    request: Request<blocking::Body>,
    options: &SendOptions,
) -> Result<Response<blocking::Body>, TransportError> {
    let (parts, body) = request.into_parts();
    let response = match body {
        blocking::Body::Bytes(bytes) => {
            block_on(transport.send(Request::from_parts(parts, bytes.into()), options))
        }
        body => {
            let (pipe, len) = (Pipe::default(), body.len());
            let (mut reader, source) = body.exact();
            let body = Body::stream(Piped { pipe: pipe.clone(), len });
            let mut sending = pin!(transport.send(Request::from_parts(parts, body), options));
            block_on(poll_fn(|context| {
                pipe.answers(context.waker());
                let polled = sending.as_mut().poll(context);
                if polled.is_pending() {
                    pipe.fill(&mut reader);
                }
                polled
            }))
            .map_err(|error| source.failure().unwrap_or(error))
        }
    }?;
    Ok(response.map(|body| match body {
        Body::Bytes(bytes) => bytes.into(),
        stream => blocking::Body::reader(stream.len(), Reader { stream, rest: Bytes::new() }),
    }))
}

/// The body of a response, as a reader.
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
        let count = (&self.rest[..]).read(buffer)?;
        self.rest.advance(count);
        Ok(count)
    }
}

/// One piece of a request body between the caller's thread, which reads it from a source that blocks, and the client's, which must
/// not block. Wakers are other people's code: none is cloned, woken or dropped under the lock.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Piece>>);

#[derive(Default)]
struct Piece {
    ready: Option<io::Result<Bytes>>,
    wanted: bool,
    client: Option<Waker>,
    caller: Option<Waker>,
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, Piece> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes this one when a piece is wanted.
    fn answers(&self, caller: &Waker) {
        let caller = caller.clone();
        let replaced = self.lock().caller.replace(caller);
        drop(replaced);
    }

    /// Reads the next piece if the client has taken the last one, so that it seldom has to wait for one.
    fn fill(&self, reader: &mut blocking::Body) {
        {
            let mut piece = self.lock();
            if piece.ready.is_some() || !std::mem::take(&mut piece.wanted) {
                return;
            }
        }
        let mut bytes = vec![0; PIECE];
        let read = reader.read(&mut bytes).map(|count| {
            bytes.truncate(count);
            bytes.into()
        });
        let mut piece = self.lock();
        piece.ready = Some(read);
        let client = piece.client.take();
        drop(piece);
        if let Some(client) = client {
            client.wake();
        }
    }
}

/// Asks for the next piece.
fn want(mut piece: MutexGuard<'_, Piece>) {
    piece.wanted = true;
    let caller = piece.caller.take();
    drop(piece);
    if let Some(caller) = caller {
        caller.wake();
    }
}

/// The client's end of the pipe.
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
        let client = context.waker().clone();
        let mut piece = self.pipe.lock();
        match piece.ready.take() {
            Some(Ok(bytes)) if bytes.is_empty() => {
                piece.ready = Some(Ok(bytes)); // the end stays the end
                Poll::Ready(None)
            }
            Some(Ok(bytes)) => {
                want(piece);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Some(Err(_)) => {
                Poll::Ready(Some(Err(TransportError::new(Kind::RequestBody, Sent::Maybe))))
            }
            None => {
                let replaced = piece.client.replace(client);
                want(piece);
                drop(replaced);
                Poll::Pending
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.len.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
