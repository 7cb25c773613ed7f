//! The mock plays its script, async and blocking alike, and tells what did not fit.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook::response::Reason;
use http_hook::transport::{TimeoutPhase, Transport};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind, blocking};
use http_hook_mock::blocking::connect;
use http_hook_mock::{MockTransport, Reply, VirtualClock};

const SECOND: Duration = Duration::from_secs(1);

fn options(head: Option<Duration>, total: Option<Duration>) -> SendOptions {
    let mut timeouts = Timeouts::default();
    timeouts.head = head;
    timeouts.total = total;
    SendOptions::new(timeouts, ClientOptions::default())
}

/// Sends `method path` and reads the answer, in the blocking way.
fn call(server: &MockTransport, method: &str, path: &str) -> Result<(u16, Bytes), TransportError> {
    let uri = format!("http://api.example.test{path}");
    let request = Request::builder().method(method).uri(uri);
    let request = request.body(blocking::Body::default()).unwrap();
    let response = blocking::Transport::send(server, request, &options(None, None))?;
    Ok((response.status().as_u16(), response.into_body().collect(1_000)?))
}

/// The same in the async way.
fn call_async(server: &MockTransport) -> Result<(u16, Bytes), TransportError> {
    let request =
        Request::get("http://api.example.test/").body(http_hook::body::Body::default()).unwrap();
    pollster::block_on(async {
        let response = Transport::send(server, request, &options(None, None)).await?;
        Ok((response.status().as_u16(), response.into_body().collect(1_000).await?))
    })
}

#[test]
fn each_reply_is_what_a_client_gets() {
    type Row = (&'static str, fn() -> Reply, Result<(u16, &'static str), (Kind, Sent)>);
    let pieces = || [Bytes::from_static(b"ab"), Bytes::new(), Bytes::from_static(b"c")];
    let rows: [Row; 6] = [
        ("a status alone", || Reply::status(204), Ok((204, ""))),
        ("a body", || Reply::status(200).body("abc"), Ok((200, "abc"))),
        ("no status is special", || Reply::status(999).body("abc"), Ok((999, "abc"))),
        ("an error", || Reply::error(Kind::Dns, Sent::No), Err((Kind::Dns, Sent::No))),
        (
            "a body breaks off after its pieces",
            || Reply::status(200).body("abc").breaks_off(),
            Err((Kind::Body, Sent::Yes)),
        ),
        (
            "a body breaks off at once",
            || Reply::status(200).breaks_off(),
            Err((Kind::Body, Sent::Yes)),
        ),
    ];
    for (why, reply, expected) in rows {
        let expected = expected.map(|(status, body)| (status, Bytes::from_static(body.as_bytes())));
        let error = |error: TransportError| (error.kind(), error.sent());
        let blocking = call(&MockTransport::new([reply()]), "GET", "/").map_err(error);
        assert_eq!(blocking, expected, "blocking: {why}");
        let asynchronous = call_async(&MockTransport::new([reply()])).map_err(error);
        assert_eq!(asynchronous, expected, "async: {why}");
    }
    let server = MockTransport::new([
        Reply::status(200).pieces(pieces()),
        Reply::status(200).pieces(pieces()),
    ]);
    assert_eq!(call(&server, "GET", "/").unwrap().1, "abc", "empty pieces end nothing");
    assert_eq!(call_async(&server).unwrap().1, "abc", "empty pieces end nothing");
}

#[test]
fn headers_and_the_reason_arrive() {
    let reply = Reply::status(404).reason("Gone fishing").header("x-a", "1").header("x-a", "2");
    let server = MockTransport::new([reply]);
    let request = Request::get("http://h/").body(blocking::Body::default()).unwrap();
    let response = blocking::Transport::send(&server, request, &options(None, None)).unwrap();
    assert_eq!(Reason::of(&response).as_str(), "Gone fishing");
    let values: Vec<_> = response.headers().get_all("x-a").iter().collect();
    assert_eq!(values, ["1", "2"]);
}

