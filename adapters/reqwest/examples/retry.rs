//! A call through a stored connection, with a policy: a 503 is waited out, and the response becomes a type.
//!
//! `cargo run -p http-hook-reqwest --example retry` calls a server of its own on loopback.

use std::error::Error;
use std::time::Duration;

use http_hook_conformance::server::{Reply, serve};
use http_hook_reqwest::observe::Event;
use http_hook_reqwest::retry::{Stop, Wait};
use http_hook_reqwest::{Connection, ResponseExt as _, RetryPolicy, from_connection};

#[derive(serde::Deserialize)]
struct Order {
    id: u64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = serve();
    let _orders = server.route_at(
        "/orders",
        [Reply::status(503, &[("Retry-After", "1")], b""), Reply::ok(br#"[{"id": 1042}]"#)],
    );

    // In a program: std::env::var("AIRFLOW_CONN_ORDERS")?.
    let orders = Connection::parse(&format!("http://reader:secret@{}", server.addr()))?;
    let api = from_connection(&orders)?.with_observer(|event: &Event<'_>| println!("{event:?}"));

    // Where `.retries(3)` would not do:
    let policy = RetryPolicy {
        stop: Stop::after_attempt(5) | Stop::after_delay(Duration::from_secs(60)),
        wait: Wait::full_jitter(Duration::from_millis(100), Duration::from_secs(20)),
        ..RetryPolicy::default()
    };
    let orders: Vec<Order> =
        api.get("orders").param("limit", 2).retry(policy).send().await?.json()?;
    println!("order {}", orders[0].id);
    Ok(())
}
