//! The caller's body of a request, held to what it announced.

use std::fmt;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};

use super::stream::Body;
use crate::base::{Quiet, Sent, TransportError, TransportErrorKind, catch_panic, size};

const PANICKED: &str = "the source panicked";
const FAILED: &str = "the source failed";
const TOO_LITTLE: &str = "the source gave too little";
const TOO_MUCH: &str = "the source gave too much";

/// Tells why the caller's source of a request body failed, if it did: the error of a client need not tell.
#[derive(Clone, Debug, Default)]
pub struct SourceWatch(Option<Arc<OnceLock<&'static str>>>);

impl SourceWatch {
    fn new() -> Self {
        Self(Some(Arc::default()))
    }

    fn fails(&self, why: &'static str) -> TransportError {
        if let Some(own) = &self.0 {
            let _ = own.set(why);
        }
        source_failed(why)
    }

    /// Returns the error of the source: kind [`RequestBody`](TransportErrorKind::RequestBody) and [`Sent::Maybe`], for a part of
    /// the body may have gone out.
    #[must_use]
    pub fn failure(&self) -> Option<TransportError> {
        self.0.as_ref()?.get().map(|why| source_failed(why))
    }
}

fn source_failed(why: &'static str) -> TransportError {
    TransportError::new(TransportErrorKind::RequestBody, Sent::Maybe).with_source(why)
}

/// What is left of a body that announced its length.
#[derive(Clone, Copy)]
pub(super) struct Left(pub(super) Option<u64>);

impl Left {
    pub(super) fn take(&mut self, count: usize) -> Result<(), &'static str> {
        if let Some(left) = self.0 {
            self.0 = Some(left.checked_sub(size(count)).ok_or(TOO_MUCH)?);
        }
        Ok(())
    }

    pub(super) fn is_none(self) -> bool {
        self.0 == Some(0)
    }

    pub(super) fn end(self) -> Result<(), &'static str> {
        if self.0.is_some_and(|left| left > 0) { Err(TOO_LITTLE) } else { Ok(()) }
    }
}

/// An async body of the caller's: one that gives more or less than it announced, or whose source fails or panics, is an error of
/// kind [`RequestBody`](TransportErrorKind::RequestBody). For authors of transports.
///
/// The last piece goes out only when the source has ended: afterwards clients do not ask whether it goes on.
///
/// It is an [`http_body::Body`]. For clients that know readers only, it has what the methods of `AsyncRead` and `AsyncBufRead` do,
/// whichever crate's: read it by these or as frames.
///
/// # Examples
///
/// ```
/// use http_hook::body::{Body, Exact};
///
/// let exact = Exact::new(Body::from(bytes::Bytes::from_static(b"box")));
/// let watch = exact.watch();
/// let sent = pollster::block_on(Body::stream(exact).collect(10))?;
/// assert_eq!(sent, "box");
/// assert!(watch.failure().is_none());
/// # Ok::<(), http_hook::TransportError>(())
/// ```
pub struct Exact {
    /// Never locked: some clients ask for `Sync`, which a body need not be.
    body: Mutex<Body>,
    left: Left,
    held: Option<Bytes>,
    /// What was read as bytes only in part.
    rest: Bytes,
    ended: bool,
    watch: SourceWatch,
}

impl Exact {
    /// Holds `body` to its length.
    #[must_use]
    pub fn new(body: Body) -> Self {
        let watch = match &body {
            Body::Bytes(_) => SourceWatch::default(),
            Body::Stream(_) => SourceWatch::new(),
        };
        let left = Left(body.len());
        let body = Mutex::new(body.quiet());
        Self { body, left, held: None, rest: Bytes::new(), ended: false, watch }
    }

    /// Holds a body that says nothing itself to `len`.
    pub(super) fn of(body: Body, len: Option<u64>) -> Self {
        Self { left: Left(len), watch: SourceWatch::new(), ..Self::new(body) }
    }

    /// Returns what tells whether the source failed. A body in memory never does.
    #[must_use]
    pub fn watch(&self) -> SourceWatch {
        self.watch.clone()
    }

