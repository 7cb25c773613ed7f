//! The body of a response, of the bytes that a client reads.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::exact::Left;
use crate::base::{Sent, TransportError, TransportErrorKind};

/// How much is read at once.
const PIECE: usize = 16 << 10;

/// Takes `count` bytes that came from what is `left` of the [length of the response](crate::transport::response_length), for authors of
/// transports whose client gives out fewer bytes, or more, without a word. None tell that the body has ended. Where nothing is announced,
/// anything may come.
///
/// # Errors
///
/// Kind [`Body`](TransportErrorKind::Body) and [`Sent::Yes`], if more came than was announced, or it has ended too early.
///
/// # Examples
///
/// ```
/// use http_hook::TransportErrorKind;
/// use http_hook::body::take_announced;
///
/// let mut left = Some(5);
/// take_announced(&mut left, 3)?;
/// assert_eq!(left, Some(2));
/// assert_eq!(take_announced(&mut left, 0).unwrap_err().kind(), TransportErrorKind::Body);
/// # Ok::<(), http_hook::TransportError>(())
/// ```
pub fn take_announced(left: &mut Option<u64>, count: usize) -> Result<(), TransportError> {
    let mut own = Left(*left);
    let taken = if count == 0 { own.end() } else { own.take(count) };
    *left = own.0;
    taken.map_err(|_| not_as_announced())
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
    Reading { read, left: announced, piece: Vec::new() }
}

struct Reading<R> {
    read: R,
    left: Option<u64>,
    piece: Vec<u8>,
}

impl<R> Reading<R>
where
    R: FnMut(&mut Context<'_>, &mut [u8]) -> Poll<Result<usize, TransportError>>,
{
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, TransportError>> {
        let wanted = self.left.map_or(PIECE, |left| usize::try_from(left).unwrap_or(PIECE));
        self.piece.resize(wanted.clamp(1, PIECE), 0);
        let count = ready!((self.read)(context, &mut self.piece))?.min(self.piece.len());
        take_announced(&mut self.left, count)?;
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
        if self.left == Some(0) {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.poll_piece(context)) {
            Ok(piece) if piece.is_empty() => None,
            piece => Some(piece.map(Frame::data)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
