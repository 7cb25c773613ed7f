//! Bodies of several parts: `multipart/form-data` ([RFC 7578]), written as the original writes it.
//!
//! ```text
//! fields, then files ─▶ segments: bytes, source 0, bytes, source 1, bytes ─▶ the driver reads the sources
//! ```
//!
//! | what | rule |
//! | --- | --- |
//! | `name`, `filename` | UTF-8 as it is; `"`, CR and LF as `%22`, `%0D`, `%0A`; any other control character is an error |
//! | `Content-Type` | of a part only where one is given |
//! | length | counted, unless a source does not know its own |
//! | boundary | 32 hexadecimal digits from the seed that occur in no part held in memory |
//!
//! [RFC 7578]: https://www.rfc-editor.org/rfc/rfc7578

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};

use crate::base::chance;
use crate::base::headers::check;
use crate::base::{Error, ErrorKind};
use crate::body::{Payload, Replay};

/// The most parts of a body.
const MAX_PARTS: usize = 10_000;
/// The most bytes of a name, a file name and a part's own headers, each.
const MAX_TEXT: usize = 64 * 1024;

/// A body of several parts, before it is written.
///
/// # Examples
///
/// ```
/// use http_hook::body::multipart::{Multipart, Part};
///
/// let mut form = Multipart::default();
/// form.field("k", "v")?;
/// form.file(Part::bytes("f", "hello").with_filename("a.txt"))?;
/// let body = form.write(7)?;
/// assert_eq!(body.len(), Some(226));
/// assert!(body.content_type().to_str()?.starts_with("multipart/form-data; boundary="));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Multipart {
    fields: Vec<Part>,
    files: Vec<Part>,
}

/// One part.
#[derive(Clone)]
pub struct Part {
    name: String,
    filename: Option<String>,
    content_type: Option<String>,
    headers: Vec<(String, String)>,
    content: Payload,
}

/// Tells neither names nor content: both may be secret.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({:?})", self.content)
    }
}

impl Part {
    /// Makes a part of bytes in memory.
    pub fn bytes(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self::new(name, Payload::Bytes(content.into()))
    }

    /// Makes a part of the caller's own source, of `len` bytes where that is known.
    pub fn source(name: impl Into<String>, len: Option<u64>, replay: Replay) -> Self {
        Self::new(name, Payload::External { len, replay })
    }

    fn new(name: impl Into<String>, content: Payload) -> Self {
        Self { name: name.into(), filename: None, content_type: None, headers: Vec::new(), content }
    }

    /// Sets the file name.
    #[must_use]
    pub fn with_filename(mut self, filename: impl Into<String>) -> Self {
        self.filename = Some(filename.into());
        self
    }

    /// Sets the content type.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Adds a header of the part's own.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Writes what stands before the content, without the boundary.
    fn head(&self, out: &mut BytesMut) -> Result<(), Error> {
        out.put_slice(b"\r\nContent-Disposition: form-data; name=\"");
        quote(&self.name, "a name", out)?;
        if let Some(filename) = &self.filename {
            out.put_slice(b"\"; filename=\"");
            quote(filename, "a file name", out)?;
        }
        out.put_slice(b"\"\r\n");
        if let Some(value) = &self.content_type {
            let (_, value) = check(CONTENT_TYPE.as_str(), value, "a part's content type")?;
            put_header("Content-Type", &value, out);
        }
        for (name, value) in &self.headers {
            let (checked, value) = check(name, value, "a part's header")?;
            let taken = [CONTENT_DISPOSITION, CONTENT_TYPE, CONTENT_LENGTH, TRANSFER_ENCODING];
            if taken.contains(&checked) {
                return Err(Error::new(
                    ErrorKind::Body,
                    "multipart: a part's header that is set already",
                ));
            }
            put_header(name, &value, out);
        }
        out.put_slice(b"\r\n");
        Ok(())
    }
}

impl Multipart {
    /// Begins a body without parts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field. Fields come before files, whatever the order in which they are added.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`] past 10,000 parts.
    pub fn field(&mut self, name: impl Into<String>, value: impl Into<Bytes>) -> Result<(), Error> {
        self.count()?;
        self.fields.push(Part::bytes(name, value));
        Ok(())
    }

    /// Adds a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`] past 10,000 parts.
    pub fn file(&mut self, part: Part) -> Result<(), Error> {
        self.count()?;
        self.files.push(part);
        Ok(())
    }

