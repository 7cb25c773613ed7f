//! The body of a request, as the machine sees it.

use std::fmt;

use bytes::Bytes;

use crate::base::size;

/// The body of a request: in memory, or a source that the driver holds.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// All of it. Empty means that there is no body.
    Bytes(Bytes),
    /// The caller's own source; the driver puts it in place of this.
    External {
        /// The length in bytes, if known.
        len: Option<u64>,
        /// Whether it can be read more than once.
        replay: Replay,
    },
}

/// Whether a source of bytes can be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Replay {
    /// Each send gets all of it.
    Again,
    /// It is used up by the first send: such a call is sent once.
    Once,
}

impl Payload {
    /// No body.
    pub const EMPTY: Self = Self::Bytes(Bytes::new());

    /// Returns the length in bytes, if known.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(size(bytes.len())),
            Self::External { len, .. } => *len,
        }
    }

    /// Whether there is certainly nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Bytes(bytes) if bytes.is_empty())
    }

    /// Whether it can be sent more than once.
    #[must_use]
    pub const fn is_replayable(&self) -> bool {
        !matches!(self, Self::External { replay: Replay::Once, .. })
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

/// Tells the size only: a body may hold secrets.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Payload({} bytes)", bytes.len()),
            Self::External { len: Some(len), replay } => {
                write!(f, "Payload(external, {len} bytes, {replay:?})")
            }
            Self::External { len: None, replay } => write!(f, "Payload(external, {replay:?})"),
        }
    }
}
