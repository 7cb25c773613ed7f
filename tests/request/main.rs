//! What is sent: URL, headers, body, and by which way.

mod environment;
mod explain;
mod form;
mod multipart;
mod progress;
mod sources;
#[path = "../support/mod.rs"]
mod support;
mod targets;
mod wiring;
