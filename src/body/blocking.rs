//! A body on its way through a blocking transport.

use std::fmt;
use std::io::{self, Read};

use bytes::{Buf, Bytes};

use super::exact::{ExactReader, SourceWatch};
use super::stream::{cut, debug_body, within};
use crate::base::{Quiet, TransportError, quiet_error, size};

/// A body on its way, for blocking transports.
#[non_exhaustive]
pub enum Body {
    /// All of it, in memory.
    Bytes(Bytes),
    /// A reader, with the number of bytes it will give where that is known.
    ///
    /// An [`std::io::Error`] that holds a [`TransportError`] is given on as that error.
    Reader {
        /// The length in bytes, if known.
        len: Option<u64>,
        /// The source.
        reader: Box<dyn Read + Send>,
    },
}

/// Reads what is left of it, for `std::io::copy` and its like.
impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Bytes(bytes) => {
                let count = (&bytes[..]).read(buffer)?;
                bytes.advance(count);
                Ok(count)
            }
            Self::Reader { reader, .. } => reader.read(buffer),
        }
    }
}

impl Body {
    /// Wraps a reader of `len` bytes (`None`: not known).
    #[must_use]
    pub fn reader(len: Option<u64>, reader: impl Read + Send + 'static) -> Self {
        Self::Reader { len, reader: Box::new(reader) }
    }

    /// Has its errors told again by `tell`. A body in memory has none.
    pub(crate) fn told(
        self,
        tell: impl Fn(TransportError) -> TransportError + Send + 'static,
    ) -> Self {
        match self {
            Self::Reader { len, reader } => Self::reader(len, Told { reader, tell }),
            bytes @ Self::Bytes(_) => bytes,
        }
    }

    /// One of the caller's own, whose end may panic wherever a client drops it.
    #[cold]
    pub(crate) fn quiet(self) -> Self {
        match self {
            Self::Bytes(bytes) => Self::Bytes(bytes),
            Self::Reader { len, reader } => Self::reader(len, Quiet::new(reader)),
        }
    }

    /// Returns the length in bytes, if known.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(size(bytes.len())),
            Self::Reader { len, .. } => *len,
        }
    }

    /// Whether there are no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Holds a body of the caller's to its length, as [`Exact`](super::Exact) does: one that gives more or less than it announced, or
    /// whose source fails or panics, is an error that holds one of kind [`RequestBody`](crate::TransportErrorKind::RequestBody).
    /// The other part tells whether the source failed. For authors of transports.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Read as _;
    /// use http_hook::blocking::Body;
    ///
    /// let (mut body, watch) = Body::reader(Some(5), &b"box"[..]).exact();
    /// assert!(body.read_to_end(&mut Vec::new()).is_err(), "too little");
    /// assert!(watch.failure().is_some());
    /// ```
    #[must_use]
    pub fn exact(self) -> (Self, SourceWatch) {
        match self {
            Self::Bytes(bytes) => (Self::Bytes(bytes), SourceWatch::default()),
            Self::Reader { len, reader } => {
                let (reader, watch) = ExactReader::new(len, reader);
                (Self::reader(len, reader), watch)
            }
        }
    }

    /// Reads at most `limit` bytes of the body and leaves the rest.
    ///
    /// # Errors
    ///
    /// Kind [`Body`](crate::TransportErrorKind::Body) if reading fails.
    pub fn read_up_to(self, limit: u64) -> Result<Bytes, TransportError> {
        match self {
            Self::Bytes(bytes) => Ok(cut(bytes, limit)),
            Self::Reader { reader, len } => {
                let mut all = Vec::with_capacity(believed(len, limit));
                reader.take(limit).read_to_end(&mut all).map_err(TransportError::from_body_io)?;
                Ok(all.into())
            }
        }
    }

    /// Reads all of the body.
    ///
    /// # Errors
    ///
    /// Kind [`Limit`](crate::TransportErrorKind::Limit) if there are more than `limit` bytes, kind
    /// [`Body`](crate::TransportErrorKind::Body) if reading fails.
    pub fn collect(self, limit: u64) -> Result<Bytes, TransportError> {
        within(self.read_up_to(limit.saturating_add(1))?, limit)
    }
}

/// A reader whose errors are told in other words.
struct Told<F> {
    reader: Box<dyn Read + Send>,
    tell: F,
}

impl<F: Fn(TransportError) -> TransportError> Read for Told<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).map_err(|error| match error.kind() {
            // It is read again.
            io::ErrorKind::Interrupted => error,
            kind => io::Error::new(kind, (self.tell)(TransportError::from_body_io(error))),
        })
    }
}

impl Read for Quiet<Box<dyn Read + Send>> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.get_mut().map_or(Ok(0), |reader| reader.read(buffer));
        read.map_err(quiet_error)
    }
}

/// How much room to make at once for a body that is said to have `len` bytes. A small one gets just what it needs.
fn believed(len: Option<u64>, limit: u64) -> usize {
    const MOST: usize = 64 << 10;
    let len = len.unwrap_or_default().min(limit);
    usize::try_from(len).unwrap_or(MOST).min(MOST)
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
