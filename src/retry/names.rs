//! The names of kinds of errors in a policy: one that there is not would hold for nothing, and nobody would see it.

use std::borrow::Cow;

use crate::base::{TransportErrorKind, redact};
use crate::retry::outcome::CONNECTION;

/// The exact kinds, as [`TransportErrorKind::name`] writes them.
const KINDS: [&str; 16] = [
    "body",
    "body_timeout",
    "bug",
    "cancelled",
    "connect",
    "connect_timeout",
    "dns",
    "head_timeout",
    "interrupted",
    "invalid_request",
    "limit",
    "protocol",
    "proxy",
    "request_body",
    "timeout",
    "tls",
];

/// What is wrong with a name of a kind or a family of kinds. What was written is not repeated: it may be anything.
pub(super) fn fault_of_kind(name: &str) -> Option<Cow<'static, str>> {
    if name == CONNECTION || TransportErrorKind::from_name(name).is_some() {
        return None;
    }
    let known: Vec<_> = KINDS.into_iter().chain([CONNECTION]).collect();
    Some(match redact::nearest(name, known.iter().copied()) {
        Some(near) => format!("error_kind: no such kind of error; is it `{near}`?").into(),
        None => format!("error_kind: no such kind of error, beside {}", known.join(", ")).into(),
    })
}

/// What is wrong with a name in a table of exact kinds. Outcomes of other origin have other names, so that only a slip of the
/// pen is a fault.
pub(super) fn fault_of_exact_kind(name: &str) -> Option<Cow<'static, str>> {
    if TransportErrorKind::from_name(name).is_some() {
        return None;
    }
    let near = redact::nearest(name, KINDS)?;
    Some(format!("by_error: no such kind of error; is it `{near}`?").into())
}
