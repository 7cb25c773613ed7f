//! What came back: reason phrases, classification, hints.

pub mod hints;
mod reason;

pub use reason::Reason;
