//! What came back: reason phrases, classification, hints.

mod check;
#[cfg(feature = "cookies")]
pub mod cookies;
#[cfg(feature = "decode")]
pub mod decode;
mod ext;
pub mod hints;
mod history;
pub mod problem;
mod reason;
pub mod redirect;
pub mod text;

pub(crate) use check::{check_failed, whole};
pub use ext::ResponseExt;
pub use history::{History, Visit};
pub use reason::Reason;
