//! The codings of a response being undone: at once, or step by step, so that a driver can let others run meanwhile.

use bytes::Bytes;
use http::Response;

use crate::base::TransportError;
use crate::hook::Hook;
#[cfg(feature = "decode")]
use crate::response::decode::{Decoding, begin_of as begin_undone, of_response, undone};

/// A whole response, and what is left to be undone of its codings.
pub(crate) struct Coded {
    response: Response<Bytes>,
    #[cfg(feature = "decode")]
    decoding: Option<Box<Decoding>>,
}

#[cfg(feature = "decode")]
impl Coded {
    #[inline]
    pub(super) fn new(
        hook: &Hook,
        response: Response<Bytes>,
        limit: u64,
    ) -> Result<Self, TransportError> {
        let coded =
            hook.decodes() && response.headers().contains_key(http::header::CONTENT_ENCODING);
        let decoding = if coded { Some(Box::new(of_response(&response, limit)?)) } else { None };
        Ok(Self { response, decoding })
    }

    /// Does a part of what is left; `Err(self)` if there is more.
    #[inline]
    pub(crate) fn step(mut self) -> Result<Result<Response<Bytes>, TransportError>, Self> {
        let Some(decoding) = &mut self.decoding else { return Ok(Ok(self.response)) };
        match decoding.step() {
            Ok(None) => Err(self),
            Ok(Some(decoded)) => Ok(Ok(undone(self.response, decoded))),
            Err(error) => Ok(Err(error)),
        }
    }
}

#[cfg(not(feature = "decode"))]
impl Coded {
    #[expect(clippy::unnecessary_wraps, reason = "it decodes where it can")]
    pub(super) fn new(_: &Hook, response: Response<Bytes>, _: u64) -> Result<Self, TransportError> {
        Ok(Self { response })
    }

    #[expect(clippy::unnecessary_wraps, reason = "it decodes where it can")]
    pub(crate) fn step(self) -> Result<Result<Response<Bytes>, TransportError>, Self> {
        Ok(Ok(self.response))
    }
}

impl Coded {
    /// Does all that is left.
    #[cfg(feature = "decode")]
    #[inline]
    pub(super) fn whole(mut self) -> Result<Response<Bytes>, TransportError> {
        loop {
            self = match self.step() {
                Ok(answer) => return answer,
                Err(more) => more,
            };
        }
    }
}

/// Undoes the codings of the beginning of a body as far as that goes: it is for people.
#[cfg(feature = "decode")]
#[cold]
pub(super) fn begin_of(hook: &Hook, response: Response<Bytes>) -> Response<Bytes> {
    if !hook.decodes() {
        return response;
    }
    begin_undone(response, crate::base::size(crate::response::Failure::MAX_BODY))
}

#[cfg(not(feature = "decode"))]
pub(super) fn begin_of(_: &Hook, response: Response<Bytes>) -> Response<Bytes> {
    response
}
