//! Whether, when and how often to send again.

mod aws;
#[path = "../invariants/cases.rs"]
mod cases;
mod decisions;
mod gated_calls;
mod gates;
mod given_back;
mod hints;
mod hints_as_written;
mod jumps;
mod names;
mod outage;
mod outcomes;
mod policy;
mod properties;
#[path = "../support/mod.rs"]
mod support;
mod turns;
mod weighing;
