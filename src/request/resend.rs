//! Leave to send a request again.

use serde::{Deserialize, Serialize};

/// When a request may be sent again although the server may have acted on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Resend {
    /// When its method is idempotent (RFC 9110 §9.2.2).
    #[default]
    ByMethod,
    /// The same, whatever the defaults of the hook say: it was stored so.
    #[serde(skip)]
    ByMethodOnly,
    /// Always: an Idempotency-Key makes it safe.
    Keyed,
    /// Always: the caller says so.
    Allowed,
}
