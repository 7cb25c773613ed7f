//! All items of pages, a job that is waited for, and many calls at once.
//!
//! `cargo run -p http-hook-reqwest --example series` calls a server of its own on loopback.

use std::error::Error;
use std::time::Duration;

use http_hook_conformance::server::{Reply, Server, serve};
use http_hook_reqwest::observe::Progress;
use http_hook_reqwest::pages::Paging;
use http_hook_reqwest::poll::Polling;
use http_hook_reqwest::retry::Condition;
use http_hook_reqwest::{ResponseExt as _, Sent, connect};

#[derive(serde::Deserialize)]
struct Order {
    id: u64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = serve();
    let _routes = play(&server);
    let api = connect(&format!("http://{}", server.addr()))?;

    // Each page is a call of its own: retried, and read only when its items are asked for.
    let pages = api.pages(api.get("orders").retries(3), Paging::link());
    let mut orders = pages.items::<Order>();
    let mut ids = Vec::new();
    while let Some(order) = orders.next().await {
        ids.push(order?.id);
    }
    println!("orders {ids:?}"); // all: `items::<Order>().collect().await?`; to stop early, ask for no more

    // Asked again after the pause, or later if the server says so; a poll that ends unsatisfied has failed.
    let until = Polling::until(Condition::json("/state", "done"), Duration::from_secs(600))
        .every(Duration::from_millis(100))
        .fail_if(Condition::json("/state", "failed"));
    let job: serde_json::Value = api.poll(api.get("job"), until).await?.json()?;
    println!("the job is {}", job["state"]);

    // At most two at once; `in_order()` gives the results in the order of the calls. An observer counts how far they are.
    let progress = Progress::default();
    let observed = api.clone().with_observer(progress.clone());
    let calls = ids.iter().map(|id| api.get(format!("order-{id}")).retries(3));
    let mut results = observed.fan_out(calls, 2).in_order();
    while let Some((slot, result)) = results.next().await {
        println!("order {}; {progress}", result?.json::<Order>()?.id);
        if slot == 1 {
            break;
        }
    }

    // Stopped half-way: what was begun and has not ended may have acted, unless it says that it was not sent.
    for (slot, result) in results.cancel() {
        println!(
            "call {slot}, sent: {:?}",
            result.map_or_else(|failure| failure.sent(), |_| Sent::Yes)
        );
    }
    Ok(())
}

/// What the server answers.
fn play(server: &Server) -> Vec<http_hook_conformance::server::Route> {
    let next = [("Link", "</orders?page=2>; rel=\"next\"")];
    let pages =
        [Reply::status(200, &next, br#"[{"id": 1}, {"id": 2}]"#), Reply::ok(br#"[{"id": 3}]"#)];
    let job = [Reply::ok(br#"{"state": "running"}"#), Reply::ok(br#"{"state": "done"}"#)];
    let mut routes = vec![server.route_at("/orders", pages), server.route_at("/job", job)];
    for id in 1..=3 {
        let order = Reply::ok(format!(r#"{{"id": {id}}}"#).as_bytes());
        routes.push(server.route_at(&format!("/order-{id}"), [order]));
    }
    routes
}
