//! A multipart body whose parts come from sources: what a driver sends for an external payload.

use std::collections::VecDeque;

use bytes::Bytes;

use super::blocking;
use crate::base::{Sent, TransportError, TransportErrorKind};
use crate::body::Body;
use crate::body::joined::{Joined, JoinedReaders};
use crate::body::multipart::{MultipartBody, Segment};

impl MultipartBody {
    /// Joins the body's own text and `parts`: those that come from sources, in their order.
    ///
    /// # Errors
    ///
    /// Kind [`RequestBody`](TransportErrorKind::RequestBody) if there are too few.
    pub fn join(&self, parts: impl IntoIterator<Item = Body>) -> Result<Body, TransportError> {
        let bodies = self.pieces(parts, Body::Bytes)?;
        Ok(Body::stream(Joined { bodies, len: self.len() }))
    }

    /// The blocking twin of [`join`](Self::join).
    ///
    /// # Errors
    ///
    /// Those of [`join`](Self::join).
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::body::Replay;
    /// use http_hook::body::multipart::{Multipart, Part};
    /// use http_hook::{RequestPlan, blocking};
    ///
    /// let mut form = Multipart::default();
    /// form.field("kind", "report")?;
    /// form.file(Part::source("file", Some(5), Replay::Again).with_filename("a.txt"))?;
    /// let body = form.write(7)?;
    ///
    /// let plan = RequestPlan::post("v1/uploads").multipart_body(&body);
    /// let file = || blocking::Body::reader(Some(5), &b"hello"[..]);
    /// let source = || body.join_blocking([file()]); // for `run_with_body`
    /// let sent = source()?.collect(1_000)?;
    /// assert!(sent.windows(5).any(|window| window == b"hello"));
    /// # let _ = plan;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn join_blocking(
        &self,
        parts: impl IntoIterator<Item = blocking::Body>,
    ) -> Result<blocking::Body, TransportError> {
        let pieces = self.pieces(parts, blocking::Body::Bytes)?;
        let readers = pieces.into_iter().map(blocking::Body::into_reader).collect();
        Ok(blocking::Body::reader(self.len(), JoinedReaders(readers)))
    }

    fn pieces<B>(
        &self,
        parts: impl IntoIterator<Item = B>,
        whole: impl Fn(Bytes) -> B,
    ) -> Result<VecDeque<B>, TransportError> {
        let mut parts = parts.into_iter();
        let piece = |segment: &Segment| match segment {
            Segment::Bytes(bytes) => Ok(whole(bytes.clone())),
            Segment::Source { .. } => parts.next().ok_or_else(missing),
        };
        self.segments().iter().map(piece).collect()
    }
}

fn missing() -> TransportError {
    let error = TransportError::new(TransportErrorKind::RequestBody, Sent::No);
    error.with_source("a part of the multipart body has no source")
}
