//! A wait that outlives the process: the call is stored while it waits, and taken up by another hook of the same connection.
//!
//! `cargo run -p http-hook-ureq --example resume` calls a server of its own on loopback.

use std::error::Error;
use std::net::SocketAddr;

use http_hook::blocking::{Clock as _, Transport};
use http_hook::{Act, Call, Connection, Hook, RequestPlan, RetryPolicy, Run, blocking};
use http_hook_clock::{SystemClock, seed};
use http_hook_conformance::server::{Reply, serve};
use http_hook_ureq::UreqTransport;

/// Makes the hook ready. The password is in the connection, never in what is stored.
fn hook(server: SocketAddr, transport: &UreqTransport) -> Result<Hook, Box<dyn Error>> {
    let connection =
        Connection::parse(&format!("http://reader:secret@{server}"))?.with_id("orders")?;
    Ok(Hook::new(&connection)?.for_client(transport.capabilities()))
}

/// Runs a call until it waits, and stores it then. `None` if it ended before.
fn until_it_waits(server: SocketAddr, plan: RequestPlan) -> Result<Option<String>, Box<dyn Error>> {
    let (transport, clock) = (UreqTransport::default(), SystemClock::new());
    let hook = hook(server, &transport)?;
    let mut run = Run::new(&hook, Call::new(&hook, plan, seed(), clock.now()));
    let mut act = run.woke(clock.now());
    loop {
        act = match act {
            Act::Send(request, options) => {
                // Whoever must not do anything twice stores the run here, too: `run.store()`.
                run.sent(transport.send(request, &options), || clock.now())
            }
            Act::Read(body, limit) => run.read(body.read(limit), clock.now()),
            Act::Sleep(wait) => {
                println!("waits {wait:?}, and the process ends");
                return Ok(Some(run.store()?));
            }
            Act::Done(result) => {
                println!("{}", result?.status());
                return Ok(None);
            }
        };
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let server = serve();
    let _orders = server.route_at(
        "/orders",
        [Reply::status(503, &[("Retry-After", "1")], b""), Reply::ok(b"orders")],
    );

    let plan = RequestPlan::get("orders").retry(RetryPolicy::default());
    let Some(stored) = until_it_waits(server.addr(), plan)? else { return Ok(()) };
    assert!(!stored.contains("secret"));

    // Another process, maybe another machine.
    let (transport, clock) = (UreqTransport::default(), SystemClock::new());
    let hook = hook(server.addr(), &transport)?;
    let call = Call::resume(&hook, &stored, clock.now())?;
    println!("attempt {} is due", call.attempt_number());
    let response = blocking::HttpHook::new(hook, transport, clock).run_and_check(call)?;
    println!("{}: {}", response.status(), String::from_utf8_lossy(response.body()));
    Ok(())
}
