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
mod guessed;
mod hints;
#[cfg(unix)]
mod machine;
mod narrow;
mod negative;
mod odd;
mod pages;
mod poll;
#[cfg(unix)]
mod proxies;
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
#[cfg(unix)]
mod undecodable;
mod unwritten;
mod upload;
