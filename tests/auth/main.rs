//! Credentials: what is shown to whom.

mod flow;
mod kept;
#[path = "../support/mod.rs"]
mod support;
