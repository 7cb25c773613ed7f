//! A token is fetched by OAuth 2.0, used for two calls at once, and never sent anywhere else.
//!
//! `cargo run -p http-hook-reqwest --example token` calls a server of its own on loopback.

use std::error::Error;

use http_hook_conformance::server::{Reply, serve};
use http_hook_reqwest::{Connection, ResponseExt as _, from_connection};
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

    let api = from_connection(&connection)?;
    // One fetches the token, the other waits for it; clones of `api` share it, too.
    let (one, other) = tokio::join!(api.get("orders").send(), api.get("orders").send());
    for response in [one?, other?] {
        println!("order {}", response.text());
    }
    println!("{} token for {} calls", tokens.requests().len(), orders.requests().len());
    Ok(())
}
