//! The codings of a response being undone: at once, or step by step, so that a driver can let others run meanwhile.

use std::ops::ControlFlow;

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
    /// Whether a text that breaks off is an error.
    #[cfg(feature = "decode")]
    strict: bool,
}

/// What came of a step: what is left to be done, or the end.
pub(crate) type Undoing = ControlFlow<Result<Response<Bytes>, TransportError>, Coded>;

#[cfg(feature = "decode")]
impl Coded {
    #[inline]
    pub(super) fn new(
        hook: &Hook,
        response: Response<Bytes>,
        limit: u64,
        strict: impl FnOnce() -> bool,
    ) -> Result<Self, TransportError> {
        let coded =
            hook.decodes() && response.headers().contains_key(http::header::CONTENT_ENCODING);
        let decoding = if coded { Some(Box::new(of_response(&response, limit)?)) } else { None };
        Ok(Self { response, decoding, strict: coded && strict() })
    }

    /// Does a part of what is left.
    #[inline]
    pub(crate) fn step(mut self) -> Undoing {
        let Some(decoding) = &mut self.decoding else {
            return ControlFlow::Break(Ok(self.response));
        };
        match decoding.step() {
            Ok(None) => ControlFlow::Continue(self),
            Ok(Some(decoded)) => {
                let decoded = if self.strict { decoded.whole() } else { Ok(decoded) };
                ControlFlow::Break(decoded.map(|decoded| undone(self.response, decoded)))
            }
            Err(error) => ControlFlow::Break(Err(error)),
        }
    }
}

#[cfg(not(feature = "decode"))]
impl Coded {
    #[expect(clippy::unnecessary_wraps, reason = "it decodes where it can")]
    pub(super) fn new(
        _: &Hook,
        response: Response<Bytes>,
        _: u64,
        _: impl FnOnce() -> bool,
    ) -> Result<Self, TransportError> {
        Ok(Self { response })
    }

    pub(crate) fn step(self) -> Undoing {
        ControlFlow::Break(Ok(self.response))
    }
}

impl Coded {
    /// Does all that is left.
    #[cfg(feature = "decode")]
    #[inline]
    pub(super) fn whole(mut self) -> Result<Response<Bytes>, TransportError> {
        loop {
            self = match self.step() {
                ControlFlow::Break(answer) => return answer,
                ControlFlow::Continue(more) => more,
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
