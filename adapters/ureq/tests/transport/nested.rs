//! Bodies whose source uses the transport itself, on the thread that sends.

use std::io::{self, Read};

use http::Request;
use http_hook::blocking::{Body, Transport};
use http_hook::options::{ClientOptions, Proxy, SendOptions, Timeouts};
use http_hook::{Sent, TransportErrorKind as Kind};
use http_hook_conformance::server::{Reply, Route, refusing, serve};
use http_hook_ureq::UreqTransport;

const BODY: &[u8] = b"pay 100 to bob";

fn plain() -> SendOptions {
    SendOptions::new(Timeouts::default(), ClientOptions::default())
}

/// A source that does something with the transport before each piece, whatever comes of it.
struct Busy<F> {
    meanwhile: F,
    left: &'static [u8],
}

impl<F: FnMut()> Read for Busy<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (self.meanwhile)();
        let piece = buffer.len().min(4);
        self.left.read(&mut buffer[..piece])
    }
}

/// Sends such a body to a server that reads all of it and closes, and says how it is told.
fn told(transport: &UreqTransport, route: &Route, meanwhile: impl FnMut() + Send + 'static) {
    let body = Body::reader(Some(BODY.len() as u64), Busy { meanwhile, left: BODY });
    let request = Request::post(route.url()).body(body).expect("a request");
    let error = transport.send(request, &plain()).expect_err("no answer");
    assert_eq!((error.kind(), error.sent()), (Kind::Interrupted, Sent::Maybe));
    assert_eq!(route.requests().last().expect("it came").body, BODY);
}

#[test]
fn what_a_source_does_with_the_transport_is_told_of_itself_alone() {
    let (server, transport) = (serve(), UreqTransport::default());
    let silent = |times| server.route(vec![Reply::silent().close(); times]);

    let own = transport.clone();
    let by_a_dead_proxy = move || {
        let mut client = ClientOptions::default();
        client.proxy = Some(Proxy { uri: format!("http://{}", refusing()), credential: None });
        let request = Request::post("https://telemetry.invalid/").body(Body::default());
        let options = SendOptions::new(Timeouts::default(), client);
        let error = own.send(request.expect("a request"), &options).expect_err("no proxy");
        assert_eq!(error.sent(), Sent::No);
    };
    told(&transport, &silent(1), by_a_dead_proxy);

    let own = transport.clone();
    let refused = move || {
        let request = Request::get(format!("http://{}/", refusing())).body(Body::default());
        let error = own.send(request.expect("a request"), &plain()).expect_err("no server");
        assert_eq!(error.sent(), Sent::No);
    };
    told(&transport, &silent(1), refused);

    let large = server.route([Reply::ok(&vec![b'x'; 1 << 20])]);
    let request = Request::get(large.url()).body(Body::default()).expect("a request");
    let mut other = transport.send(request, &plain()).expect("an answer").into_body();
    told(&transport, &silent(1), move || {
        assert!(Read::read(&mut other, &mut [0; 100]).expect("more of it") > 0);
    });
}

#[test]
fn a_body_that_is_sent_on_is_read_to_its_own_end() {
    let (server, transport) = (serve(), UreqTransport::default());
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let cut = server.route([Reply::raw(chunks).close()]);
    let request = Request::get(cut.url()).body(Body::default()).expect("a request");
    let body = transport.send(request, &plain()).expect("an answer").into_body();
    let target = server.route([Reply::ok(b"ok")]);
    let request = Request::post(target.url()).body(body).expect("a request");
    let error = transport.send(request, &plain()).expect_err("the source is cut");
    assert_eq!(error.kind(), Kind::RequestBody);
    assert!(!target.requests().iter().any(|seen| seen.whole), "{:?}", target.requests());
}
