//! Bodies on their way through ureq.

use std::io::{self, Read};

use http::header::{CONTENT_LENGTH, HeaderValue};
use http::request::Parts;
use http_hook::blocking::Body;
use http_hook::body::{SourceWatch, take_announced};
use http_hook::transport::leave_framing;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use ureq::SendBody;

use super::chunks::Chunks;
use super::error::of_body;
use super::watch::Seen;

/// Frames `body`, by its length where that is known, else in chunks, if there is something to frame.
pub(crate) fn to_ureq(parts: &mut Parts, body: Body) -> (SendBody<'static>, SourceWatch) {
    let (length, is_empty) = (body.len(), body.is_empty());
    leave_framing(&mut parts.headers, &parts.method, is_empty);
    if is_empty && !parts.headers.contains_key(CONTENT_LENGTH) {
        return (SendBody::none(), SourceWatch::default());
    }
    if let Some(length) = length {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    let (exact, source) = body.exact();
    (SendBody::from_owned_reader(exact), source)
}

/// The body of a response of this length; its errors are the hook's.
pub(crate) fn from_ureq(body: ureq::Body, length: Option<u64>, is_chunked: bool) -> Body {
    let chunks = is_chunked.then(Chunks::default);
    Body::reader(length, Incoming { reader: body.into_reader(), left: length, chunks })
}

struct Incoming {
    reader: ureq::BodyReader<'static>,
    /// What is left of the length.
    left: Option<u64>,
    /// How far they came, if the body comes in chunks.
    chunks: Option<Chunks>,
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.checked(buffer).map_err(io::Error::other)
    }
}

impl Incoming {
    fn checked(&mut self, buffer: &mut [u8]) -> Result<usize, TransportError> {
        let watched = Seen { in_body: true, chunks: self.chunks, ..Seen::NOTHING };
        let (read, seen) = watched.during(|| self.reader.read(buffer));
        let is_chunked = self.chunks.is_some();
        self.chunks = seen.chunks;
        if self.chunks.is_some_and(Chunks::are_broken) {
            return Err(broken("the chunks are none"));
        }
        let count = read?.map_err(of_body)?;
        if count == 0 && !buffer.is_empty() {
            // ureq takes the end of a connection for the end of trailers, and a reset for the end of it.
            if seen.broken || seen.ended && is_chunked {
                return Err(broken("the connection ended before the body"));
            }
        }
        if !buffer.is_empty() {
            take_announced(&mut self.left, count)?;
        }
        Ok(count)
    }
}

fn broken(why: &'static str) -> TransportError {
    TransportError::new(Kind::Body, Sent::Yes).with_source(why)
}
