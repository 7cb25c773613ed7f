//! Redirects: where to, and what goes along.

mod calls;
mod chains;
#[path = "../invariants/mod.rs"]
mod invariants;
#[path = "../support/mod.rs"]
mod support;
