//! That nothing secret is traced or logged: some clients trace, or log by the crate `log`, what goes over the wire, credentials and all.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use http_hook::blocking;
use http_hook::body::Body;
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook::transport::Transport;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::check::InPlace;
use crate::server::{Reply, serve};

const MARKER: &str = "open-sesame";

/// Sends requests full of secrets by the transport that `make` gives, one of which gets no answer, under a subscriber and a logger that
/// want everything. They are those of the process: it is to be [alone](crate::alone::alone).
///
/// # Panics
///
/// If a secret reached one of them, or the process has one already.
pub fn assert_no_secret_is_traced<T: Transport>(make: impl FnOnce() -> T) {
    let (traced, logged) = told(make);
    assert!(!traced.contains(MARKER), "{traced}");
    let logged: Vec<_> = logged.iter().filter(|own| own.text.contains(MARKER)).collect();
    assert!(logged.is_empty(), "{logged:?}");
}

/// The same for a blocking transport whose client cannot be kept from logging, but for `targets` only: with a filter that switches these
/// off nothing secret is logged.
///
/// # Panics
///
/// If a secret reached the subscriber, or the logger under another target or under none of these, or the process has one already.
pub fn assert_secrets_are_logged_only_under<T: blocking::Transport>(
    make: impl FnOnce() -> T,
    targets: &[&str],
) {
    let transport = make();
    let (traced, logged) = told(|| InPlace(&transport));
    assert!(!traced.contains(MARKER), "{traced}");
    let logged: Vec<_> = logged.iter().filter(|own| own.text.contains(MARKER)).collect();
    assert!(!logged.is_empty(), "no filter is needed any more");
    let is_off =
        |own: &Logged| targets.iter().any(|target| own.target.split("::").next() == Some(*target));
    assert!(logged.iter().all(|own| is_off(own)), "{logged:?}");
}

/// What a subscriber and a logger are told of some requests.
fn told<T: Transport>(make: impl FnOnce() -> T) -> (String, Vec<Logged>) {
    let traced = Arc::new(Mutex::new(String::new()));
    tracing::subscriber::set_global_default(Everything(Arc::clone(&traced)))
        .expect("the first one");
    log::set_logger(&LOGGER).expect("the first one");
    log::set_max_level(log::LevelFilter::Trace);
    let server = serve();
    let headers = [("x-session", MARKER), ("set-cookie", "session=open-sesame")];
    let ok = Reply::status(200, &headers, MARKER.as_bytes());
    let route = server.route([ok, Reply::silent().close()]);
    let transport = make();
    for _ in 0..2 {
        let request = Request::builder()
            .method("POST")
            .uri(format!("{}?key={MARKER}", route.url()))
            .header("authorization", MARKER)
            .header("x-api-thing", MARKER)
            .body(Body::from(Bytes::from_static(MARKER.as_bytes())))
            .expect("a request");
        let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
        pollster::block_on(async {
            let response = transport.send(request, &options).await?;
            response.into_body().collect(1 << 10).await
        })
        .ok();
    }
    assert_eq!(route.requests().len(), 2);
    let traced = traced.lock().expect("no panic").clone();
    (traced, std::mem::take(&mut *LOGGER.0.lock().expect("no panic")))
}

/// One record of the crate `log`.
#[derive(Debug)]
struct Logged {
    target: String,
    text: String,
}

/// A logger that wants everything, and keeps it.
struct Logger(Mutex<Vec<Logged>>);

static LOGGER: Logger = Logger(Mutex::new(Vec::new()));

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let (target, text) = (record.target().to_owned(), record.args().to_string());
        self.0.lock().expect("no panic").push(Logged { target, text });
    }

    fn flush(&self) {}
}

/// A subscriber that wants everything, and keeps it as text.
struct Everything(Arc<Mutex<String>>);

struct Text<'a>(&'a Mutex<String>);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = self.0.lock().expect("no panic");
        writeln!(text, "{field}: {value:?}").expect("a string takes all");
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Text(&self.0));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Text(&self.0));
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Text(&self.0));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
