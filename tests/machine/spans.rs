//! Spans as an exporter of OpenTelemetry gets them: one a send, with the names of the conventions.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_hook::blocking::HttpHook as Blocking;
use http_hook::body::Body;
use http_hook::observe::{Durations, Event, Observer, Spans};
use http_hook::options::Setting;
use http_hook::transport::from_fn;
use http_hook::{
    Call, Connection, Hook, HttpHook, Options, RequestPlan, RetryPolicy, Run, Sent, Timestamp,
    TransportErrorKind as Kind,
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

fn orders() -> Connection {
    api().with_id("orders").expect("an id")
}

/// One span around all sends, that has nothing of a request; nothing unless it is asked for.
#[test]
fn a_call_has_a_span_of_its_own_if_that_is_asked_for() {
    let oauth2 = r#"{"http_hook": {"auth": {"scheme": "oauth2_client_credentials", "token_url": "https://id.example.com/token"}}}"#;
    let token = || Reply::json(200, r#"{"access_token": "t", "token_type": "Bearer"}"#);
    let purge = || RequestPlan::new(Method::from_bytes(b"PURGE").expect("a method"), "a");
    let get = || RequestPlan::get("a").retry(RetryPolicy::default());
    let login = || orders().with_login("svc").with_password("pw").with_extra(oauth2.to_owned());
    let failed = |status: u16| vec![Reply::status(status)];
    let bad = || RequestPlan::get("a").header("a\nb", "c");
    #[rustfmt::skip]
    let rows = [
        // why                     connection  plan      replies                            name         method    sends  error.type
        ("once",                   orders(),   get(),    failed(200),                       "orders",    "GET",    1,     None),
        ("no id",                  api(),      get(),    failed(204),                       "http_hook", "GET",    1,     None),
        ("again",                  orders(),   get(),    vec![Reply::busy(1), Reply::status(200)], "orders", "GET",  2,   None),
        ("the plan's method",      login(),    get(),    vec![token(), Reply::status(200)], "orders",    "GET",    2,     None),
        ("a method of few",        orders(),   purge(),  failed(200),                       "orders",    "_OTHER", 1,     None),
        ("given up",               orders(),   get(),    failed(404),                       "orders",    "GET",    1,     Some("rejected")),
        ("never sent",             orders(),   bad(),    vec![],                            "orders",    "GET",    0,     Some("invalid")),
    ];
    for (why, connection, plan, replies, name, method, sends, error) in rows {
        let server = MockTransport::new(replies);
        let spans = exported(|| {
            let face = Blocking::new(hook(&connection), server.clone(), server.clock());
            drop(face.with_observer(Spans::new().with_calls()).run(plan));
        });
        let (call, of_sends) = spans.split_last().expect("a span of the call, which ends last");
        assert_eq!((&*call.name, &call.span_kind), (name, &SpanKind::Internal), "{why}");
        assert_eq!(of_sends.len(), server.received().len(), "{why}");
        for send in of_sends {
            assert_eq!(send.parent_span_id, call.span_context.span_id(), "{why}");
            assert_eq!(send.span_kind, SpanKind::Client, "{why}");
            assert!(attributes(send).contains_key("http_hook.attempt"), "{why}");
        }
        let own = attributes(call);
        let text = |key: &str| own.get(key).map(|own| own.split('"').nth(1).unwrap_or(own));
        assert_eq!(text("http_hook.method"), Some(method), "{why}");
        assert_eq!(
            text("http_hook.connection"),
            Some(name).filter(|name| *name == "orders"),
            "{why}"
        );
        assert_eq!(text("http_hook.sends"), Some(&*format!("I64({sends})")), "{why}");
        assert_eq!(text("error.type"), error, "{why}");
        assert_eq!(matches!(call.status, Status::Error { .. }), error.is_some(), "{why}");
        let of_requests =
            |key: &&String| ["http.", "url.", "server."].iter().any(|begin| key.starts_with(begin));
        assert_eq!(own.keys().find(of_requests), None, "{why}");
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a lock").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a client tells while it sends, and the machine while it waits, is told of the call, for two calls at a time, in both faces.
#[test]
fn each_line_says_which_call_it_belongs_to() {
    let status = |uri: &http::Uri| if uri.path() == "/b" { 404 } else { 503 };
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    let plan = |path: &str| RequestPlan::get(path).retries(1);
    let silent: Arc<dyn Observer> = Arc::new(|_: &Event<'_>| {});
    let spans = || vec![Arc::clone(&silent), Arc::new(Spans::new().with_calls())];
    tracing::subscriber::with_default(subscriber, || {
        let capable = http_hook_mock::everything("teller");
        let teller = from_fn(capable, move |request: Request<Body>, _| async move {
            tracing::info!("before {}", request.uri().path());
            let mut waited = false;
            poll_fn(|_| {
                if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            tracing::info!("after {}", request.uri().path());
            let status = status(request.uri());
            Ok(Response::builder().status(status).body(Body::default()).expect("a response"))
        });
        let face =
            HttpHook::new(hook(&orders()), teller, VirtualClock::new()).with_observer(spans());
        let (mut a, mut b) = (pin!(face.run(plan("a"))), pin!(face.run(plan("b"))));
        let mut context = Context::from_waker(Waker::noop());
        while a.as_mut().poll(&mut context).is_pending() {
            tracing::info!("between");
            if let Poll::Ready(failed) = b.as_mut().poll(&mut context) {
                assert!(failed.is_err());
                b.set(face.run(plan("b")));
            }
        }
        let teller = http_hook::blocking::from_fn(capable, move |request, _| {
            tracing::info!("blocking {}", request.uri().path());
            let body = http_hook::blocking::Body::default();
            Ok(Response::builder().status(status(request.uri())).body(body).expect("a response"))
        });
        let face = Blocking::new(hook(&orders()), teller, VirtualClock::new());
        assert!(face.with_observer(spans()).run(plan("c")).is_err());
        tracing::info!("outside");
    });
    let text = String::from_utf8(lines.0.lock().expect("a lock").clone()).expect("text");
    let call = "http_hook.call{otel.name=\"orders\"";
    let mut seen = [0; 4];
    for line in text.lines() {
        let within = line.contains(call) && line.contains("http_hook.method=\"GET\"");
        let sending = |path: &str, attempt: u32| {
            within
                && line.contains(&format!("/{path}\""))
                && line.contains(&format!("http_hook.attempt={attempt}"))
        };
        match line.rsplit_once(": ").expect("a line").1.split_once(' ') {
            Some(("before" | "after" | "blocking", path)) => {
                let path = path.trim_start_matches('/');
                assert!(sending(path, 1) || sending(path, 2), "{line}");
                seen[0] += 1;
            }
            Some(("waiting" | "given", rest)) => {
                assert!(within && rest.contains("attempt="), "{line}");
                seen[1] += 1;
            }
            _ if line.contains("between") || line.contains("outside") => {
                assert!(!line.contains("http_hook.call"), "{line}");
                seen[2] += 1;
            }
            _ => seen[3] += 1,
        }
    }
    assert!(seen[0] >= 8 && seen[1] >= 4 && seen[2] >= 3 && seen[3] == 0, "{seen:?}\n{text}");
}

/// Who looks at warnings alone sees each call that failed, and what came of it.
#[test]
fn a_call_that_was_given_up_is_a_warning_unless_its_caller_cancelled_it() {
    type Told = Arc<Mutex<Vec<(tracing::Level, String)>>>;
    struct Ears(Told);
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Ears {
        fn on_event(
            &self,
            event: &tracing::Event<'_>,
            _: tracing_subscriber::layer::Context<'_, S>,
        ) {
            struct Text(Vec<String>);
            impl tracing::field::Visit for Text {
                fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
                    self.0.push(format!("{field}={value:?}"));
                }
            }
            let mut text = Text(Vec::new());
            event.record(&mut text);
            self.0.lock().expect("a lock").push((*event.metadata().level(), text.0.join(" ")));
        }
    }
    let told = Told::default();
    let subscriber = tracing_subscriber::registry().with(Ears(Arc::clone(&told)));
    tracing::subscriber::with_default(subscriber, || {
        let server = MockTransport::new([Reply::busy(1), Reply::status(404)]);
        let face = Blocking::new(hook(&api()), server.clone(), server.clock());
        let face = face.with_observer(Spans::new());
        assert!(face.run(RequestPlan::get("a").retries(1)).is_err());
        let (own, spans) = (hook(&api()), Spans::new());
        let call = Call::new(&own, RequestPlan::get("a"), 7, Timestamp::default());
        drop(Run::<Bytes>::new(&own, call).observer(&spans).cancel());
    });
    let told: Vec<_> = told.lock().expect("a lock").clone();
    let seen: Vec<_> = told.iter().map(|(level, _)| *level).collect();
    assert_eq!(seen, [tracing::Level::DEBUG, tracing::Level::WARN, tracing::Level::DEBUG]);
    let says =
        "failure=404:Not Found; GET https://api.example.com:8443/a, 2 attempts; not worth a retry";
    assert!(told[1].1.contains(says), "{told:?}");
}

/// However an observer goes wrong around the client's work, that is done once.
#[test]
fn what_an_observer_has_around_the_work_changes_nothing() {
    #[derive(Clone, Copy, Debug)]
    enum Around {
        Nothing,
        Twice,
        PanicBefore,
        PanicAfter,
    }
    impl Observer for Around {
        fn event(&self, _: &Event<'_>) {}

        fn within(&self, work: &mut dyn FnMut()) {
            match self {
                Self::Nothing => {}
                Self::Twice => {
                    work();
                    work();
                }
                Self::PanicBefore => panic!("before"),
                Self::PanicAfter => {
                    work();
                    panic!("after");
                }
            }
        }
    }
    for around in [Around::Nothing, Around::Twice, Around::PanicBefore, Around::PanicAfter] {
        for several in [false, true] {
            let script = || [Reply::busy(1), Reply::status(200).body("all")];
            let (server, other) = (MockTransport::new(script()), MockTransport::new(script()));
            let observer: Vec<Arc<dyn Observer>> = if several {
                vec![Arc::new(Spans::new()), Arc::new(around), Arc::new(Durations::new())]
            } else {
                vec![Arc::new(around)]
            };
            let plan = || RequestPlan::get("a").retries(1);
            let face = Blocking::new(hook(&api()), server.clone(), server.clock());
            let response = face.with_observer(observer.clone()).run(plan());
            assert_eq!(response.expect("a response").body(), "all", "{around:?}");
            let face = HttpHook::new(hook(&api()), other.clone(), other.clock());
            let face =
                if several { face.with_observer(observer) } else { face.with_observer(around) };
            let response = pollster::block_on(face.run(plan()));
            assert_eq!(response.expect("a response").body(), "all", "{around:?}");
            server.assert_done();
            other.assert_done();
        }
    }
}
