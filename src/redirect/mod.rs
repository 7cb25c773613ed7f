//! Redirects: where a response leads, by which method, and what may go along.

mod history;
pub(crate) mod hop;
pub(crate) mod rewrite;
#[cfg(test)]
mod tests;

pub use history::History;
