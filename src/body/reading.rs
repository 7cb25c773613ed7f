//! The body of a response, of the bytes that a client reads.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::exact::Left;
use crate::base::{Sent, TransportError, TransportErrorKind};

/// How much is read at once.
const PIECE: usize = 16 << 10;

/// What is left of the length that the head of a response announces, for authors of transports whose client gives out fewer bytes, or
/// more, without a word.
///
/// # Examples
///
/// ```
/// use http_hook::TransportErrorKind;
/// use http_hook::body::Announced;
///
/// let mut announced = Announced::new(Some(5));
/// announced.take(3)?;
/// assert_eq!(announced.left(), Some(2));
/// assert_eq!(announced.end().unwrap_err().kind(), TransportErrorKind::Body);
/// # Ok::<(), http_hook::TransportError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Announced(Left);

impl Announced {
    /// Begins with the [length of the response](crate::transport::response_length). `None`: nothing is announced.
    #[must_use]
    pub const fn new(length: Option<u64>) -> Self {
        Self(Left(length))
    }

    /// Returns how many bytes are to come. `None`: nobody knows.
    #[must_use]
    pub const fn left(self) -> Option<u64> {
        self.0.0
    }

    /// Takes what came.
    ///
    /// # Errors
    ///
    /// Kind [`Body`](TransportErrorKind::Body) and [`Sent::Yes`], if that is more than was to come.
    pub fn take(&mut self, count: usize) -> Result<(), TransportError> {
        self.0.take(count).map_err(|_| not_as_announced())
    }

    /// Tells that no more comes.
    ///
    /// # Errors
    ///
    /// Kind [`Body`](TransportErrorKind::Body) and [`Sent::Yes`], if more was to come.
    pub fn end(self) -> Result<(), TransportError> {
        self.0.end().map_err(|_| not_as_announced())
    }
}

#[cold]
fn not_as_announced() -> TransportError {
    TransportError::new(TransportErrorKind::Body, Sent::Yes)
        .with_source("the body has not the announced length")
}

/// Makes the body of a response of what `read` reads: it tells how many bytes it has put into the buffer, none at the end. For authors of
/// transports whose client has readers.
///
/// `announced` is the [length of the response](crate::transport::response_length), where it has one. A body that has more or fewer bytes
/// is an error of kind [`Body`](TransportErrorKind::Body). The end is known by the length: the client is not asked once more, to say so.
///
/// # Examples
///
/// ```
/// use std::io::Read as _;
/// use std::task::Poll;
/// use http_hook::body::{Body, from_fn};
///
/// let read = |announced| {
///     let mut client = &b"box"[..];
///     let body = from_fn(announced, move |_, buffer| Poll::Ready(Ok(client.read(buffer).unwrap())));
///     pollster::block_on(Body::stream(body).collect(10))
/// };
/// assert_eq!(read(Some(3))?, "box");
/// assert_eq!(read(None)?, "box");
/// assert!(read(Some(4)).is_err());
/// # Ok::<(), http_hook::TransportError>(())
/// ```
pub fn from_fn<R>(
    announced: Option<u64>,
    read: R,
) -> impl http_body::Body<Data = Bytes, Error = TransportError> + Unpin
where
    R: FnMut(&mut Context<'_>, &mut [u8]) -> Poll<Result<usize, TransportError>> + Unpin,
{
    Reading { read, announced: Announced::new(announced), piece: Vec::new() }
}

struct Reading<R> {
    read: R,
    announced: Announced,
    piece: Vec<u8>,
}

impl<R> Reading<R>
where
    R: FnMut(&mut Context<'_>, &mut [u8]) -> Poll<Result<usize, TransportError>>,
{
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, TransportError>> {
        let wanted =
            self.announced.left().map_or(PIECE, |left| usize::try_from(left).unwrap_or(PIECE));
        self.piece.resize(wanted.clamp(1, PIECE), 0);
        let count = ready!((self.read)(context, &mut self.piece))?.min(self.piece.len());
        if count == 0 { self.announced.end() } else { self.announced.take(count) }?;
        // A small one in a large room is copied, and the room kept.
        if count.saturating_mul(2) < self.piece.len() {
            let piece = self.piece.get(..count).unwrap_or_default();
            return Poll::Ready(Ok(Bytes::copy_from_slice(piece)));
        }
        self.piece.truncate(count);
        Poll::Ready(Ok(std::mem::take(&mut self.piece).into()))
    }
}

impl<R> http_body::Body for Reading<R>
where
    R: FnMut(&mut Context<'_>, &mut [u8]) -> Poll<Result<usize, TransportError>> + Unpin,
{
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        if self.announced.left() == Some(0) {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.poll_piece(context)) {
            Ok(piece) if piece.is_empty() => None,
            piece => Some(piece.map(Frame::data)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.announced.left() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.left().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
