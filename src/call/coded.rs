//! The codings of a response being undone: at once, or step by step, so that a driver can let others run meanwhile.

use std::ops::ControlFlow;

use bytes::Bytes;
use http::Response;
use http::header::CONTENT_ENCODING;

use crate::base::{Sent, TransportError, TransportErrorKind};
use crate::hook::Hook;
#[cfg(feature = "decode")]
use crate::response::decode::{Decoding, begin_of as begin_undone, of_response, undone};
use crate::response::is_no_coding;

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

impl Coded {
    /// Begins. Somebody `may` decide by the body: whether it is so is asked only where there are codings.
    ///
    /// # Errors
    ///
    /// More codings than are undone, and kind [`Body`](TransportErrorKind::Body) where somebody decides by a body and one of its
    /// codings is left: it is not asked for, not known, or the hook undoes none.
    #[inline]
    pub(super) fn new(
        hook: &Hook,
        response: Response<Bytes>,
        limit: u64,
        may: bool,
        strict: impl FnOnce(&Response<Bytes>) -> bool,
    ) -> Result<Self, TransportError> {
        let looks = may || hook.decodes();
        if looks && response.headers().contains_key(CONTENT_ENCODING) {
            let strict = may && strict(&response);
            return Self::of_coded(hook, response, limit, strict);
        }
        Ok(Self {
            response,
            #[cfg(feature = "decode")]
            decoding: None,
            #[cfg(feature = "decode")]
            strict: false,
        })
    }

    #[cfg(feature = "decode")]
    #[cold]
    #[inline(never)]
    fn of_coded(
        hook: &Hook,
        response: Response<Bytes>,
        limit: u64,
        strict: bool,
    ) -> Result<Self, TransportError> {
        let decoding =
            if hook.decodes() { Some(Box::new(of_response(&response, limit)?)) } else { None };
        if strict && !decoding.as_ref().is_some_and(|decoding| decoding.undoes()) {
            refuse_codings(&response)?;
        }
        Ok(Self { response, decoding, strict })
    }

    #[cfg(not(feature = "decode"))]
    #[cold]
    #[inline(never)]
    fn of_coded(
        _: &Hook,
        response: Response<Bytes>,
        _: u64,
        strict: bool,
    ) -> Result<Self, TransportError> {
        if strict {
            refuse_codings(&response)?;
        }
        Ok(Self { response })
    }

    /// Does a part of what is left.
    #[cfg(feature = "decode")]
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

    #[cfg(not(feature = "decode"))]
    pub(crate) fn step(self) -> Undoing {
        ControlFlow::Break(Ok(self.response))
    }

    /// Does all that is left.
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

/// Refuses a body that has a coding: nobody knows what it says.
#[cold]
fn refuse_codings(response: &Response<Bytes>) -> Result<(), TransportError> {
    let mut lines = response.headers().get_all(CONTENT_ENCODING).iter();
    let is_plain = lines.all(|line| {
        line.to_str().is_ok_and(|line| line.split(',').map(str::trim).all(is_no_coding))
    });
    if is_plain || response.body().is_empty() {
        return Ok(());
    }
    let message = "the body has a content coding that is unknown, or is not undone";
    Err(TransportError::new(TransportErrorKind::Body, Sent::Yes).with_message(message))
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
