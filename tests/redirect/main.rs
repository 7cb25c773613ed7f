//! Redirects: where to, and what goes along.

mod calls;
mod chains;
#[path = "../invariants/mod.rs"]
mod invariants;
mod rules;
#[path = "../support/mod.rs"]
mod support;
