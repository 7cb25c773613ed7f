//! That nothing secret is traced: some clients trace what goes over the wire, credentials and all.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use http_hook::body::Body;
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook::transport::Transport;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::server::{Reply, serve};

const MARKER: &str = "open-sesame";

/// Sends requests full of secrets by the transport that `make` gives, one of which gets no answer, under a subscriber that wants
/// everything. It is the subscriber of the process: it is to be [alone](crate::alone::alone).
///
/// # Panics
///
/// If a secret reached the subscriber, or the process has one already.
pub fn assert_no_secret_is_traced<T: Transport>(make: impl FnOnce() -> T) {
    let traced = Arc::new(Mutex::new(String::new()));
    tracing::subscriber::set_global_default(Everything(Arc::clone(&traced)))
        .expect("the first one");
    let server = serve();
    let route = server.route([Reply::ok(b"ok"), Reply::silent().close()]);
    let transport = make();
    for _ in 0..2 {
        let request = Request::builder()
            .method("POST")
            .uri(format!("{}?key={MARKER}", route.url()))
            .header("authorization", MARKER)
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
    assert!(!traced.contains(MARKER), "{traced}");
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
