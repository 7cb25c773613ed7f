//! What the suite cannot see from outside: clients that come and go, runtimes that are missing, errors that tell too much.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::Request;
use http_hook::body::Body;
use http_hook::options::{ClientOptions, KeepAlive, SendOptions, Timeouts};
use http_hook::transport::{TimeoutPhase, Transport};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use http_hook_conformance::server::{Reply, Seen, refusing, serve};
use http_hook_reqwest::{MAX_CLIENTS, ReqwestTransport};
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::runtime::Runtime;

async fn get(
    transport: &ReqwestTransport,
    url: &str,
    options: &SendOptions,
) -> Result<u16, TransportError> {
    let request = Request::get(url).body(Body::default()).expect("a request");
    let response = transport.send(request, options).await?;
    let status = response.status().as_u16();
    response.into_body().collect(1 << 10).await.map(|_| status)
}

fn keep_alive(seconds: u64) -> SendOptions {
    let mut options = ClientOptions::default();
    options.keep_alive =
        Some(KeepAlive { idle: Duration::from_secs(seconds), ..KeepAlive::default() });
    SendOptions::new(Timeouts::default(), options)
}

/// A transport, and how many clients it has made.
fn counting() -> (ReqwestTransport, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let transport = ReqwestTransport::from_builder(move || {
        count.fetch_add(1, Ordering::Relaxed);
        Client::builder()
    });
    (transport, made)
}

#[test]
fn the_client_used_last_is_kept_and_the_oldest_goes() {
    let (runtime, server) = (Runtime::new().expect("a runtime"), serve());
    let max = u64::try_from(MAX_CLIENTS).expect("a small number");
    #[rustfmt::skip]
    let rows = [
        // why                                     sends                                    clients made
        ("one set of options, one client",         vec![1, 1, 1],                           1),
        ("another set, another client",            vec![1, 2, 1, 2],                        2),
        ("as many as are kept",                    (1..=max).chain(1..=max).collect(),      MAX_CLIENTS),
        ("one too many, and the oldest is made anew", (1..=max + 1).chain([1]).collect(),   MAX_CLIENTS + 2),
    ];
    for (why, sends, clients) in rows {
        let route = server.route(vec![Reply::ok(b"ok"); sends.len()]);
        let (transport, made) = counting();
        for seconds in sends {
            let status = runtime.block_on(get(&transport, route.url(), &keep_alive(seconds)));
            assert_eq!(status.ok(), Some(200), "{why}");
        }
        assert_eq!(made.load(Ordering::Relaxed), clients, "{why}");
    }
}

#[test]
fn what_is_left_of_a_deadline_makes_no_new_client() {
    let runtime = Runtime::new().expect("a runtime");
    let ((transport, made), server) = (counting(), serve());
    let route = server.route(vec![Reply::ok(b"ok"); 5]);
    for left in [None, Some(50_u64), Some(49), Some(48), None] {
        let mut limits = Timeouts::default();
        limits.connect = Some(Duration::from_secs(left.unwrap_or(60)));
        limits.total = left.map(Duration::from_secs);
        let options = SendOptions::new(limits, ClientOptions::default());
        assert_eq!(runtime.block_on(get(&transport, route.url(), &options)).ok(), Some(200));
    }
    assert_eq!(made.load(Ordering::Relaxed), 1);
}

/// Finds every name after a while.
struct Slow(SocketAddr);

impl Resolve for Slow {
    fn resolve(&self, _: Name) -> Resolving {
        let addr = self.0;
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Ok(Box::new(std::iter::once(addr)) as Addrs)
        })
    }
}

#[test]
fn a_limit_for_connecting_holds_for_the_call_that_has_it() {
    let (runtime, server) = (Runtime::new().expect("a runtime"), serve());
    let addr = server.addr();
    let transport = ReqwestTransport::from_builder(move || {
        Client::builder().dns_resolver(Arc::new(Slow(addr))).pool_max_idle_per_host(0)
    });
    let route = server.route(vec![Reply::ok(b"ok").close(); 3]);
    let url = format!("http://api.test:{}{}", addr.port(), route.path());
    let timeout = Kind::Timeout(TimeoutPhase::Connect);
    #[rustfmt::skip]
    let rows = [
        // connect, total: milliseconds   what comes of it
        (50,        None,                 Err(timeout)),
        (5_000,     Some(5_000),          Ok(200)),
        (60_000,    Some(5_000),          Ok(200)),
        (50,        Some(5_000),          Err(timeout)),
        (60_000,    None,                 Ok(200)),
    ];
    for (connect, total, expected) in rows {
        let mut limits = Timeouts::default();
        limits.connect = Some(Duration::from_millis(connect));
        limits.total = total.map(Duration::from_millis);
        let options = SendOptions::new(limits, ClientOptions::default());
        let told = runtime.block_on(get(&transport, &url, &options));
        assert_eq!(told.map_err(|error| error.kind()), expected, "{connect} {total:?}");
    }
}

#[test]
fn each_origin_gets_its_own_requests() {
    let runtime = Runtime::new().expect("a runtime");
    let (transport, servers) = (ReqwestTransport::default(), [serve(), serve()]);
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    let routes = servers.each_ref().map(|server| server.route(vec![Reply::ok(b"ok"); 3]));
    for path in ["", "//x/y", "?a=%2F"] {
        for route in &routes {
            let url = format!("{}{path}", route.url());
            assert_eq!(runtime.block_on(get(&transport, &url, &options)).ok(), Some(200));
        }
    }
    for (route, server) in routes.iter().zip(&servers) {
        let seen = route.requests();
        let targets: Vec<_> = seen.iter().map(Seen::target).collect();
        assert_eq!(targets, ["", "//x/y", "?a=%2F"].map(|path| format!("{}{path}", route.path())));
        let host = server.addr().to_string();
        assert!(seen.iter().all(|one| one.text("host").as_deref() == Some(&*host)), "{seen:?}");
    }
}

#[test]
fn without_a_runtime_there_is_an_error() {
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    let transport = ReqwestTransport::default();
    let mut sending = pin!(get(&transport, "http://127.0.0.1:1/", &options));
    let Poll::Ready(Err(error)) = sending.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    else {
        panic!("no error");
    };
    assert_eq!((error.kind(), error.sent()), (Kind::InvalidRequest, Sent::No));
}

#[test]
fn no_error_tells_the_url() {
    let runtime = Runtime::new().expect("a runtime");
    let (transport, server) = (ReqwestTransport::default(), serve());
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    let route = server.route([Reply::silent().close(), Reply::ok(b"ok").without_last(1).close()]);
    let refused = format!("http://{}/", refusing());
    for url in [&refused, route.url(), route.url(), "http://0x7f.1/", "http://h/a/../b"] {
        let url = format!("{url}?key=open-sesame");
        let error = runtime.block_on(get(&transport, &url, &options)).expect_err("a failure");
        let mut source: Option<&dyn std::error::Error> = Some(&error);
        while let Some(one) = source {
            assert!(!format!("{one} {one:?}").contains("open-sesame"), "{url}: {one:?}");
            source = one.source();
        }
    }
}
