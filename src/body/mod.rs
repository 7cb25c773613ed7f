//! Bodies: what the machine sees of them, what streams through a transport, and what they are made of.

/// Makes a body of what holds bytes whole.
macro_rules! of_bytes {
    ($body:ty: $($whole:ty),+) => {
        $(
            impl From<$whole> for $body {
                fn from(whole: $whole) -> Self {
                    Self::Bytes(whole.into())
                }
            }
        )+
    };
}

pub(crate) mod blocking;
mod exact;
mod joined;
pub mod multipart;
mod multipart_source;
mod payload;
mod reading;
mod source;
mod stream;
mod upload;

/// The bytes that bodies are of.
pub use bytes::Bytes;
pub use exact::{Exact, SourceWatch};
pub use payload::{Payload, Replay};
pub use reading::{from_fn, take_announced};
pub(crate) use source::{Open, no_source};
pub use stream::Body;
pub use upload::Upload;

pub(crate) use stream::{OF_A_CALL, too_long};
