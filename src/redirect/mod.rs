//! Redirects: where a response leads, by which method, and what may go along.

mod history;
pub(crate) mod hop;
pub(crate) mod rewrite;

pub use history::{History, Visit};
