//! Answers that are odd but right: they are handed on as they are.

use http::{HeaderMap, Method};
use http_hook::TransportErrorKind as Kind;

use super::probe::get;
use super::row::{Check, Expect, row};
use crate::server::Reply;

const GET: (Method, &[u8]) = (Method::GET, b"");
const HEAD: (Method, &[u8]) = (Method::HEAD, b"");

pub(super) fn checks() -> Vec<Check> {
    let answer = |name, fault: Option<u8>, status, body, reply: Reply| {
        row(name, fault, GET, false, vec![reply], Expect::Answer(status, body))
    };
    let mut checks = vec![
        answer("status-299", Some(23), 299, b"ok", Reply::status(299, &[], b"ok")),
        answer("status-499", Some(23), 499, b"ok", Reply::status(499, &[], b"ok")),
        answer("status-520", Some(23), 520, b"ok", Reply::status(520, &[], b"ok")),
        answer("status-599", Some(23), 599, b"ok", Reply::status(599, &[], b"ok")),
        answer("status-999", Some(23), 999, b"ok", Reply::status(999, &[], b"ok")),
        answer("no-reason", None, 200, b"ok", raw("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok")),
        answer("status-204", Some(24), 204, b"", raw("HTTP/1.1 204 No Content\r\n\r\n")),
        answer("status-204-with-body", Some(24), 204, b"", no_content_with_body()),
        answer("status-304-with-length", Some(24), 304, b"", not_modified()),
        answer("empty-body", None, 200, b"", Reply::ok(b"")),
        answer("chunked", None, 200, b"hello", chunked("")),
        answer("chunked-extension-and-trailer", None, 200, b"hello", chunked("X-Trailer: 1\r\n")),
        answer(
            "close-delimited",
            Some(16),
            200,
            b"hello",
            raw("HTTP/1.1 200 OK\r\n\r\nhello").close(),
        ),
        answer("http-1.0", Some(16), 200, b"hello", raw("HTTP/1.0 200 OK\r\n\r\nhello").close()),
        answer("http-1.0-length", Some(16), 200, b"hello", http_1_0()),
        answer("interim-100", None, 200, b"ok", interim("100 Continue", 1)),
        answer("interim-103", None, 200, b"ok", interim("103 Early Hints", 1)),
        answer(
            "rest-after-length",
            Some(15),
            200,
            b"ok",
            Reply::ok(b"ok").write("HTTP/1.1 500 X\r\n\r\n").close(),
        ),
        row(
            "head",
            Some(24),
            HEAD,
            false,
            vec![Reply::ok(b"hello").without_last(5)],
            Expect::Answer(200, b""),
        ),
        row(
            "head-chunked",
            Some(24),
            HEAD,
            false,
            vec![raw(CHUNKED_HEAD)],
            Expect::Answer(200, b""),
        ),
        row(
            "interim-flood",
            Some(19),
            GET,
            false,
            vec![interim("103 Early Hints", 5000)],
            Expect::Either(200, b"ok"),
        ),
        row("final-101", Some(20), GET, false, vec![upgrade()], Expect::Ends),
        row(
            "chunked-and-length",
            Some(14),
            GET,
            false,
            vec![chunked_and_length()],
            Expect::Either(200, b"hello"),
        ),
        row(
            "folded-header",
            Some(22),
            GET,
            false,
            vec![Reply::status(200, &[("X-A", "1\r\n 2")], b"ok")],
            Expect::Either(200, b"ok"),
        ),
        row(
            "head-1-mib",
            Some(21),
            GET,
            false,
            vec![Reply::status(200, &[("X-Long", &"x".repeat(1 << 20))], b"ok")],
            Expect::Either(200, b"ok"),
        ),
        row(
            "headers-10000",
            Some(21),
            GET,
            false,
            vec![many_headers()],
            Expect::Either(200, b"ok"),
        ),
    ];
    checks.extend([
        redirect(),
        repeated(),
        latin1("header-latin1", b"caf\xe9"),
        latin1("header-utf8", "café".as_bytes()),
        gzip(),
    ]);
    checks
}