    /// Returns what is there, and waits for the next piece if nothing is. At the end there is nothing.
    ///
    /// # Errors
    ///
    /// One that holds the [failure of the source](SourceWatch::failure), again and again: what has failed has no end.
    pub fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        while self.rest.is_empty() {
            if let Some(again) = self.watch.failure() {
                return Poll::Ready(Err(io::Error::other(again)));
            }
            match ready!(http_body::Body::poll_frame(Pin::new(&mut *self), context)) {
                None => break,
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
            }
        }
        Poll::Ready(Ok(&self.rest))
    }

    /// Goes on by `count` bytes of what is there.
    pub fn consume(&mut self, count: usize) {
        self.rest.advance(count.min(self.rest.len()));
    }

    /// Reads into `buffer`, and returns how much: nothing at the end.
    ///
    /// # Errors
    ///
    /// As [`poll_fill`](Self::poll_fill).
    pub fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(self.poll_fill(context))?.read(buffer)?;
        self.consume(count);
        Poll::Ready(Ok(count))
    }

    /// Takes in the next piece: `None` if it is empty or held back.
    fn piece(&mut self, frame: Option<Frame<Bytes>>) -> Result<Option<Bytes>, &'static str> {
        let Some(frame) = frame else {
            self.ended = true;
            self.left.end()?;
            return Ok(self.held.take());
        };
        let data = frame.into_data().unwrap_or_default();
        if data.is_empty() {
            return Ok(None);
        }
        self.left.take(data.len())?;
        if self.left.is_none() {
            self.held = Some(data);
            return Ok(None);
        }
        Ok(Some(data))
    }
}

impl http_body::Body for Exact {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        while !self.ended {
            let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
            let polled = catch_panic(PANICKED, || Pin::new(body).poll_frame(context));
            let piece = match polled {
                Err(_) => Err(PANICKED),
                Ok(polled) => match ready!(polled).transpose() {
                    Err(_) => Err(FAILED),
                    Ok(frame) => self.piece(frame),
                },
            };
            match piece {
                Ok(None) => {}
                Ok(Some(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Err(why) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(self.watch.fails(why))));
                }
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.held.as_ref().map_or(0, |held| size(held.len()));
        let left = self.left.0.map(|left| left.saturating_add(held));
        left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl fmt::Debug for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exact").field("left", &self.left.0).finish_non_exhaustive()
    }
}

/// The blocking twin of [`Exact`]: a reader whose errors hold the [`TransportError`].
pub(crate) struct ExactReader {
    source: Quiet<Box<dyn Read + Send>>,
    left: Left,
    watch: SourceWatch,
}

impl ExactReader {
    /// Holds a reader to its length.
    pub(super) fn new(len: Option<u64>, source: Box<dyn Read + Send>) -> (Self, SourceWatch) {
        let watch = SourceWatch::new();
        (Self { source: Quiet::new(source), left: Left(len), watch: watch.clone() }, watch)
    }

    fn piece(&mut self, buffer: &mut [u8]) -> Result<usize, &'static str> {
        loop {
            // The end of an error may panic, too.
            let read = || self.source.read(buffer).map_err(|error| error.kind());
            match catch_panic(PANICKED, read) {
                Err(_) => return Err(PANICKED),
                Ok(Ok(count)) => return Ok(count.min(buffer.len())),
                Ok(Err(io::ErrorKind::Interrupted)) => {}
                Ok(Err(_)) => return Err(FAILED),
            }
        }
    }

    fn checked(&mut self, buffer: &mut [u8]) -> Result<usize, &'static str> {
        let count = self.piece(buffer)?;
        if count == 0 && !buffer.is_empty() {
            self.left.end()?;
        }
        self.left.take(count)?;
        // Clients ask no more once they have all that was announced, so the end is looked for now.
        if self.left.is_none() && count > 0 && self.piece(&mut [0])? > 0 {
            return Err(TOO_MUCH);
        }
        Ok(count)
    }
}

impl Read for ExactReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // What has failed has no end: some clients ask again.
        let failed = self.watch.failure().map_or(Ok(()), Err);
        let read = failed.and_then(|()| self.checked(buffer).map_err(|why| self.watch.fails(why)));
        read.map_err(io::Error::other)
    }
}
