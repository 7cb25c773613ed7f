//! The machine and its drivers: steps, limits, what is told, what is stored.

mod chain;
mod driver;
mod ends;
mod faces;
mod legs;
mod limits;
mod observe;
mod panics;
mod run;
mod sent;
mod shown;
#[cfg(feature = "tracing")]
mod spans;
mod steps;
mod stored;
#[path = "../support/mod.rs"]
mod support;
mod told;
mod unkept;
mod whence;
mod why;
