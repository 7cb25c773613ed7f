//! What came back: reason phrases, classification, hints.

mod check;
#[cfg(feature = "cookies")]
pub mod cookies;
pub mod hints;
mod history;
mod reason;
pub mod redirect;

pub(crate) use check::{check_failed, whole};
pub use history::{History, Visit};
pub use reason::Reason;
