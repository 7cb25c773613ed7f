//! A body on its way through an async transport.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame};

use crate::base::{Quiet, Sent, TransportError, TransportErrorKind, size};

/// An `http_body` body behind a pointer: what streams through an async transport.
type BoxBody = Pin<Box<dyn http_body::Body<Data = Bytes, Error = TransportError> + Send>>;

/// A body on its way, for async transports.
#[non_exhaustive]
pub enum Body {
    /// All of it, in memory.
    Bytes(Bytes),
    /// A stream; its length is in its [`size_hint`](http_body::Body::size_hint).
    Stream(BoxBody),
}

impl Body {
    /// Wraps a streaming body.
    pub fn stream<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes, Error = TransportError> + Send + 'static,
    {
        Self::Stream(Box::pin(body))
    }

    /// Has its errors told again by `tell`. A body in memory has none.
    pub(crate) fn told(
        self,
        tell: impl Fn(TransportError) -> TransportError + Send + 'static,
    ) -> Self {
        match self {
            Self::Stream(body) => Self::Stream(Box::pin(Told { body, tell })),
            bytes @ Self::Bytes(_) => bytes,
        }
    }

    /// One of the caller's own, whose end may panic wherever a client drops it.
    #[cold]
    pub(crate) fn quiet(self) -> Self {
        match self {
            Self::Bytes(bytes) => Self::Bytes(bytes),
            Self::Stream(body) => Self::stream(Quiet::new(body)),
        }
    }

    /// Returns the length in bytes, if known.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(size(bytes.len())),
            Self::Stream(body) => body.size_hint().exact(),
        }
    }

    /// Whether there are no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Returns the next piece of the body; `None` at its end.
    ///
    /// # Errors
    ///
    /// The body's own error; after that there is no more.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::body::Body;
    ///
    /// let mut body = Body::from(bytes::Bytes::from_static(b"box"));
    /// let mut count = 0;
    /// # pollster::block_on(async {
    /// while let Some(piece) = body.chunk().await? {
    ///     count += piece.len();
    /// }
    /// # Ok::<(), http_hook::TransportError>(())
    /// # })?;
    /// assert_eq!(count, 3);
    /// # Ok::<(), http_hook::TransportError>(())
    /// ```
    #[doc(alias = "next")]
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        loop {
            let frame = poll_fn(|context| Pin::new(&mut *self).poll_frame(context)).await;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => {
                    *self = Self::default();
                    return Err(error);
                }
                // Trailers are no piece.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Reads at most `limit` bytes of the body and leaves the rest. A body in one piece, as most small ones are, is not copied.
    ///
    /// # Errors
    ///
    /// The body's own error, if it comes before the limit.
    pub async fn read_up_to(self, limit: u64) -> Result<Bytes, TransportError> {
        let mut body = match self {
            Self::Bytes(bytes) => return Ok(cut(bytes, limit)),
            Self::Stream(body) => body,
        };
        let (mut first, mut all) = (Bytes::new(), BytesMut::new());
        while size(first.len().max(all.len())) < limit && !body.is_end_stream() {
            let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await else {
                break;
            };
            let Ok(data) = frame?.into_data() else { continue };
            if first.is_empty() {
                first = data;
                continue;
            }
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&data);
        }
        Ok(cut(if all.is_empty() { first } else { all.freeze() }, limit))
    }

    /// Reads all of the body.
    ///
    /// # Errors
    ///
    /// Kind [`Limit`](TransportErrorKind::Limit) if there are more than `limit` bytes, else the body's own error.
    pub async fn collect(self, limit: u64) -> Result<Bytes, TransportError> {
        within(self.read_up_to(limit.saturating_add(1)).await?, limit)
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        match &mut *self {
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Stream(body) => body.as_mut().poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> http_body::SizeHint {
        match self {
            Self::Bytes(bytes) => http_body::SizeHint::with_exact(size(bytes.len())),
            Self::Stream(body) => body.size_hint(),
        }
    }
}

/// A body whose errors are told in other words. It is not pinned by what it holds.
struct Told<F> {
    body: BoxBody,
    tell: F,
}

impl<F> Unpin for Told<F> {}

impl<F: Fn(TransportError) -> TransportError> http_body::Body for Told<F> {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let frame = self.body.as_mut().poll_frame(context);
        frame.map(|frame| frame.map(|frame| frame.map_err(&self.tell)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

impl http_body::Body for Quiet<BoxBody> {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        (*self).get_mut().map_or(Poll::Ready(None), |body| body.as_mut().poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.get().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.get().map_or_else(http_body::SizeHint::default, http_body::Body::size_hint)
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::Bytes(Bytes::new())
    }
}

of_bytes!(Body: Bytes, Vec<u8>, String, &'static str, &'static [u8]);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_body(f, self.len())
    }
}

pub(super) fn debug_body(f: &mut fmt::Formatter<'_>, len: Option<u64>) -> fmt::Result {
    match len {
        Some(len) => write!(f, "Body({len} bytes)"),
        None => f.write_str("Body(length unknown)"),
    }
}

pub(super) fn cut(mut bytes: Bytes, limit: u64) -> Bytes {
    if size(bytes.len()) > limit {
        bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    bytes
}

/// Refuses a body of which more than `limit` bytes were read.
pub(super) fn within(bytes: Bytes, limit: u64) -> Result<Bytes, TransportError> {
    if size(bytes.len()) > limit { Err(too_long(limit, "")) } else { Ok(bytes) }
}

/// The end of what is said of a limit that a call sets.
pub(crate) const OF_A_CALL: &str = ", the limit that `max_response_bytes` sets";

/// A body over its limit; `set_by` says where that is set, if the reader did not set it.
#[cold]
pub(crate) fn too_long(limit: u64, set_by: &str) -> TransportError {
    let kind = TransportErrorKind::Limit;
    let message = format!("{}: its body has more than {limit} bytes{set_by}", kind.says());
    TransportError::new(kind, Sent::Yes).with_message(message)
}
