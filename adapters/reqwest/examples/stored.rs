//! A call that outlives its process, in a task of tokio: it is stored while it waits, and taken up by whoever reads the file.
//!
//! `cargo run -p http-hook-reqwest --example stored` calls a server of its own on loopback, and plays every process.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fs, io};

use http_hook_conformance::server::{Reply, serve};
use http_hook_reqwest::{Attempt, Connection, HttpHook, Leg, RequestPlan, from_connection};

/// Runs a call until it waits or is over. `true`: it is over, and the file is gone.
async fn leg(api: HttpHook, path: PathBuf) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let call = match fs::read_to_string(&path) {
        Ok(stored) => api.resume(&stored)?,
        Err(_) => {
            api.prepare(RequestPlan::post("orders").json(&[1042]).idempotency_key().retries(5))
        }
    };
    println!("attempts so far: {}", call.attempt_number());
    // Kept before each send: should the process die meanwhile, the next one knows that the request may have been seen.
    let (hook, kept_at) = (api.get_conn().0.clone(), path.clone());
    let keep = move |attempt: &Attempt| {
        let (path, stored) = (kept_at.clone(), attempt.store(&hook).map_err(io::Error::other));
        async move { fs::write(path, stored?) }
    };
    match api.leg(call, keep).await? {
        Leg::Wait { stored, wait, .. } => {
            fs::write(path, stored)?;
            println!("waits {wait:?}, and the process ends");
            tokio::time::sleep(wait).await; // whoever starts the next process: cron, a queue, an engine
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

/// Plays one process: it has the connection, and a task of its own.
async fn process(orders: &Connection, path: &Path) -> Result<bool, Box<dyn Error + Send + Sync>> {
    tokio::spawn(leg(from_connection(orders)?, path.to_owned())).await?
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let server = serve();
    let route = server.route_at(
        "/orders",
        [Reply::status(503, &[("Retry-After", "1")], b""), Reply::status(201, &[], b"")],
    );
    let path = std::env::temp_dir().join(format!("http-hook-stored-{}", std::process::id()));
    let orders = Connection::parse(&format!("http://reader:secret@{}", server.addr()))?;
    let orders = orders.with_id("orders")?;

    // The password is in the connection, never in the file.
    while !process(&orders, &path).await? {
        assert!(!fs::read_to_string(&path)?.contains("secret"));
    }
    assert_eq!(route.requests().len(), 2);
    Ok(())
}
