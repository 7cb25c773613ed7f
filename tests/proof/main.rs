//! What holds for any input, and of the sources as a whole.

mod adding;
mod auto_traits;
mod callers;
#[path = "../invariants/cases.rs"]
mod cases;
mod corpus;
mod dependencies;
mod faults;
mod headers;
#[path = "../invariants/mod.rs"]
mod invariants;
mod own_scheme;
mod own_scheme_series;
mod pages;
mod properties;
mod purity;
mod rooms;
mod source;
#[path = "../support/mod.rs"]
mod support;
mod taint;
mod unrun;
