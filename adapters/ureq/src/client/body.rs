//! Bodies on their way through ureq.

use std::io::{self, Read};

use http::header::{CONTENT_LENGTH, HeaderValue};
use http::request::Parts;
use http_hook::blocking::Body;
use http_hook::body::SourceWatch;
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

/// The body of a response; its errors are the hook's.
pub(crate) fn from_ureq(body: ureq::Body, is_chunked: bool) -> Body {
    Body::reader(
        body.content_length(),
        Incoming { reader: body.into_reader(), chunks: is_chunked.then(Chunks::default) },
    )
}

struct Incoming {
    reader: ureq::BodyReader<'static>,
    /// How far they came, if the body comes in chunks.
    chunks: Option<Chunks>,
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let watched = Seen { in_body: true, chunks: self.chunks, ..Seen::default() };
        let (read, seen) = watched.during(|| self.reader.read(buffer));
        let is_chunked = self.chunks.is_some();
        self.chunks = seen.chunks;
        if self.chunks.is_some_and(Chunks::are_broken) {
            let error = TransportError::new(Kind::Body, Sent::Yes);
            return Err(io::Error::other(error.with_source("the chunks are none")));
        }
        match read.map_err(io::Error::other)? {
            // ureq takes the end of a connection for the end of trailers, and a reset for the end of it.
            Ok(0) if seen.broken || seen.ended && is_chunked => {
                let error = TransportError::new(Kind::Body, Sent::Yes);
                Err(io::Error::other(error.with_source("the connection ended before the body")))
            }
            read => read.map_err(|error| io::Error::other(of_body(error))),
        }
    }
}
