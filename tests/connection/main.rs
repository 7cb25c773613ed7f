//! What is stored: its text forms, and the options in its extra.

mod forms;
mod given;
mod hosts;
mod options;
mod pasted;
mod properties;
#[path = "../support/mod.rs"]
mod support;
