//! The command, as it is typed.

mod call;
#[cfg(unix)]
mod conn;
#[cfg(unix)]
mod conn_shown;
mod curl;
mod demo;
#[cfg(unix)]
mod exposed;
mod faults;
mod fetch;
mod hints;
mod narrow;
mod odd;
mod pages;
mod poll;
mod pty;
mod readme;
mod secrets;
mod shell;
#[cfg(unix)]
mod signals;
mod state;
mod stored;
mod support;
mod terminal;
#[cfg(unix)]
mod tls;
mod transfer;
mod typed;
mod upload;