    /// Writes the body. `seed` decides the boundary.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Body`] or [`ErrorKind::Header`] if a name or header cannot be written, [`ErrorKind::Limit`] if
    /// one is longer than 64 KiB, or the length is beyond counting.
    pub fn write(&self, seed: u64) -> Result<MultipartBody, Error> {
        let boundary = self.boundary(seed);
        let mut segments = Vec::new();
        let mut open = BytesMut::new();
        let mut sources = 0_usize;
        let mut replay = Replay::Again;
        for part in self.fields.iter().chain(&self.files) {
            open.put_slice(b"--");
            open.put_slice(boundary.as_bytes());
            part.head(&mut open)?;
            match &part.content {
                Payload::Bytes(bytes) => {
                    segments.push(Segment::Bytes(open.split().freeze()));
                    segments.push(Segment::Bytes(bytes.clone()));
                }
                Payload::External { len, replay: own } => {
                    if *own == Replay::Once {
                        replay = Replay::Once;
                    }
                    segments.push(Segment::Bytes(open.split().freeze()));
                    segments.push(Segment::Source { index: sources, len: *len });
                    sources = sources.saturating_add(1);
                }
            }
            open.put_slice(b"\r\n");
        }
        open.put_slice(b"--");
        open.put_slice(boundary.as_bytes());
        open.put_slice(b"--\r\n");
        segments.push(Segment::Bytes(open.freeze()));

        let mut len = Some(0_u64);
        for segment in &segments {
            len = match (len, segment.len()) {
                (Some(sum), Some(more)) => {
                    Some(sum.checked_add(more).ok_or_else(|| too_much("the length"))?)
                }
                _ => None,
            };
        }
        let content_type =
            HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"))
                .map_err(|_| Error::new(ErrorKind::Body, "multipart: the boundary"))?;
        Ok(MultipartBody { content_type, segments, len, replay })
    }

    /// Finds a boundary that no part in memory holds. What a source gives cannot be known.
    fn boundary(&self, seed: u64) -> String {
        let holds = |boundary: &str| {
            self.fields.iter().chain(&self.files).any(|part| match &part.content {
                Payload::Bytes(bytes) => {
                    bytes.windows(boundary.len()).any(|window| window == boundary.as_bytes())
                }
                Payload::External { .. } => false,
            })
        };
        let mut stream = 0_u64;
        loop {
            let boundary = chance::hex(seed, stream);
            if !holds(&boundary) {
                return boundary;
            }
            stream = stream.wrapping_add(1);
        }
    }

    fn count(&self) -> Result<(), Error> {
        if self.fields.len().saturating_add(self.files.len()) >= MAX_PARTS {
            return Err(too_much("more than 10,000 parts"));
        }
        Ok(())
    }
}

/// A body, written: bytes, with the caller's sources in between.
#[derive(Clone)]
pub struct MultipartBody {
    content_type: HeaderValue,
    segments: Vec<Segment>,
    len: Option<u64>,
    replay: Replay,
}

/// Tells the size only.
impl fmt::Debug for MultipartBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MultipartBody({} segments, {:?} bytes)", self.segments.len(), self.len)
    }
}

/// A piece of a body, in the order of sending.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// These bytes.
    Bytes(Bytes),
    /// All that one of the caller's sources gives; they are counted from 0 in the order of the body.
    Source {
        /// Which source.
        index: usize,
        /// Its length in bytes, if known. A source that gives another number of bytes breaks the body.
        len: Option<u64>,
    },
}

/// Tells the size only.
impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Source { index, len } => write!(f, "Source({index}, {len:?} bytes)"),
        }
    }
}

impl Segment {
    fn len(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => u64::try_from(bytes.len()).ok(),
            Self::Source { len, .. } => *len,
        }
    }
}

impl MultipartBody {
    /// Returns the value of `Content-Type`, with the boundary.
    #[must_use]
    pub const fn content_type(&self) -> &HeaderValue {
        &self.content_type
    }

    /// Returns the length in bytes, `None` if a source does not know its own.
    #[must_use]
    pub const fn len(&self) -> Option<u64> {
        self.len
    }

    /// Never: there is at least the last boundary.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// Returns the pieces in the order of sending.
    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns the body as the machine sees it: bytes if it is all in memory, else a source of the driver's.
    #[must_use]
    pub fn payload(&self) -> Payload {
        let in_memory = |segment: &Segment| match segment {
            Segment::Bytes(bytes) => Some(bytes.clone()),
            Segment::Source { .. } => None,
        };
        match self.segments.iter().map(in_memory).collect::<Option<Vec<_>>>() {
            Some(pieces) => Payload::Bytes(pieces.concat().into()),
            None => Payload::External { len: self.len, replay: self.replay },
        }
    }
}

fn quote(text: &str, what: &str, out: &mut BytesMut) -> Result<(), Error> {
    if text.len() > MAX_TEXT {
        return Err(too_much("a name longer than 64 KiB"));
    }
    for byte in text.bytes() {
        match byte {
            b'"' => out.put_slice(b"%22"),
            b'\r' => out.put_slice(b"%0D"),
            b'\n' => out.put_slice(b"%0A"),
            byte if byte.is_ascii_control() => {
                let says = format!("multipart: {what} holds a control character");
                return Err(Error::new(ErrorKind::Body, says));
            }
            byte => out.put_u8(byte),
        }
    }
    Ok(())
}

fn put_header(name: &str, value: &HeaderValue, out: &mut BytesMut) {
    out.put_slice(name.as_bytes());
    out.put_slice(b": ");
    out.put_slice(value.as_bytes());
    out.put_slice(b"\r\n");
}

fn too_much(what: &str) -> Error {
    Error::new(ErrorKind::Limit, format!("multipart: {what}"))
}
