//! Eight tasks: a typed GET, a 503 that is retried, a 404, a time limit, a file down, a file up, a multipart body, 100 calls at once.
//!
//! `cargo run -p http-hook-ureq --example blocking_tasks` calls a server of its own on loopback. The tasks stand in `eight.rs`.

mod eight;

use std::error::Error;

use http_hook_conformance::eight::Eight;

fn main() -> Result<(), Box<dyn Error>> {
    let server = Eight::serve()?;
    let count = eight::eight(&server.base(), &server.up(), &server.down())?;
    server.done(count);
    Ok(())
}
