use std::collections::HashSet;
use std::time::Duration;

use http_hook_mock::blocking::{Clock, from_connection};
use http_hook_mock::{Connection, MockTransport, Reply};

use crate::client::Shop;

pub fn keeps_its_promises(script: Vec<Reply>) {
    let server = MockTransport::new(script);
    let (clock, start) = (server.clock(), server.clock().now());
    let login = Connection::parse("http://robot:secret@shop.example.test/https").unwrap();
    let _ = Shop(from_connection(&login, &server).unwrap()).order("a box");

    assert!(clock.now().since(start) <= Duration::from_secs(60), "it ends in time");
    let (own, others): (Vec<_>, Vec<_>) =
        server.received().into_iter().partition(|it| it.uri.host() == Some("shop.example.test"));
    let keys: HashSet<_> = own.iter().map(|it| it.header("idempotency-key")).collect();
    assert!(keys.len() <= 1, "the shop can tell that it is one order");
    assert!(
        others.iter().all(|it| it.header("authorization").is_none()),
        "no login goes elsewhere"
    );
}