const CHUNKED_HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn raw(text: &str) -> Reply {
    Reply::raw(text)
}

fn no_content_with_body() -> Reply {
    Reply::status(204, &[], b"junk").close()
}

fn not_modified() -> Reply {
    Reply::status(304, &[], b"hello").without_last(5)
}

fn http_1_0() -> Reply {
    raw("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello").close()
}

fn chunked(trailer: &str) -> Reply {
    Reply::raw(format!("{CHUNKED_HEAD}2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\n{trailer}\r\n"))
}

fn interim(status: &str, times: usize) -> Reply {
    Reply::raw(format!("HTTP/1.1 {status}\r\nX-I: 1\r\n\r\n").repeat(times))
        .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
}

fn upgrade() -> Reply {
    raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nxyz").close()
}

fn many_headers() -> Reply {
    let lines: Vec<String> = (0..10_000).map(|number| format!("X-{number}: 1\r\n")).collect();
    Reply::raw(format!("HTTP/1.1 200 OK\r\n{}Content-Length: 2\r\n\r\nok", lines.concat()))
}

fn chunked_and_length() -> Reply {
    Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        .close()
}

fn redirect() -> Check {
    Check::new(
        "redirect-handed-back",
        26,
        "status, Location and body as sent, sent once",
        |probe| {
            Box::pin(async move {
                for status in [301, 302, 303, 307, 308] {
                    let route =
                        probe.route([Reply::status(status, &[("Location", "/r0")], b"moved")]);
                    let told = probe.send(get(route.url())).await;
                    let parts = told.answer(status, b"moved")?;
                    expect_value(&parts.headers, "location", b"/r0")?;
                    told.agrees_with(&route.requests())?;
                }
                Ok(())
            })
        },
    )
}

fn repeated() -> Check {
    Check::new("header-repeated", None, "both values, in order", |probe| {
        Box::pin(async move {
            let headers = [("X-Twice", "one"), ("x-twice", "two"), ("X-Empty", "")];
            let route = probe.route([Reply::status(200, &headers, b"ok")]);
            let told = probe.send(get(route.url())).await;
            let parts = told.answer(200, b"ok")?;
            let twice: Vec<_> = parts.headers.get_all("x-twice").iter().collect();
            expect_value(&parts.headers, "x-empty", b"")?;
            (twice == ["one", "two"]).then_some(()).ok_or(format!("was given {twice:?}"))
        })
    })
}

fn latin1(name: &'static str, value: &'static [u8]) -> Check {
    Check::new(name, 22, "the bytes as sent, or an error", move |probe| {
        Box::pin(async move {
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name: ";
            let route = probe.route([Reply::raw([head, value, b"\r\n\r\nok".as_slice()].concat())]);
            let told = probe.send(get(route.url())).await;
            match told.error() {
                Some(error) if error.kind() == Kind::Bug => Err(told.summary()),
                Some(_) => Ok(()),
                None => expect_value(&told.answer(200, b"ok")?.headers, "x-name", value),
            }
        })
    })
}

/// "hello", gzipped: the suite has no encoder.
const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0";

fn gzip() -> Check {
    Check::new(
        "gzip-not-undone",
        25,
        "the bytes and Content-Encoding as sent, none asked for",
        |probe| {
            Box::pin(async move {
                let route =
                    probe.route([Reply::status(200, &[("Content-Encoding", "gzip")], GZIP)]);
                let told = probe.send(get(route.url())).await;
                expect_value(&told.answer(200, GZIP)?.headers, "content-encoding", b"gzip")?;
                let asked = route.requests()[0].header("accept-encoding");
                match asked.as_slice() {
                    [] => Ok(()),
                    [value] if value == b"identity" => Ok(()),
                    _ => Err(format!("asked for {asked:?}")),
                }
            })
        },
    )
}

fn expect_value(headers: &HeaderMap, name: &str, value: &[u8]) -> Result<(), String> {
    match headers.get(name) {
        Some(own) if own.as_bytes() == value => Ok(()),
        own => Err(format!("{name} was {own:?}")),
    }
}
