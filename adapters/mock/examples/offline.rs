//! A test without network: a program's own function against a scripted server. No socket, no thread, and the waits cost no time.
//!
//! `cargo run -p http-hook-mock --example offline`; in a program, the body of `main` is a `#[test]`.

use std::error::Error;
use std::time::Duration;

use http_hook_mock::blocking::{Clock, HttpHook, Transport, connect};
use http_hook_mock::{MockTransport, Reply};

/// What is tested: it takes any transport and any clock, those of `http_hook_ureq::connect` among them.
fn newest(api: &HttpHook<impl Transport, impl Clock>) -> Result<u64, Box<dyn Error>> {
    let ids: Vec<u64> = api.get("v1/orders").param("limit", 50).retries(3).read_json()?;
    ids.into_iter().max().ok_or_else(|| "there are no orders".into())
}

fn main() -> Result<(), Box<dyn Error>> {
    // It waits as long as the server asks for, then takes the greatest id.
    let server = MockTransport::new([
        Reply::busy(2),
        Reply::interrupted(),
        Reply::json(200, "[7, 9, 8]").on("GET", "/v1/orders?limit=50"),
    ]);
    let api = connect("https://api.example.test", &server)?;
    assert_eq!(newest(&api)?, 9);
    server.assert_done();

    for (request, wait) in server.received().iter().zip(server.clock().sleeps()) {
        println!("{} {}, then waited for {wait:?}", request.method, request.target());
    }
    assert!(server.clock().sleeps()[0] >= Duration::from_secs(2));

    // It says so where there is none, and what went wrong.
    let api = connect("https://api.example.test", [Reply::json(200, "[]")])?;
    assert_eq!(newest(&api).unwrap_err().to_string(), "there are no orders");
    let api = connect("https://api.example.test", [Reply::status(404).always()])?;
    println!("{}", newest(&api).unwrap_err());
    Ok(())
}
