//! What a client has to be able to do for one request, beside the options of the call.

use http::Method;

use crate::body::Payload;
use crate::options::{Capabilities, Capability};

/// What the client has to be able to do for this method and this body.
pub(crate) fn needed(method: &Method, payload: &Payload) -> Capabilities {
    let mut needed = Capabilities::none("");
    if matches!(payload, Payload::External { .. }) {
        needed = needed.with(Capability::StreamRequest);
    }
    if !is_usual(method) {
        needed = needed.with(Capability::CustomMethod);
    }
    needed
}

/// Whether a method is one of RFC 9110 or PATCH, which every client knows.
fn is_usual(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET
            | Method::POST
            | Method::PUT
            | Method::DELETE
            | Method::PATCH
            | Method::HEAD
            | Method::OPTIONS
            | Method::TRACE
            | Method::CONNECT
    )
}
