//! What came back: reason phrases, classification, hints.

mod reason;
pub mod redirect;

pub use reason::Reason;
