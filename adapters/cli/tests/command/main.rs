//! The command, as it is typed.

mod call;
mod demo;
mod secrets;
#[cfg(unix)]
mod signals;
mod support;
mod terminal;
