//! A body from a source, with what a call has to know of it.

use std::fmt;

use super::multipart::Part;
use super::payload::Replay;
use super::source::{Open, no_source};
use crate::base::{Quiet, TransportError};

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

impl<B> fmt::Debug for Upload<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("len", &self.len)
            .field("replay", &self.replay)
            .finish_non_exhaustive()
    }
}
