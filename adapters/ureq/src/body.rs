//! Bodies on their way through ureq, checked for their length on the way out.

use std::io::{self, Cursor, Read};

use http::Method;
use http::header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http_hook::TransportError;
use http_hook::blocking::Body;
use ureq::SendBody;

use crate::error::{SourceFailed, guard, of_body, refused};

/// Frames `body`, by its length where that is known, else in chunks; gives whether there is something to frame.
pub(crate) fn frame(parts: &mut Parts, body: &Body) -> bool {
    parts.headers.remove(TRANSFER_ENCODING);
    parts.headers.remove(CONTENT_LENGTH);
    let expected = matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
    if body.is_empty() && !expected {
        return false;
    }
    if let Some(length) = body.len() {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    true
}

/// The caller's source of a request body. One that gives more or less than was announced is an error, where ureq would wait
/// for the rest for ever.
pub(crate) struct Outgoing {
    source: Box<dyn Read + Send>,
    left: Option<u64>,
}

impl Outgoing {
    pub(crate) fn into_ureq(body: Body) -> Result<SendBody<'static>, TransportError> {
        let left = body.len();
        let source: Box<dyn Read + Send> = match body {
            Body::Bytes(bytes) => Box::new(Cursor::new(bytes)),
            Body::Reader { reader, .. } => reader,
            _ => return Err(refused("a kind of body that this transport does not know")),
        };
        Ok(SendBody::from_owned_reader(Self { source, left }))
    }

    fn piece(&mut self, buffer: &mut [u8]) -> Result<usize, SourceFailed> {
        loop {
            match guard(|| self.source.read(buffer)) {
                Ok(Ok(count)) => return Ok(count.min(buffer.len())),
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(_)) => return Err(SourceFailed("the source failed")),
                Err(_) => return Err(SourceFailed("the source panicked")),
            }
        }
    }

    fn checked(&mut self, buffer: &mut [u8]) -> Result<usize, SourceFailed> {
        let count = self.piece(buffer)?;
        let Some(left) = self.left else { return Ok(count) };
        if count == 0 && left > 0 && !buffer.is_empty() {
            return Err(SourceFailed("the source gave too little"));
        }
        let left = u64::try_from(count).ok().and_then(|count| left.checked_sub(count));
        let left = left.ok_or(SourceFailed("the source gave too much"))?;
        self.left = Some(left);
        // ureq asks no more once it has all that was announced, so the end is looked for now.
        if left == 0 && count > 0 && self.piece(&mut [0])? > 0 {
            return Err(SourceFailed("the source gave too much"));
        }
        Ok(count)
    }
}

impl Read for Outgoing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.checked(buffer).map_err(io::Error::other)
    }
}

/// The body of an answer; its errors are the hook's.
pub(crate) struct Incoming(ureq::BodyReader<'static>);

impl Incoming {
    pub(crate) fn into_body(body: ureq::Body) -> Body {
        Body::reader(body.content_length(), Self(body.into_reader()))
    }
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = guard(|| self.0.read(buffer)).map_err(io::Error::other)?;
        read.map_err(|error| io::Error::other(of_body(error)))
    }
}