#[test]
fn the_shortest_limit_wins() {
    let rows = [
        // why                          head            total           reply takes  error         passes
        ("in time", Some(2), Some(3), Some(1), None, 1),
        ("at the limit is in time", Some(2), None, Some(2), None, 2),
        ("head", Some(2), Some(3), Some(9), Some(false), 2),
        ("total", Some(3), Some(2), Some(9), Some(true), 2),
        ("a hang meets the limit", Some(2), None, None, Some(false), 2),
    ];
    for (why, head, total, takes, error, passes) in rows {
        let reply =
            takes.map_or_else(Reply::hang, |takes| Reply::status(200).takes(SECOND * takes));
        let server = MockTransport::new([reply]);
        let clock = server.clock();
        let start = blocking::Clock::now(&clock);
        let request = Request::get("http://h/").body(blocking::Body::default()).unwrap();
        let options = options(head.map(|s| SECOND * s), total.map(|s| SECOND * s));
        let result = blocking::Transport::send(&server, request, &options);
        let phase = |total| if total { TimeoutPhase::Total } else { TimeoutPhase::Head };
        assert_eq!(result.err().map(|e| e.kind()), error.map(phase).map(Kind::Timeout), "{why}");
        assert_eq!(blocking::Clock::now(&clock).since(start), SECOND * passes, "{why}");
    }
}

#[test]
fn a_hang_without_a_limit_never_ends_a_test() {
    let server = MockTransport::new([Reply::hang(), Reply::hang()]);
    assert_eq!(call(&server, "GET", "/").unwrap_err().kind(), Kind::Bug, "blocking");
    let request = Request::get("http://h/").body(http_hook::body::Body::default()).unwrap();
    let options = options(None, None);
    let mut send = pin!(Transport::send(&server, request, &options));
    assert!(send.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "async");
}

#[test]
fn a_script_tells_what_did_not_fit() {
    type Server = fn() -> MockTransport;
    let strict: Server = || {
        MockTransport::new([
            Reply::status(200).on("GET", "/a"),
            Reply::status(201).on("GET", "/b?x=1"),
        ])
    };
    let matching: Server = || {
        MockTransport::matching([
            Reply::status(200).on("GET", "/a"),
            Reply::status(201).on("GET", "/b?x=1"),
        ])
    };
    let any: Server = || MockTransport::matching([Reply::status(200).always()]);
    let rows: [(&str, Server, &[&str], &str); 8] = [
        ("in order", strict, &["/a?q", "/b?x=1"], ""),
        ("any order", matching, &["/b?x=1", "/a"], ""),
        ("none needed, many allowed", any, &[], ""),
        ("none needed, many allowed", any, &["/a", "/b", "/c"], ""),
        (
            "the order counts",
            strict,
            &["/b?x=1"],
            "unexpected requests: GET http://api.example.test/b?*** {} 0 bytes, where the script has 200 for \
             GET /a; the script still has: 200 for GET /a; 201 for GET /b",
        ),
        ("a reply is left", strict, &["/a"], "the script still has: 201 for GET /b"),
        (
            "a query that is expected counts",
            matching,
            &["/a", "/b?x=2"],
            "unexpected requests: GET http://api.example.test/b?*** {} 0 bytes, where the script has nothing left \
             for it; the script still has: 201 for GET /b",
        ),
        (
            "once is once",
            matching,
            &["/a", "/a", "/b?x=1"],
            "unexpected requests: GET http://api.example.test/a {} 0 bytes, where the script has nothing left for it",
        ),
    ];
    for (why, server, paths, expected) in rows {
        let server = server();
        let failed = paths.iter().filter(|path| call(&server, "GET", path).is_err()).count();
        let verdict = server.verify().err();
        assert_eq!(
            verdict.as_ref().map(ToString::to_string).unwrap_or_default(),
            expected,
            "{why}"
        );
        assert_eq!(failed, verdict.map_or(0, |unmet| unmet.unexpected.len()), "{why}");
        assert_eq!(server.received().len(), paths.len(), "{why}");
    }
}

#[test]
fn replies_repeat_and_look_at_the_request() {
    let server = MockTransport::new([
        Reply::status(503).times(2),
        Reply::status(200).when(|received| received.header("x-team") == Some("finance")),
    ]);
    let statuses = [(); 2].map(|()| call(&server, "GET", "/").unwrap().0);
    assert_eq!(statuses, [503, 503]);
    assert!(call(&server, "GET", "/").is_err(), "the condition does not hold");
}

