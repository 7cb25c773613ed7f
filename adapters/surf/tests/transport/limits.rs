//! What a client of surf cannot do ends in an error that says so, or goes out with the same meaning.

use http::{Request, StatusCode};
use http_hook::body::Body;
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook::transport::Transport;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use http_hook_conformance::server::{Reply, Route, serve};
use http_hook_surf::SurfTransport;

fn send(transport: &SurfTransport, request: Request<Body>) -> Result<StatusCode, TransportError> {
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    pollster::block_on(async {
        let response = transport.send(request, &options).await?;
        let status = response.status();
        response.into_body().collect(1 << 10).await.map(|_| status)
    })
}

fn get(route: &Route) -> Request<Body> {
    Request::get(route.url()).body(Body::default()).expect("a request")
}

fn expect_errors(transport: &SurfTransport, rows: Vec<(&str, Reply, Kind, Sent)>) {
    let server = serve();
    for (why, reply, kind, sent) in rows {
        let route = server.route([reply.close()]);
        let error = send(transport, get(&route)).expect_err(why);
        assert_eq!((error.kind(), error.sent()), (kind, sent), "{why}: {error:?}");
        assert_eq!(route.requests().len(), 1, "{why}");
    }
}

#[cfg(feature = "curl-client")]
#[test]
fn panics_are_errors_over_libcurl() {
    let latin1 = b"HTTP/1.1 200 OK\r\nX-A: caf\xe9\r\nContent-Length: 2\r\n\r\nok";
    let transport = SurfTransport::curl().expect("isahc starts");
    #[rustfmt::skip]
    expect_errors(&transport, vec![
        // why                          reply                            kind       sent
        ("a status nobody registered",  Reply::status(520, &[], b"ok"),  Kind::Bug, Sent::Maybe),
        ("a header beyond ASCII",       Reply::raw(latin1),              Kind::Bug, Sent::Maybe),
    ]);
    let server = serve();
    let route = server.route([Reply::ok(b"ok")]);
    assert_eq!(send(&transport, get(&route)).expect("it goes on"), StatusCode::OK);
}

#[cfg(feature = "h1-client")]
#[test]
fn nothing_is_lost_over_async_h1() {
    let utf8 = "HTTP/1.1 200 OK\r\nX-A: caf\u{e9}\r\nContent-Length: 2\r\n\r\nok";
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let to_the_end = "HTTP/1.1 200 OK\r\n\r\nok";
    let coded = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok";
    #[rustfmt::skip]
    expect_errors(&SurfTransport::h1(), vec![
        // why                            reply                            kind            sent
        ("a body that ends by closing",   Reply::raw(to_the_end),          Kind::Body,     Sent::Yes),
        ("a coding that is not chunked",  Reply::raw(coded),               Kind::Protocol, Sent::Yes),
        ("an interim answer",             Reply::raw(interim),             Kind::Protocol, Sent::Yes),
        ("a status nobody registered",    Reply::status(520, &[], b"ok"),  Kind::Protocol, Sent::Maybe),
        ("a header beyond ASCII",         Reply::raw(utf8),                Kind::Bug,      Sent::Maybe),
    ]);
}

#[cfg(feature = "curl-client")]
#[test]
fn several_values_are_joined_over_libcurl() {
    let server = serve();
    let route = server.route([Reply::ok(b"ok")]);
    let request = Request::get(route.url())
        .header("x-twice", "one")
        .header("x-twice", "two, three")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .body(Body::default());
    send(&SurfTransport::curl().expect("isahc starts"), request.expect("a request")).expect("ok");
    let seen = route.requests().remove(0);
    assert_eq!(seen.text("x-twice").as_deref(), Some("one, two, three"));
    assert_eq!(seen.text("cookie").as_deref(), Some("a=1; b=2"));
}

#[cfg(feature = "curl-client")]
#[test]
fn a_client_of_ones_own_sends_an_empty_post_once() {
    let config = surf::Config::new().set_http_keep_alive(false).set_timeout(None);
    let transport =
        SurfTransport::new(config.try_into().expect("a client")).expect("it keeps none");
    let server = serve();
    let replies = [Reply::ok(b"warm"), Reply::silent().close(), Reply::ok(b"sent again")];
    let route = server.route(replies);
    send(&transport, get(&route)).expect("warm");
    let post = Request::post(route.url()).body(Body::default()).expect("a request");
    assert_eq!(send(&transport, post).expect_err("closed").sent(), Sent::Maybe);
    assert_eq!(route.requests().len(), 2);
}
