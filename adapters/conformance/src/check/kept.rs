//! Connections that were kept and die before, during or after a request: nothing is sent twice.

use std::thread;
use std::time::Duration;

use http::Method;
use http_hook::{Sent, TransportErrorKind as Kind};

use super::probe::{get, request};
use super::row::{Check, Expect, row};
use crate::server::Reply;

const BROKEN: &[Kind] = &[Kind::Interrupted];

pub(super) fn checks() -> Vec<Check> {
    let once = Expect::Unsent(BROKEN, Sent::Maybe);
    let mut checks = vec![reused(), closed_while_idle(), not_poisoned(), rest_not_next()];
    for (name, method, body, reply) in [
        ("kept-closed-get", Method::GET, b"".as_slice(), Reply::silent().close()),
        ("kept-reset-get", Method::GET, b"", Reply::silent().reset()),
        ("kept-closed-put", Method::PUT, b"body", Reply::silent().close()),
        ("kept-closed-post", Method::POST, b"body", Reply::silent().close()),
        ("kept-reset-post", Method::POST, b"body", Reply::silent().reset()),
        ("kept-closed-post-body-unread", Method::POST, b"body", Reply::deaf().close()),
        ("kept-reset-post-body-unread", Method::POST, b"body", Reply::deaf().reset()),
        ("kept-closed-post-large", Method::POST, LARGE, Reply::silent().close()),
        ("kept-reset-post-large-unread", Method::POST, LARGE, Reply::deaf().reset()),
        ("kept-closed-post-empty", Method::POST, b"", Reply::silent().close()),
        ("kept-reset-post-empty", Method::POST, b"", Reply::silent().reset()),
        ("kept-closed-patch", Method::PATCH, b"body", Reply::silent().close()),
        ("kept-closed-patch-empty", Method::PATCH, b"", Reply::silent().close()),
    ] {
        let replies = vec![Reply::ok(b"warm"), reply, Reply::ok(b"sent again")];
        checks.push(row(name, 9, (method, body), true, replies, once));
    }
    checks
}

/// Milliseconds to wait before each request, until one comes by the connection of another: a client may put it back in a task of its own,
/// which has to get its turn first.
pub(super) const PAUSES: [u64; 5] = [0, 0, 50, 200, 1000];

const LARGE: &[u8] = &[b'x'; 1 << 20];

fn reused() -> Check {
    Check::new("kept-reused", None, "two requests come by one connection", |probe| {
        Box::pin(async move {
            let route = probe.route(PAUSES.map(|_| Reply::ok(b"ok")));
            for pause in PAUSES {
                thread::sleep(Duration::from_millis(pause));
                probe.send(get(route.url())).await.answer(200, b"ok")?;
                let seen = route.requests();
                if seen.windows(2).any(|two| two[0].connection == two[1].connection) {
                    return Ok(());
                }
            }
            Err(format!("came as {:?}", route.requests()))
        })
    })
}

fn closed_while_idle() -> Check {
    let expected = "the answer over a new connection, or an error; sent once";
    Check::new("kept-closed-while-idle", 9, expected, |probe| {
        Box::pin(async move {
            for method in [Method::GET, Method::POST] {
                let route = probe.route([Reply::ok(b"warm").close(), Reply::ok(b"ok")]);
                probe.send(get(route.url())).await.answer(200, b"warm")?;
                thread::sleep(Duration::from_millis(50));
                let told = probe.send(request(method, route.url(), "body")).await;
                Expect::Either(200, b"ok").holds(&told)?;
                told.agrees_with(&route.requests()[1..])?;
            }
            Ok(())
        })
    })
}

/// An answer that nobody asked for, on a connection that waits in the pool, is not the next one's.
fn not_poisoned() -> Check {
    Check::new("kept-not-poisoned", 15, "the next request gets its own answer", |probe| {
        Box::pin(async move {
            let pause = Duration::from_millis(50);
            let stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray";
            let route = probe.route([Reply::ok(b"ok").wait(pause).write(stray), Reply::ok(b"own")]);
            probe.send(get(route.url())).await.answer(200, b"ok")?;
            thread::sleep(3 * pause);
            probe.send(get(route.url())).await.answer(200, b"own").map(|_| ())
        })
    })
}

/// The same, where it comes with the first answer in one piece.
fn rest_not_next() -> Check {
    Check::new("kept-rest-not-next", 15, "the next request gets its own answer", |probe| {
        Box::pin(async move {
            let stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray";
            let both = format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok{stray}");
            let route = probe.route([Reply::raw(both), Reply::ok(b"own")]);
            probe.send(get(route.url())).await.answer(200, b"ok")?;
            probe.send(get(route.url())).await.answer(200, b"own").map(|_| ())
        })
    })
}
