//! Where the body of an external payload comes from.

use crate::base::{Sent, TransportError, TransportErrorKind};

/// Opens the caller's body at its beginning.
pub(crate) type Open<'a, B> = dyn FnMut() -> Result<B, TransportError> + Send + 'a;

/// Tells that nobody has a source for an external payload.
pub(crate) fn no_source() -> TransportError {
    let error = TransportError::new(TransportErrorKind::RequestBody, Sent::No);
    error.with_source("the call has an external payload, and the driver no source for it")
}
