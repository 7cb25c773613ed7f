//! Every order of a shop, and each by itself, as Shopify pages and limits: cursors in the header `Link`, a bucket that leaks.
//!
//! `cargo run -p http-hook-reqwest --example shopify` calls a server of its own on loopback, which checks what is done.

use std::error::Error;

use http_hook_conformance::apis::Api;
use http_hook_reqwest::gates::{GateSettings, Gates, RateSettings};
use http_hook_reqwest::pages::Paging;
use http_hook_reqwest::retry::Stop;
use http_hook_reqwest::{Connection, Hook, HttpHook, RetryPolicy, from_hook};

#[derive(serde::Deserialize)]
struct Order {
    id: u64,
}

/// All calls of this hook, and of its clones, keep to one rate. The bucket of the server has room for 4 requests and leaks 10 a second:
/// it never runs over if the burst and the calls at once, 2 and 2, fit in.
fn hook(server: &Api) -> Result<HttpHook, Box<dyn Error>> {
    let shop = Connection::new()
        .with_host(server.base())
        .with_extra(r#"{"X-Shopify-Access-Token": "secret"}"#);
    let rate = Some(RateSettings { per_second: 10.0, burst: 2 });
    let gates = Gates::new(&GateSettings { rate, ..GateSettings::default() })?;
    let policy = RetryPolicy { stop: Stop::after_attempt(6), ..RetryPolicy::default() };
    Ok(from_hook(Hook::builder(&shop).policy(policy).gates(gates).build()?))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Api::shopify();
    let api = hook(&server)?;

    // The cursor stands for all other parameters: it goes along with no more than what the link has.
    let list = api.get("admin/api/2026-01/orders.json").param("status", "any").param("limit", 50);
    let pages = api.pages(list, Paging::link().items("/orders"));
    let orders: Vec<Order> = pages.items().collect().await?;

    let calls =
        orders[..8].iter().map(|order| format!("admin/api/2026-01/orders/{}.json", order.id));
    let mut details = api.fan_out(calls.map(|path| api.get(path)), 2);
    while let Some((_slot, order)) = details.next().await {
        order?;
    }

    // A list that leads back to itself ends; one that leads to another origin takes no token along, as the server looks.
    let list = |name| api.get(format!("admin/api/2026-01/{name}.json")).param("limit", 100);
    let all = |name| api.pages(list(name), Paging::link().items("/orders")).items::<Order>();
    println!("{}", all("circle").collect().await.err().ok_or("it ends as if it were whole")?);
    assert_eq!(all("moved").collect().await?.len(), orders.len());

    assert_eq!(server.refused(), 0, "never is it asked for more than it allows");
    server.done(orders.iter().map(|order| order.id));
    Ok(())
}
