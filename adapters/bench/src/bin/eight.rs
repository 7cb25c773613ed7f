//! The eight tasks of the examples `tasks`, as a program over reqwest-middleware and reqwest-retry: `cargo run --bin eight`.

#[path = "../eight.rs"]
mod eight;

use std::error::Error;

use http_hook_conformance::eight::Eight;

fn main() -> Result<(), Box<dyn Error>> {
    let server = Eight::serve()?;
    let (base, up, down) = (server.base(), server.up(), server.down());
    let tasks = eight::eight(&base, &up, &down);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    server.done(runtime.block_on(tasks)?);
    Ok(())
}
