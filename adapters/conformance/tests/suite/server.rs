//! The fault server: exact bytes, kept connections, and an end to everything.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use http_hook_conformance::server::{Reply, Route, Server, serve};

fn ask(server: &Server, request: &str) -> (String, Option<ErrorKind>) {
    let mut client = TcpStream::connect(server.addr()).expect("the server listens");
    client.write_all(request.as_bytes()).expect("it reads");
    let mut answer = Vec::new();
    let end = client.read_to_end(&mut answer).err().map(|error| error.kind());
    (String::from_utf8_lossy(&answer).into_owned(), end)
}

fn get(route: &Route) -> String {
    format!("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", route.path())
}

#[test]
fn replies_are_played_as_written() {
    const MS: Duration = Duration::from_millis(5);
    const RESET: Option<ErrorKind> = Some(ErrorKind::ConnectionReset);
    let server = serve();
    #[rustfmt::skip]
    let rows = [
        // why          reply                                             answer  end
        ("raw bytes",   Reply::raw("abc").close(),                        "abc",  None),
        ("cut",         Reply::raw("abc").without_last(2).close(),        "a",    None),
        ("nothing",     Reply::silent().close(),                          "",     None),
        ("reset",       Reply::raw("abc").reset(),                        "abc",  RESET),
        ("drip",        Reply::silent().drip("abc", MS).close(),          "abc",  None),
        ("in two",      Reply::raw("a").wait(MS).write("bc").close(),     "abc",  None),
    ];
    for (why, reply, answer, end) in rows {
        let route = server.route([reply]);
        assert_eq!(ask(&server, &get(&route)), (answer.to_owned(), end), "{why}");
        assert_eq!(route.requests().len(), 1, "{why}");
    }
}

#[test]
fn requests_are_recorded_raw() {
    let server = serve();
    let route = server.route([Reply::raw("1"), Reply::raw("2").close()]);
    let path = route.path();
    let chunked = "X-A:  b \r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\n\r\n";
    let counted = "content-length: 2\r\n\r\nde";
    let both = format!("POST {path}/a?b HTTP/1.1\r\n{chunked}PUT {path} HTTP/1.1\r\n{counted}");
    assert_eq!(ask(&server, &both).0, "12");
    let seen = route.requests();
    assert_eq!(seen.len(), 2);
    assert_eq!((seen[0].method(), seen[0].target()), ("POST".to_owned(), format!("{path}/a?b")));
    assert_eq!((seen[0].body.as_slice(), seen[0].whole), (b"abc".as_slice(), true));
    assert_eq!(seen[0].text("x-a").as_deref(), Some("b"));
    assert!(seen[0].head.ends_with(b"chunked\r\n\r\n"));
    assert_eq!(seen[1].body, b"de");
    assert_eq!(seen[1].connection, seen[0].connection);
}

#[test]
fn what_is_not_in_the_script_is_a_500() {
    let server = serve();
    let route = server.route([]);
    let mut client = TcpStream::connect(server.addr()).expect("the server listens");
    client.write_all(get(&route).as_bytes()).expect("it reads");
    let mut start = [0; 12];
    client.read_exact(&mut start).expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 500");
}

#[test]
fn a_dropped_server_hangs_nobody() {
    let server = serve();
    let route = server.route([Reply::silent().hang()]);
    let mut client = TcpStream::connect(server.addr()).expect("the server listens");
    client.write_all(get(&route).as_bytes()).expect("it reads");
    while route.requests().is_empty() {
        std::thread::yield_now();
    }
    let start = Instant::now();
    drop(server);
    let _ = client.read(&mut [0]);
    assert!(start.elapsed() < Duration::from_secs(1));
}
