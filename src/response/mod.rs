//! What came back: reason phrases, classification, hints.

mod reason;

pub use reason::Reason;
