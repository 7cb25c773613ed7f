//! Services that fail in their own ways, and a hook as a layer over one that fails at first.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_hook::body::Body;
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook::transport::{TimeoutPhase, Transport};
use http_hook::{
    Hook, HttpHook, RequestPlan, RetryPolicy, Sent, TransportError, TransportErrorKind as Kind,
};
use http_hook_mock::{MockTransport, Reply, VirtualClock};
use http_hook_tower::{HookLayer, HookService, TowerTransport};
use tower::{Layer, ServiceExt};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[test]
fn errors_are_told_apart() {
    let io = |kind: io::ErrorKind| move || -> BoxError { Box::new(io::Error::from(kind)) };
    let own = |kind, sent| move || -> BoxError { Box::new(TransportError::new(kind, sent)) };
    let inside = || -> BoxError {
        Box::new(io::Error::other(TransportError::new(Kind::RequestBody, Sent::Maybe)))
    };
    let total = Kind::Timeout(TimeoutPhase::Total);
    #[rustfmt::skip]
    let rows: [(&str, &(dyn Fn() -> BoxError + Sync), Kind, Sent); 8] = [
        // why                            error                                       kind               sent
        ("refused, in whatever phase",    &io(io::ErrorKind::ConnectionRefused),      Kind::Interrupted, Sent::Maybe),
        ("no way there, the same",        &io(io::ErrorKind::NetworkUnreachable),     Kind::Interrupted, Sent::Maybe),
        ("reset",                         &io(io::ErrorKind::ConnectionReset),        Kind::Interrupted, Sent::Maybe),
        ("a limit of the service's own",  &io(io::ErrorKind::TimedOut),               total,             Sent::Maybe),
        ("not HTTP",                      &io(io::ErrorKind::InvalidData),            Kind::Protocol,    Sent::Maybe),
        ("a transport error is kept",     &own(Kind::Dns, Sent::No),                  Kind::Dns,         Sent::No),
        ("inside an I/O error",           &inside,                                    Kind::RequestBody, Sent::Maybe),
        ("anything: in doubt, maybe",     &|| "https://user:secret@h/".into(),        Kind::Interrupted, Sent::Maybe),
    ];
    for (why, error, kind, sent) in rows {
        let service = tower::service_fn(|_| std::future::ready(Err::<Response<Body>, _>(error())));
        let error = send(service, "http://h/").expect_err(why);
        assert_eq!((error.kind(), error.sent()), (kind, sent), "{why}");
        assert!(!format!("{error:?}").contains("secret"), "{why}: {error:?}");
    }
}

#[test]
fn a_panic_is_an_error() {
    let service = tower::service_fn(|_: Request<Body>| async {
        assert!(std::hint::black_box(false), "on purpose");
        Ok::<_, BoxError>(Response::new(Body::default()))
    });
    let error = send(service, "http://h/").expect_err("an error");
    assert_eq!((error.kind(), error.sent()), (Kind::Bug, Sent::Maybe));
}

#[test]
fn only_urls_of_http_are_sent() {
    let service = tower::service_fn(|_: Request<Body>| async {
        Ok::<_, BoxError>(Response::new(Body::default()))
    });
    for uri in ["http://u:p@h/", "ftp://h/", "/path"] {
        let error = send(service, uri).expect_err(uri);
        assert_eq!((error.kind(), error.sent()), (Kind::InvalidRequest, Sent::No), "{uri}");
    }
    assert!(send(service, "http://h/").is_ok());
}

#[test]
fn a_layer_retries_waits_and_follows() {
    let count = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&count);
    let service = tower::service_fn(move |request: Request<Body>| {
        let number = seen.fetch_add(1, Ordering::Relaxed);
        let answer = Response::builder();
        let answer = match number {
            0 => answer.status(503).header("retry-after", "3"),
            1 => answer.status(307).header("location", "/moved"),
            _ => answer.header("x-path", request.uri().path()),
        };
        std::future::ready(answer.body(Body::from(Bytes::from_static(b"done"))))
    });
    let clock = VirtualClock::new();
    let hook = Hook::to("http://api.example.test").expect("a hook");
    let stack = HookLayer::new(hook, clock.clone()).layer(service);
    let plan = RequestPlan::get("orders").retry(RetryPolicy::default());
    let answer = pollster::block_on(stack.oneshot(plan)).expect("an answer");
    assert_eq!(
        (answer.headers()["x-path"].as_bytes(), &answer.body()[..]),
        (&b"/moved"[..], &b"done"[..])
    );
    assert_eq!((count.load(Ordering::Relaxed), clock.sleeps().len()), (3, 1));
    assert!(clock.sleeps()[0].as_secs() >= 3, "as long as the server asked");
}

#[test]
fn any_transport_can_be_a_service() {
    let server = MockTransport::new([Reply::status(404)]);
    let hook = Hook::to("http://api.example.test").expect("a hook");
    let service = HookService::new(HttpHook::new(hook, server.clone(), server.clock()));
    let failure =
        pollster::block_on(service.oneshot(RequestPlan::get("a"))).expect_err("a failure");
    assert_eq!(failure.cause().to_string(), "404:Not Found");
}

fn send<S>(service: S, uri: &str) -> Result<Response<Body>, TransportError>
where
    TowerTransport<S>: Transport,
{
    let request = Request::get(uri).body(Body::default()).expect("a request");
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    pollster::block_on(TowerTransport::new(service).send(request, &options))
}
