//! Where the body of an external payload comes from.

use crate::base::{Sent, TransportError, TransportErrorKind};

/// Opens the body of a call whose payload is [external](crate::body::Payload::External), once for each send.
///
/// Any `FnMut() -> Result<B, TransportError>` is one.
pub trait BodySource<B>: Send {
    /// Opens the body at its beginning.
    ///
    /// # Errors
    ///
    /// Kind [`RequestBody`](TransportErrorKind::RequestBody) if it cannot be read (again).
    fn open(&mut self) -> Result<B, TransportError>;
}

impl<B, F: FnMut() -> Result<B, TransportError> + Send> BodySource<B> for F {
    fn open(&mut self) -> Result<B, TransportError> {
        self()
    }
}

/// Tells that nobody has a source for an external payload.
pub(crate) fn no_source() -> TransportError {
    let error = TransportError::new(TransportErrorKind::RequestBody, Sent::No);
    error.with_source("the call has an external payload, and the driver no source for it")
}
