//! A multipart body whose parts come from sources: what a driver sends for an external payload.

use std::collections::VecDeque;

use bytes::Bytes;

use super::blocking;
use crate::base::{Sent, TransportError, TransportErrorKind};
use crate::body::Body;
use crate::body::Exact;
use crate::body::joined::{Joined, JoinedReaders};
use crate::body::multipart::{MultipartBody, Segment};

impl MultipartBody {
    /// Joins the body's own text and `parts`: those that come from sources, in their order. Each is held to the length that was told
    /// of it, also where another's is not known.
    ///
    /// # Errors
    ///
    /// Kind [`RequestBody`](TransportErrorKind::RequestBody) if there are too few.
    pub fn join(&self, parts: impl IntoIterator<Item = Body>) -> Result<Body, TransportError> {
        let exact = |body, len| Body::stream(Exact::of(body, Some(len)));
        let bodies = self.pieces(parts, Body::Bytes, exact, Body::quiet)?;
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
        let exact = |body: blocking::Body, len| {
            blocking::Body::reader(Some(len), body.into_reader()).exact().0
        };
        let pieces = self.pieces(parts, blocking::Body::Bytes, exact, blocking::Body::quiet)?;
        let readers = pieces.into_iter().map(blocking::Body::into_reader).collect();
        Ok(blocking::Body::reader(self.len(), JoinedReaders(readers)))
    }

    /// That of the whole is not known if one part's length is not, and says nothing of two that are wrong by as much: so each is
    /// held to its own.
    fn pieces<B>(
        &self,
        parts: impl IntoIterator<Item = B>,
        whole: impl Fn(Bytes) -> B,
        exact: impl Fn(B, u64) -> B,
        quiet: impl Fn(B) -> B,
    ) -> Result<VecDeque<B>, TransportError> {
        let mut parts = parts.into_iter();
        let piece = |segment: &Segment| match segment {
            Segment::Bytes(bytes) => Ok(whole(bytes.clone())),
            Segment::Source { len, .. } => {
                let part = parts.next().ok_or_else(missing)?;
                Ok(match len {
                    Some(len) => exact(part, *len),
                    None => quiet(part),
                })
            }
        };
        self.segments().iter().map(piece).collect()
    }
}

fn missing() -> TransportError {
    let error = TransportError::new(TransportErrorKind::RequestBody, Sent::No);
    error.with_source("a part of the multipart body has no source")
}
