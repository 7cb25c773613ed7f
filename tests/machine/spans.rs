//! Spans as an exporter of OpenTelemetry gets them: one a send, with the names of the conventions.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::{Method, Request, Response};
use http_hook::blocking::HttpHook as Blocking;
use http_hook::body::Body;
use http_hook::observe::{Durations, Event, Observer, Spans};
use http_hook::options::Setting;
use http_hook::transport::from_fn;
use http_hook::{
    Connection, Hook, HttpHook, Options, RequestPlan, RetryPolicy, Sent, TransportErrorKind as Kind,
};
use http_hook_mock::{MockTransport, Reply, VirtualClock};
use opentelemetry::trace::{SpanKind, Status, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing_subscriber::layer::SubscriberExt;

/// Runs `body` and gives the spans that were exported, in the order of their ends.
fn exported(body: impl FnOnce()) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("test"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), body);
    exporter.get_finished_spans().expect("spans")
}

/// Gives the attributes as text: numbers as numbers.
fn attributes(span: &SpanData) -> BTreeMap<String, String> {
    let pairs = span.attributes.iter();
    pairs.map(|pair| (pair.key.to_string(), format!("{:?}", pair.value))).collect()
}

fn hook(connection: &Connection) -> Hook {
    Hook::new(connection).expect("a hook")
}

pub(crate) fn run(
    connection: &Connection,
    plan: RequestPlan,
    replies: Vec<Reply>,
) -> Vec<SpanData> {
    let server = MockTransport::new(replies);
    let spans = exported(|| {
        let face = Blocking::new(hook(connection), server.clone(), server.clock());
        drop(face.with_observer(Spans::new()).run(plan));
    });
    server.assert_done();
    spans
}

fn api() -> Connection {
    Connection::new().with_host("https://api.example.com:8443")
}

#[test]
fn a_span_says_all_that_it_has_to() {
    let plan = RequestPlan::get("v1/orders").param("page", "2").param("sig", "s3cret");
    let spans = run(&api(), plan, vec![Reply::status(200)]);
    let expected = [
        ("http.request.method", "String(Static(\"GET\"))"),
        ("http.response.status_code", "I64(200)"),
        ("server.address", "String(Static(\"api.example.com\"))"),
        ("server.port", "I64(8443)"),
        (
            "url.full",
            "String(Static(\"https://api.example.com:8443/v1/orders?page=2&sig=REDACTED\"))",
        ),
    ];
    let own = attributes(&spans[0]);
    let own: Vec<_> =
        own.iter().map(|(key, value)| (key.as_str(), value.replace("Owned", "Static"))).collect();
    assert_eq!(own, expected.map(|(key, value)| (key, value.to_owned())));
    assert_eq!((spans.len(), &*spans[0].name), (1, "GET"));
    assert_eq!((&spans[0].span_kind, &spans[0].status), (&SpanKind::Client, &Status::Unset));
}

/// Why, the connection, the script, the count on each span.
type Row<'a> = (&'a str, Connection, Vec<Reply>, &'a [Option<u32>]);

