//! A multipart body whose parts come from sources: what a driver sends for an external payload.

use std::collections::VecDeque;

use super::blocking;
use crate::base::{Sent, TransportError, TransportErrorKind};
use crate::body::Body;
use crate::body::joined::{Joined, JoinedReaders};
use crate::body::multipart::{MultipartBody, Segment};
use crate::body::{BodySource, Exact, ExactReader};

/// The source of a multipart body: its own text around what the sources of the parts give, in their order.
///
/// # Examples
///
/// ```
/// use http_hook::body::multipart::{Multipart, Part};
/// use http_hook::body::MultipartSource;
/// use http_hook::{RequestPlan, blocking};
/// use http_hook::body::{BodySource, Replay};
///
/// let mut form = Multipart::default();
/// form.field("kind", "report")?;
/// form.file(Part::source("file", Some(5), Replay::Again).with_filename("a.txt"))?;
/// let body = form.write(7)?;
///
/// let plan = RequestPlan::post("v1/uploads").multipart_body(&body);
/// let mut source = MultipartSource::new(body)
///     .part(|| Ok(blocking::Body::reader(Some(5), &b"hello"[..])));
/// let sent = source.open()?.collect(1_000)?;
/// assert!(sent.windows(5).any(|window| window == b"hello"));
/// # let _ = plan;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MultipartSource<B> {
    body: MultipartBody,
    parts: Vec<Box<dyn BodySource<B>>>,
}

impl<B> MultipartSource<B> {
    /// Begins the source of `body`, still without those of its parts.
    #[must_use]
    pub fn new(body: MultipartBody) -> Self {
        Self { body, parts: Vec::new() }
    }

    /// Adds the source of the next part that has one.
    #[must_use]
    pub fn part(mut self, source: impl BodySource<B> + 'static) -> Self {
        self.parts.push(Box::new(source));
        self
    }

    /// Opens everything, in order. Each part is held to the length that was told of it: that of the whole is not known if one
    /// part's is not, and says nothing of two that are wrong by as much.
    fn pieces(
        &mut self,
        whole: impl Fn(bytes::Bytes) -> B,
        exact: impl Fn(B, u64) -> B,
    ) -> Result<VecDeque<B>, TransportError> {
        let Self { body, parts } = self;
        body.segments()
            .iter()
            .map(|segment| match segment {
                Segment::Bytes(bytes) => Ok(whole(bytes.clone())),
                Segment::Source { index, len } => match (parts.get_mut(*index), len) {
                    (Some(part), Some(len)) => part.open().map(|body| exact(body, *len)),
                    (Some(part), None) => part.open(),
                    (None, _) => Err(missing()),
                },
            })
            .collect()
    }
}

impl BodySource<Body> for MultipartSource<Body> {
    fn open(&mut self) -> Result<Body, TransportError> {
        let len = self.body.len();
        let exact = |body, len| Body::stream(Exact::of(body, Some(len)));
        Ok(Body::stream(Joined { bodies: self.pieces(Body::Bytes, exact)?, len }))
    }
}

impl BodySource<blocking::Body> for MultipartSource<blocking::Body> {
    fn open(&mut self) -> Result<blocking::Body, TransportError> {
        let len = self.body.len();
        let exact = |body, len| blocking::Body::reader(Some(len), ExactReader::of(body, Some(len)));
        let pieces = self.pieces(blocking::Body::Bytes, exact)?;
        let readers = pieces.into_iter().map(blocking::Body::into_reader).collect();
        Ok(blocking::Body::reader(len, JoinedReaders(readers)))
    }
}

fn missing() -> TransportError {
    let error = TransportError::new(TransportErrorKind::RequestBody, Sent::No);
    error.with_source("a part of the multipart body has no source")
}
