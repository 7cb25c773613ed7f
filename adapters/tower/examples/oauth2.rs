//! A token is fetched, used for two calls, and never sent anywhere else; over the pooled client of hyper-util.
//!
//! `cargo run -p http-hook-tower --example oauth2` calls a server of its own on loopback.

use std::error::Error;

use http_hook_conformance::server::{Reply, serve};
use http_hook_tower::body::Body;
use http_hook_tower::{Connection, from_connection};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = serve();
    let tokens = server.route_at(
        "/token",
        [Reply::ok(br#"{"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3600}"#)],
    );
    let orders = server.route_at("/orders", [Reply::ok(b"1042"), Reply::ok(b"1043")]);

    // As it is stored: the client's name and secret are login and password, the rest is in the extra.
    let auth = json!({
        "scheme": "oauth2_client_credentials",
        "token_url": format!("http://{}/token", server.addr()),
        "allow_http": true, // for the server of this example only
    });
    let connection = Connection::new()
        .with_host(format!("http://{}", server.addr()))
        .with_login("client")
        .with_password("secret")
        .with_extra(json!({ "http_hook": { "auth": auth } }).to_string());

    let client =
        Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http::<Body>();
    let api = from_connection(&connection, client)?;
    for _ in 0..2 {
        let response = api.get("orders").send().await?;
        println!("order {}", String::from_utf8_lossy(response.body()));
    }
    println!("{} token for {} calls", tokens.requests().len(), orders.requests().len());
    Ok(())
}
