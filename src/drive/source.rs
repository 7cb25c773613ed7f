//! Where a body comes from that is not part of the plan.

use bytes::Bytes;
use http::Request;

use crate::base::TransportError;
use crate::body::{BodySource, Payload, no_source};

pub(super) enum Source<'a, B> {
    None,
    Lent(&'a mut dyn BodySource<B>),
    Own(Box<dyn BodySource<B> + 'a>),
}

impl<B: From<Bytes>> Source<'_, B> {
    /// Puts the caller's body in the place of the payload.
    pub(super) fn open(&mut self, request: Request<Payload>) -> Result<Request<B>, TransportError> {
        let (head, payload) = request.into_parts();
        let body = match (payload, self) {
            (Payload::Bytes(bytes), _) => bytes.into(),
            (Payload::External { .. }, Self::Lent(source)) => source.open()?,
            (Payload::External { .. }, Self::Own(source)) => source.open()?,
            (Payload::External { .. }, Self::None) => return Err(no_source()),
        };
        Ok(Request::from_parts(head, body))
    }
}
