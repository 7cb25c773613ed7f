//! A call through a stored connection, with a policy: a 503 is waited out, and the response becomes a type.
//!
//! `cargo run -p http-hook-reqwest --example retry` calls a server of its own on loopback.

use std::error::Error;
use std::time::Duration;

use http_hook::observe::Event;
use http_hook::retry::{Stop, Wait};
use http_hook::{Connection, Hook, HttpHook, RequestPlan, ResponseExt, RetryPolicy};
use http_hook_clock::{SystemClock, seed};
use http_hook_conformance::server::{Reply, serve};
use http_hook_reqwest::ReqwestTransport;
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let server = serve();
    let _orders = server.route_at(
        "/orders",
        [Reply::status(503, &[("Retry-After", "1")], b""), Reply::ok(br#"[{"id": 1042}]"#)],
    );

    // In a program: std::env::var("AIRFLOW_CONN_ORDERS").
    let connection = Connection::parse(&format!("http://reader:secret@{}", server.addr()))?;
    let hook = Hook::new(&connection)?;
    let api = HttpHook::new(hook, ReqwestTransport::default(), SystemClock::new())
        .with_seed(seed())
        .with_observer(|event: &Event<'_>| println!("{event:?}"));

    let policy = RetryPolicy {
        stop: Stop::after_attempt(5),
        wait: Wait::full_jitter(Duration::from_millis(100), Duration::from_secs(20)),
        ..RetryPolicy::default()
    };
    let plan = RequestPlan::get("orders").param("limit", "2").retry(policy);
    let response = tokio::runtime::Runtime::new()?.block_on(api.run(plan))?;
    let orders: Vec<Value> = response.json()?;
    println!("{} orders", orders.len());
    Ok(())
}
