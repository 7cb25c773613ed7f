//! Bodies: what the machine sees of them, what streams through a transport, and what they are made of.

pub(crate) mod blocking;
mod exact;
mod joined;
pub mod multipart;
mod multipart_source;
mod payload;
mod reading;
mod source;
mod stream;

pub use exact::{Exact, SourceWatch};
pub use payload::{Payload, Replay};
pub use reading::from_fn;
pub(crate) use source::no_source;
pub use stream::Body;
pub(crate) use stream::too_long;