#[test]
fn every_resend_counts() {
    let oauth2 = r#"{"http_hook": {"auth": {"scheme": "oauth2_client_credentials", "token_url": "https://id.example.com/token"}}}"#;
    let oauth2 = || api().with_login("svc").with_password("pw").with_extra(oauth2.to_owned());
    let token = || Reply::json(200, r#"{"access_token": "t", "token_type": "Bearer"}"#);
    let moved = || Reply::status(307).header("location", "/moved");
    let later = || Reply::status(503).header("retry-after", "1");
    let broken = || Reply::error(Kind::Interrupted, Sent::Maybe);
    let ok = || Reply::status(200);
    let unauthorized = || Reply::status(401).header("www-authenticate", "Bearer");
    let rows: [Row<'_>; 4] = [
        ("once", api(), vec![ok()], &[None]),
        (
            "retries and redirects",
            api(),
            vec![later(), moved(), broken(), moved(), ok()],
            &[None, Some(1), Some(2), Some(3), Some(4)],
        ),
        ("a token is no resend", oauth2(), vec![token(), ok()], &[None, None]),
        (
            "a token is fetched anew, then the request is sent again",
            oauth2(),
            vec![token(), later(), unauthorized(), token(), moved(), ok()],
            &[None, None, Some(1), None, Some(2), Some(3)],
        ),
    ];
    for (why, connection, replies, expected) in rows {
        let plan = RequestPlan::get("a").retry(RetryPolicy::default());
        let spans = run(&connection, plan, replies);
        let own: Vec<_> =
            spans.iter().map(|span| attributes(span).remove("http.request.resend_count")).collect();
        let expected: Vec<_> =
            expected.iter().map(|count| count.map(|count| format!("I64({count})"))).collect();
        assert_eq!(own, expected, "{why}");
    }
}

#[test]
fn outcomes_are_told_apart() {
    let error = |kind| vec![Reply::error(kind, Sent::No)];
    let status = |status| vec![Reply::status(status)];
    #[rustfmt::skip]
    let rows = [
        // why                         replies                error.type          is an error
        ("an answer",                  status(204),           None,               false),
        ("a redirect without target",  status(304),           None,               false),
        ("the client's fault",         status(404),           Some("404"),        true),
        ("the server's fault",         status(500),           Some("500"),        true),
        ("no name",                    error(Kind::Dns),      Some("dns"),        true),
        ("TLS",                        error(Kind::Tls),      Some("tls"),        true),
        ("in the body: after the end", vec![Reply::status(200).body("a").breaks_off()], None, false),
    ];
    for (why, replies, error, is_error) in rows {
        let spans = run(&api(), RequestPlan::get("a"), replies);
        let own = attributes(&spans[0]).remove("error.type");
        let own = own.map(|own| own.split('"').nth(1).unwrap_or_default().to_owned());
        assert_eq!((spans.len(), own.as_deref()), (1, error), "{why}");
        assert_eq!(matches!(spans[0].status, Status::Error { .. }), is_error, "{why}");
    }
}

#[test]
fn a_method_that_is_not_known_makes_no_series() {
    let purge = Method::from_bytes(b"PURGE").expect("a method");
    let spans = run(&api(), RequestPlan::new(purge, "a"), vec![Reply::status(200)]);
    let own = attributes(&spans[0]);
    assert_eq!(&*spans[0].name, "HTTP");
    assert!(own["http.request.method"].contains("_OTHER"), "{own:?}");
    assert!(own["http.request.method_original"].contains("PURGE"), "{own:?}");
}

/// Two calls of one hook at a time, their sends interleaved; alone, and beside an observer of all calls.
#[test]
fn calls_are_told_apart() {
    told_apart(Spans::new());
    let durations = Durations::new();
    let silent = |_: &Event<'_>| {};
    let all: Vec<Arc<dyn Observer>> =
        vec![Arc::new(durations.clone()), Arc::new(Spans::new()), Arc::new(silent)];
    told_apart(all);
    let mut statuses: Vec<_> =
        durations.snapshot().into_iter().map(|series| series.status_code).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [Some(200), Some(404)]);
}

fn told_apart(observer: impl Observer + 'static) {
    let slow =
        from_fn(http_hook_mock::everything("slow"), |request: Request<Body>, _| async move {
            let mut waited = false;
            poll_fn(|_| {
                if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            let status = if request.uri().path() == "/a" { 200 } else { 404 };
            Ok(Response::builder().status(status).body(Body::default()).expect("an answer"))
        });
    let spans = exported(|| {
        let face = HttpHook::new(hook(&api()), slow, VirtualClock::new()).with_observer(observer);
        let (mut a, mut b) =
            (pin!(face.run(RequestPlan::get("a"))), pin!(face.run(RequestPlan::get("b"))));
        let mut context = Context::from_waker(Waker::noop());
        assert!(a.as_mut().poll(&mut context).is_pending());
        assert!(b.as_mut().poll(&mut context).is_pending());
        assert!(a.as_mut().poll(&mut context).is_ready());
        assert!(b.as_mut().poll(&mut context).is_ready());
    });
    for (span, path, status) in [(&spans[0], "/a", "200"), (&spans[1], "/b", "404")] {
        let own = attributes(span);
        assert!(
            own["url.full"].contains(path) && own["http.response.status_code"].contains(status),
            "{own:?}"
        );
    }
}

#[test]
fn a_dropped_call_is_no_error() {
    let server = MockTransport::new([Reply::hang()]);
    let spans = exported(|| {
        let face =
            HttpHook::new(hook(&api()), server, VirtualClock::new()).with_observer(Spans::new());
        let mut options = Options::default();
        options.head_timeout = Setting::Unset;
        let plan = RequestPlan::get("a").options(options);
        let mut sending = Box::pin(face.run(plan));
        assert!(sending.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    });
    assert_eq!((spans.len(), &spans[0].status), (1, &Status::Unset));
}
