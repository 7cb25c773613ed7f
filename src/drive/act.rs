//! What a run asks for.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use crate::options::SendOptions;
use crate::response::Failure;

/// What a [`Run`](super::Run) asks for.
#[must_use]
#[expect(
    clippy::large_enum_variant,
    reason = "it is taken apart where it is made; a box would be an allocation a send"
)]
pub enum Act<B, R = Bytes> {
    /// Send this request under these options, then answer by [`sent`](super::Run::sent).
    Send(Request<B>, SendOptions),
    /// Read this body up to so many bytes and leave the rest, then answer by [`read`](super::Run::read).
    Read(B, u64),
    /// Let this time pass, or others run if it is none, then answer by [`woke`](super::Run::woke).
    Sleep(Duration),
    /// The run is over.
    Done(Result<Response<R>, Failure>),
}

/// Names what is asked for; a request may hold secrets.
impl<B, R> fmt::Debug for Act<B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(request, _) => f.debug_tuple("Send").field(request.method()).finish(),
            Self::Read(_, limit) => f.debug_tuple("Read").field(limit).finish(),
            Self::Sleep(wait) => f.debug_tuple("Sleep").field(wait).finish(),
            Self::Done(result) => {
                f.debug_tuple("Done").field(&result.as_ref().map(Response::status)).finish()
            }
        }
    }
}
