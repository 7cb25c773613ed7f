//! Files and streams of bytes for async transports, on any executor.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use blocking::{Unblock, unblock};
use bytes::Bytes;
use futures_core::Stream;
use futures_io::AsyncRead as _;
use http_body::{Body as _, Frame, SizeHint};
use http_hook::TransportError;
use http_hook::body::{Body, Upload};

use crate::file::{unread, upload};
use crate::save::{Making, Room};

/// How much of a file is read at once, in bytes.
const PIECE: usize = 64 << 10;

/// Makes a body of a file, for an async transport: threads of the crate `blocking` read it. Its length is read now; it is opened once for
/// each send. What is no file (a pipe, say) has no length, and is sent once. [`on_progress`](Upload::on_progress) tells how far it is.
///
/// # Errors
///
/// If there is no such file, or it may not be looked at.
pub fn async_file(path: impl Into<PathBuf>) -> io::Result<Upload<Body>> {
    upload(path.into(), |file, len| {
        Ok(Body::stream(Reading { file: Unblock::new(file), left: len, piece: Vec::new() }))
    })
}

struct Reading {
    file: Unblock<File>,
    /// How many bytes are still to come, where that is known.
    left: Option<u64>,
    piece: Vec<u8>,
}

impl http_body::Body for Reading {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let own = &mut *self;
        own.piece.resize(PIECE, 0);
        let read = Pin::new(&mut own.file).poll_read(context, &mut own.piece);
        Poll::Ready(match ready!(read) {
            Ok(0) => None,
            Ok(count) => {
                let count = count.min(own.piece.len());
                own.left = own.left.map(|left| left.saturating_sub(count as u64));
                Some(Ok(Frame::data(Bytes::copy_from_slice(&own.piece[..count]))))
            }
            Err(error) => Some(Err(unread(error))),
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// Writes a body to a file of at most `limit` bytes, as [`save`](crate::save) does; threads of the crate `blocking` write it.
///
/// # Errors
///
/// As there.
///
/// # Examples
///
/// ```
/// use http_hook::body::Body;
/// # let path = std::env::temp_dir().join(format!("http-hook-async-save-{}", std::process::id()));
/// # pollster::block_on(async {
///
/// // In a program: api.get("v1/export").stream().await?.into_body()
/// let body = Body::from("id;name\n1;box\n");
/// assert_eq!(http_hook_clock::async_save(body, &path, 1 << 30).await?, 14);
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn async_save(mut body: Body, path: impl AsRef<Path>, limit: u64) -> io::Result<u64> {
    let mut room = Room::new(body.len(), limit)?;
    let path = path.as_ref().to_owned();
    let (mut making, mut file) = unblock(move || Making::begin(&path)).await?;
    while let Some(piece) = body.chunk().await.map_err(as_io)? {
        room.take(piece.len())?;
        // A piece that is dropped half-way is written to a file that is gone.
        (file, making) = unblock(move || {
            let written = file.write_all(&piece);
            written.map_err(|error| making.about(&error)).map(|()| (file, making))
        })
        .await?;
    }
    unblock(move || making.put(&file)).await?;
    Ok(room.taken)
}

/// As a blocking body tells it.
fn as_io(error: TransportError) -> io::Error {
    let kind = if error.is_timeout() { io::ErrorKind::TimedOut } else { io::ErrorKind::Other };
    io::Error::new(kind, error)
}

/// The pieces of a body as a stream.
pub trait BytesStream {
    /// Returns the pieces of the body as they come, without trailers.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::body::Body;
    /// use http_hook_clock::BytesStream as _;
    ///
    /// let stream = Body::from(bytes::Bytes::from_static(b"box")).bytes_stream();
    /// # let _: &dyn futures_core::Stream<Item = Result<bytes::Bytes, http_hook::TransportError>> = &stream;
    /// ```
    fn bytes_stream(self) -> impl Stream<Item = Result<Bytes, TransportError>> + Send + Unpin;
}

impl BytesStream for Body {
    fn bytes_stream(self) -> impl Stream<Item = Result<Bytes, TransportError>> + Send + Unpin {
        Pieces(self)
    }
}

struct Pieces(Body);

impl Stream for Pieces {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, TransportError>>> {
        loop {
            match ready!(Pin::new(&mut self.0).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => {
                    self.0 = Body::default();
                    return Poll::Ready(Some(Err(error)));
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }
}
