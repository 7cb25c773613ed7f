//! The command, as it is typed.

mod call;
mod demo;
mod pty;
mod secrets;
mod shell;
#[cfg(unix)]
mod signals;
mod state;
mod stored;
mod support;
mod terminal;
mod transfer;
