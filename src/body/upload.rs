//! A body from a source, with what a call has to know of it.

use std::fmt;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::blocking;
use super::multipart::Part;
use super::payload::Replay;
use super::source::{Open, no_source};
use super::stream::Body;
use crate::base::{Quiet, TransportError, size};

/// A body that comes from a source: a file, say. It is opened once for each send.
///
/// The crates of transports make one of a file by their `file`; the core opens nothing.
///
/// # Examples
///
/// ```
/// use http_hook::blocking::Body;
/// use http_hook::body::{Replay, Upload};
///
/// let text = "a,b\n1,2\n";
/// let open = move || Ok(Body::reader(Some(8), text.as_bytes()));
/// let upload = Upload::new(Some(8), Replay::Again, open).with_filename("orders.csv").with_content_type("text/csv");
/// assert_eq!(upload.len(), Some(8));
/// ```
#[must_use = "an upload does nothing until a call has it"]
pub struct Upload<B> {
    len: Option<u64>,
    replay: Replay,
    filename: Option<String>,
    content_type: Option<String>,
    open: Box<Open<'static, B>>,
}

impl<B> Upload<B> {
    /// Makes a body of `len` bytes (`None`: not known) of what `open` opens. `replay` tells whether it can be opened again.
    pub fn new(
        len: Option<u64>,
        replay: Replay,
        open: impl FnMut() -> Result<B, TransportError> + Send + 'static,
    ) -> Self {
        let mut open = Quiet::new(open);
        let open = Box::new(move || open.get_mut().map_or_else(|| Err(no_source()), |open| open()));
        Self { len, replay, filename: None, content_type: None, open }
    }

    /// Names the file, for the part of a multipart body.
    pub fn with_filename(mut self, filename: impl Into<String>) -> Self {
        self.filename = Some(filename.into());
        self
    }

    /// Sets the content type, for the part of a multipart body.
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Returns the length in bytes, if known.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        self.len
    }

    /// Whether there are certainly no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == Some(0)
    }

    /// Opens the body at its beginning.
    ///
    /// # Errors
    ///
    /// What the source says.
    pub fn open(&mut self) -> Result<B, TransportError> {
        (self.open)()
    }

    pub(crate) fn replay(&self) -> Replay {
        self.replay
    }

    /// The part of a multipart body that it is.
    pub(crate) fn part(&self, name: &str) -> Part {
        let mut part = Part::source(name, self.len, self.replay);
        if let Some(filename) = &self.filename {
            part = part.with_filename(filename);
        }
        if let Some(content_type) = &self.content_type {
            part = part.with_content_type(content_type);
        }
        part
    }
}

/// How far a body is.
type Progress = Arc<dyn Fn(u64) + Send + Sync>;

impl Upload<Body> {
    /// Tells `progress`, piece by piece, how many bytes the client has taken; each send begins at 0. So it is known how far an upload came that
    /// failed: what was taken last may not have left this machine yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// # use http_hook::{Hook, HttpHook, body::{Body, Replay, Upload}, options::{Capabilities, Capability}};
    /// # struct NoTime;
    /// # #[async_trait::async_trait]
    /// # impl http_hook::transport::Clock for NoTime {
    /// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
    /// #     async fn sleep(&self, _: std::time::Duration) {}
    /// # }
    /// # let can = Capabilities::of("server", &[Capability::StreamRequest]);
    /// # let server = http_hook::transport::from_fn(can, |request: http::Request<Body>, _| async move {
    /// #     Ok(http::Response::new(request.into_body().collect(100).await?.into()))
    /// # });
    /// # let api = HttpHook::new(Hook::to("https://api.example.com")?, server, NoTime);
    /// # let file = |_| Ok::<_, std::io::Error>(Upload::new(Some(8), Replay::Again, || Ok(Body::from("a,b\n1,2\n"))));
    /// # pollster::block_on(async {
    ///
    /// let sent = Arc::new(AtomicU64::new(0)); // or a bar on the screen, a channel
    /// let so_far = Arc::clone(&sent);
    /// let orders = file("orders.csv")?.on_progress(move |bytes| so_far.store(bytes, Ordering::Relaxed));
    /// let result = api.put("v1/orders").upload(orders).send().await;
    /// if let Err(failure) = &result {
    ///     println!("{failure}, after {} bytes", sent.load(Ordering::Relaxed));
    /// }
    /// assert_eq!(sent.load(Ordering::Relaxed), 8);
    /// # result?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_progress(self, progress: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.wrapped(progress, |body, progress| Body::stream(Counted { body, taken: 0, progress }))
    }
}

impl Upload<blocking::Body> {
    /// Tells `progress`, piece by piece, how many bytes the client has taken; each send begins at 0. So it is known how far an upload came that
    /// failed: what was taken last may not have left this machine yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Read as _;
    /// use http_hook::blocking::Body;
    /// use http_hook::body::{Replay, Upload};
    ///
    /// let (told, tells) = std::sync::mpsc::channel();
    /// let open = || Ok(Body::reader(Some(8), &b"a,b\n1,2\n"[..]));
    /// let mut upload = Upload::new(Some(8), Replay::Again, open).on_progress(move |bytes| told.send(bytes).unwrap());
    /// // What a client does:
    /// upload.open()?.read_exact(&mut [0; 5])?;
    /// upload.open()?.read_exact(&mut [0; 8])?;
    /// assert_eq!(tells.try_iter().collect::<Vec<_>>(), [5, 8]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_progress(self, progress: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.wrapped(progress, |body, progress| {
            blocking::Body::reader(body.len(), Counted { body, taken: 0, progress })
        })
    }
}

impl<B: 'static> Upload<B> {
    /// The same, each body that is opened being made another one.
    fn wrapped(
        mut self,
        progress: impl Fn(u64) + Send + Sync + 'static,
        wrap: fn(B, Progress) -> B,
    ) -> Self {
        let progress: Progress = Arc::new(progress);
        let mut open = self.open;
        self.open = Box::new(move || Ok(wrap(open()?, Arc::clone(&progress))));
        self
    }
}

/// A body that tells how much of it was taken. Where the code that is told panics, the source has failed.
struct Counted<B> {
    body: B,
    taken: u64,
    progress: Progress,
}

impl<B> Counted<B> {
    fn took(&mut self, count: usize) {
        if count > 0 {
            self.taken = self.taken.saturating_add(size(count));
            (self.progress)(self.taken);
        }
    }
}

impl http_body::Body for Counted<Body> {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.took(frame.data_ref().map_or(0, Bytes::len));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Read for Counted<blocking::Body> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(buffer)?;
        self.took(count);
        Ok(count)
    }
}

impl<B> fmt::Debug for Upload<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("len", &self.len)
            .field("replay", &self.replay)
            .finish_non_exhaustive()
    }
}
