//! Where a body comes from that is not part of the plan.

use bytes::Bytes;
use http::Request;

use crate::base::{Quiet, Sent, TransportError, TransportErrorKind, caught};
use crate::body::{Open, Payload, no_source};

pub(super) enum Source<'a, B> {
    None,
    Lent(&'a mut Open<'a, B>),
    Own(Box<Open<'a, B>>),
}

impl<'a, B: From<Bytes>> Source<'a, B> {
    pub(super) fn own(source: impl FnMut() -> Result<B, TransportError> + Send + 'a) -> Self {
        let mut source = Quiet::new(source);
        Self::Own(Box::new(move || match source.get_mut() {
            Some(source) => source(),
            None => Err(no_source()),
        }))
    }

    /// Puts the caller's body in the place of the payload.
    pub(super) fn open(&mut self, request: Request<Payload>) -> Result<Request<B>, TransportError> {
        let (head, payload) = request.into_parts();
        let body = match (payload, self) {
            (Payload::Bytes(bytes), _) => bytes.into(),
            (Payload::External { .. }, Self::Lent(source)) => opened(*source)?,
            (Payload::External { .. }, Self::Own(source)) => opened(&mut **source)?,
            (Payload::External { .. }, Self::None) => return Err(no_source()),
        };
        Ok(Request::from_parts(head, body))
    }
}

/// Opens the caller's source; one that panics has failed, and nothing was sent.
fn opened<B>(source: &mut Open<'_, B>) -> Result<B, TransportError> {
    caught(source).unwrap_or_else(|| {
        let error = TransportError::new(TransportErrorKind::RequestBody, Sent::No);
        Err(error.with_source("it panicked"))
    })
}
