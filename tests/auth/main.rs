//! Credentials: what is shown to whom.

mod flow;
#[path = "../support/mod.rs"]
mod support;
