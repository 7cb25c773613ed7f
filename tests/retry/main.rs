//! Whether, when and how often to send again.

#[path = "../invariants/cases.rs"]
mod cases;
mod checked;
mod form;
mod gated_calls;
mod hints;
mod hints_as_written;
#[path = "../support/mod.rs"]
mod support;
mod turns;
mod work;