#[test]
fn the_log_keeps_all_and_shows_no_secret() {
    let server = MockTransport::new([Reply::status(200)]);
    let request = Request::post("http://user:marker@h:8080/a/b?token=marker")
        .header("authorization", "marker")
        .header("x-key", "marker")
        .header("accept", "text/plain")
        .body(blocking::Body::from(Bytes::from_static(b"marker")))
        .unwrap();
    blocking::Transport::send(&server, request, &options(Some(SECOND), None)).unwrap();
    let received = &server.received()[0];
    assert_eq!(received.target(), "/a/b?token=marker");
    assert_eq!(received.header("X-Key"), Some("marker"));
    assert_eq!(received.text(), "marker");
    assert_eq!(received.options.timeouts.head, Some(SECOND));
    assert_eq!(
        format!("{received:?}"),
        r#"POST http://h:8080/a/b?*** {"authorization": "***", "x-key": "***", "accept": "text/plain"} 6 bytes"#
    );
    assert!(!format!("{server:?}").contains("marker"));
}

#[test]
fn the_clock_goes_as_told() {
    type Row = (&'static str, fn(&VirtualClock), Duration);
    let start = VirtualClock::new();
    let (epoch, now) = (http_hook::Timestamp::default(), blocking::Clock::now(&start));
    let rows: [Row; 5] = [
        ("a sleep is exact", |clock| blocking::Clock::sleep(clock, SECOND), SECOND),
        (
            "async too",
            |clock| pollster::block_on(http_hook::transport::Clock::sleep(clock, SECOND)),
            SECOND,
        ),
        (
            "one that is too long",
            |clock| (clock.stretch(150), blocking::Clock::sleep(clock, SECOND)).1,
            SECOND * 3 / 2,
        ),
        (
            "one that is too short",
            |clock| (clock.stretch(50), blocking::Clock::sleep(clock, SECOND)).1,
            SECOND / 2,
        ),
        ("work", |clock| clock.advance(SECOND * 7), SECOND * 7),
    ];
    for (why, act, passes) in rows {
        let clock = VirtualClock::at(now);
        act(&clock);
        assert_eq!(blocking::Clock::now(&clock).since(now), passes, "{why}");
    }
    start.set(epoch);
    assert_eq!(blocking::Clock::now(&start), epoch, "set back");
    blocking::Clock::sleep(&start, Duration::MAX);
    blocking::Clock::sleep(&start, Duration::MAX);
    assert_eq!(blocking::Clock::now(&start).since_epoch(), Duration::MAX, "time ends");
    assert_eq!(start.clone().sleeps(), [Duration::MAX; 2], "clones are one clock");
}

#[test]
fn a_request_without_a_reply_says_so_and_how_far_the_script_was_played() {
    type Row = (&'static str, fn() -> MockTransport, &'static [&'static str], &'static str);
    let rows: [Row; 5] = [
        ("nothing", || MockTransport::new([]), &["x"], "GET /x (0 of 0 used)"),
        (
            "all used",
            || MockTransport::new([Reply::status(200).times(2), Reply::status(200)]),
            &["a", "a", "a", "x"],
            "GET /x (3 of 3 used)",
        ),
        (
            "another one is next",
            || MockTransport::new([Reply::status(200), Reply::status(200).on("GET", "/a")]),
            &["a", "x?token=marker"],
            "GET /x?***, but 200 for GET /a (1 of 2 used)",
        ),
        (
            "none fits",
            || MockTransport::matching([Reply::status(200).on("GET", "/a")]),
            &["x"],
            "GET /x (0 of 1 used)",
        ),
        (
            "without end",
            || MockTransport::matching([Reply::status(200).on("GET", "/a").always()]),
            &["a", "a", "x"],
            "GET /x (2 used)",
        ),
    ];
    for (why, server, paths, expected) in rows {
        let api = connect("https://h.test", server()).unwrap();
        let ends: Vec<_> = paths.iter().map(|path| api.get(*path).send()).collect();
        let failure = ends.last().unwrap().as_ref().unwrap_err();
        let first = format!("no reply was scripted for {expected}; GET https://h.test/x");
        assert!(failure.to_string().starts_with(&first), "{why}: {failure}");
        assert!(!failure.to_string().contains("marker"), "{why}: {failure}");
    }
}
