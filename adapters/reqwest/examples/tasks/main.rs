//! Eight tasks: a typed GET, a 503 that is retried, a 404, a time limit, a file down, a file up, a multipart body, 100 calls at once.
//!
//! `cargo run -p http-hook-reqwest --example tasks` calls a server of its own on loopback. The tasks stand in `eight.rs`.

mod eight;

use std::error::Error;

use http_hook_conformance::eight::Eight;

fn main() -> Result<(), Box<dyn Error>> {
    let server = Eight::serve()?;
    let (base, up, down) = (server.base(), server.up(), server.down());
    let tasks = eight::eight(&base, &up, &down);
    let count = tokio::runtime::Runtime::new()?.block_on(tasks)?;
    server.done(count);
    Ok(())
}
