//! A wait that outlives the process: the call is stored while it waits, and taken up by another process of the same connection.
//!
//! `cargo run -p http-hook-ureq --example resume` calls a server of its own on loopback, and plays both processes.

use std::error::Error;
use std::{fs, path::Path, thread};

use http_hook_conformance::server::{Reply, serve};
use http_hook_ureq::{Attempt, Connection, HttpHook, Leg, RequestPlan, from_connection};

/// Runs a call until it waits or is over. `true`: it is over, and the file is gone.
fn leg(api: &HttpHook, path: &Path) -> Result<bool, Box<dyn Error>> {
    let call = match fs::read_to_string(path) {
        Ok(stored) => api.resume(&stored)?,
        Err(_) => {
            api.prepare(RequestPlan::post("orders").json(&[1042]).idempotency_key().retries(5))
        }
    };
    println!("attempts so far: {}", call.attempt_number());
    // Kept before each send: should the process die meanwhile, the next one knows that the request may have been seen.
    let (hook, _) = api.get_conn();
    let keep = |attempt: &Attempt| -> Result<(), Box<dyn Error>> {
        Ok(fs::write(path, attempt.store(hook)?)?)
    };
    match api.leg(call, keep)? {
        Leg::Wait { stored, wait, .. } => {
            fs::write(path, stored)?;
            println!("waits {wait:?}, and the process ends");
            thread::sleep(wait); // whoever starts the next process: cron, a queue, an engine
            Ok(false)
        }
        Leg::Done(result) => {
            fs::remove_file(path)?;
            println!("{}", result?.status());
            Ok(true)
        }
        _ => Err("a leg that ended otherwise".into()),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let server = serve();
    let orders = server.route_at(
        "/orders",
        [Reply::status(503, &[("Retry-After", "1")], b""), Reply::status(201, &[], b"")],
    );
    let path = std::env::temp_dir().join(format!("http-hook-call-{}", std::process::id()));
    let connection =
        Connection::parse(&format!("http://reader:secret@{}", server.addr()))?.with_id("orders")?;

    // Each turn is a process of its own; the password is in the connection, never in the file.
    while !leg(&from_connection(&connection)?, &path)? {
        assert!(!fs::read_to_string(&path)?.contains("secret"));
    }
    assert_eq!(orders.requests().len(), 2);
    Ok(())
}
