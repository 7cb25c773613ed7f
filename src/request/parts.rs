//! Parts of a plan that the call goes on with.

use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

/// One header of a call.
#[derive(Clone)]
pub(crate) struct CallHeader {
    pub(crate) name: HeaderName,
    /// `None` takes the name out of the layers below.
    pub(crate) value: Option<HeaderValue>,
    /// Whether the caller says that the value may be written down.
    pub(crate) storable: bool,
}

/// When a request may be sent again although the server may have acted on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Resend {
    /// When its method is idempotent (RFC 9110 §9.2.2).
    #[default]
    ByMethod,
    /// Always: an Idempotency-Key makes it safe.
    Keyed,
    /// Always: the caller says so.
    Allowed,
}
