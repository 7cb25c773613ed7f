//! A token is fetched, used for two calls, and never sent anywhere else; over the pooled client of hyper-util.
//!
//! `cargo run -p http-hook-tower --example oauth2` calls a server of its own on loopback.

use std::error::Error;

use http_hook_conformance::server::{Reply, serve};
use http_hook_tower::auth::OAuth2;
use http_hook_tower::body::Body;
use http_hook_tower::{Hook, from_hook};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = serve();
    let tokens = server.route_at(
        "/token",
        [Reply::ok(br#"{"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3600}"#)],
    );
    let orders = server.route_at("/orders", [Reply::ok(b"1042"), Reply::ok(b"1043")]);

    // In code; the example `token` over reqwest has it from a stored connection.
    let url = format!("http://{}/token", server.addr());
    let mut auth = OAuth2::client_credentials(url, "client", "secret");
    auth.scope = Some("orders:read".to_owned());
    auth.allow_http = true; // for the server of this example only
    let hook = Hook::builder_to(&format!("http://{}", server.addr())).auth(auth).build()?;

    let client =
        Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http::<Body>();
    let api = from_hook(hook, client);
    for _ in 0..2 {
        let response = api.get("orders").send().await?;
        println!("order {}", String::from_utf8_lossy(response.body()));
    }
    println!("{} token for {} calls", tokens.requests().len(), orders.requests().len());
    Ok(())
}
