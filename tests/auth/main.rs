//! Credentials: what is shown to whom.

mod cache;
#[path = "../invariants/cases.rs"]
mod cases;
mod endpoint;
mod flights;
mod flow;
mod kept;
mod lives;
mod refused;
#[path = "../support/mod.rs"]
mod support;
