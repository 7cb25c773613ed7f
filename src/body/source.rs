//! Where the body of an external payload comes from.

use crate::base::{Sent, TransportError, TransportErrorKind};

/// Tells that nobody has a source for an external payload.
pub(crate) fn no_source() -> TransportError {
    let error = TransportError::new(TransportErrorKind::RequestBody, Sent::No);
    error.with_source("the call has an external payload, and the driver no source for it")
}
