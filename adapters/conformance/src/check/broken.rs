//! Answers that are broken, and connections that are not made.

use std::time::Duration;

use http::Method;
use http_hook::{Sent, TransportErrorKind as Kind};

use super::probe::get;
use super::row::{Check, Expect, row};
use crate::server::{Reply, refusing};

const GET: (Method, &[u8]) = (Method::GET, b"");

/// What a broken connection may be called before there is a head.
const BROKEN: &[Kind] = &[Kind::Interrupted];
/// What an answer that is not HTTP may be called.
const GARBAGE: &[Kind] = &[Kind::Protocol, Kind::Interrupted];
/// What a body that is not whole may be called.
const BODY: &[Kind] = &[Kind::Body, Kind::Interrupted, Kind::Protocol];

/// What a head that does not end may be called.
const ENDLESS: &[Kind] = &[Kind::Limit, Kind::Protocol, Kind::Interrupted, Kind::Body];

pub(super) fn checks() -> Vec<Check> {
    let error = |name, fault: u8, kinds, reply| {
        row(name, fault, GET, false, vec![reply], Expect::Error(kinds))
    };
    let maybe = |name, fault: u8, kinds, reply| {
        row(name, fault, GET, false, vec![reply], Expect::Unsent(kinds, Sent::Maybe))
    };
    let either = |name, fault: u8, reply| {
        row(name, fault, GET, false, vec![reply], Expect::Either(200, b"ok"))
    };
    let hello = || Reply::ok(b"hello");
    vec![
        unsent("dns", 1, Kind::Dns, || "http://nonexistent.invalid/".to_owned()),
        unsent("refused", 3, Kind::Connect, || format!("http://{}/", refusing())),
        maybe("closed-before-head", 8, BROKEN, Reply::silent().close()),
        maybe("reset-before-head", 10, BROKEN, Reply::silent().reset()),
        error("status-line-cut", 11, GARBAGE, Reply::raw("HTTP/1.1 20").close()),
        error("head-cut", 11, GARBAGE, Reply::raw("HTTP/1.1 200 OK\r\nX-A: 1\r\nX-").close()),
        error("head-cut-at-line", 11, GARBAGE, Reply::raw("HTTP/1.1 200 OK\r\nX-A: 1\r\n").close()),
        error("head-reset", 11, GARBAGE, Reply::raw("HTTP/1.1 200 OK\r\nX-A: 1\r\n").reset()),
        error("not-http", 11, GARBAGE, Reply::raw("SSH-2.0-OpenSSH_9.2\r\n").close()),
        endless("head-without-end", OK, || [b"X-A: ".to_vec(), vec![b'x'; 4 << 20]].concat()),
        endless("headers-without-end", OK, || b"X-A: 1\r\n".repeat(1 << 19)),
        endless("interim-without-end", "", || b"HTTP/1.1 103 X\r\n\r\n".repeat(1 << 18)),
        endless("interim-100-without-end", "", || b"HTTP/1.1 100 X\r\n\r\n".repeat(1 << 18)),
        endless("interim-headers-without-end", "", || {
            b"HTTP/1.1 103 X\r\nLink: </a>; rel=preload\r\n\r\n".repeat(80 << 10)
        }),
        endless("trailers-without-end", TRAILERS, || b"X-A: 1\r\n".repeat(1 << 19)),
        endless("trailer-without-end", TRAILERS, || {
            [b"X-A: ".to_vec(), vec![b'x'; 4 << 20]].concat()
        }),
        error("status-099", 11, GARBAGE, Reply::status(99, &[], b"ok").close()),
        error(
            "status-1000",
            11,
            GARBAGE,
            Reply::raw("HTTP/1.1 1000 X\r\nContent-Length: 0\r\n\r\n").close(),
        ),
        error("body-cut", 12, BODY, hello().without_last(3).close()),
        error("body-cut-at-once", 12, BODY, hello().without_last(5).close()),
        error("body-reset", 12, BODY, hello().without_last(3).reset()),
        error("close-delimited-reset", 12, BODY, Reply::raw("HTTP/1.1 200 OK\r\n\r\nhel").reset()),
        error("chunk-cut", 12, BODY, chunks("5\r\nhel").close()),
        error("chunks-without-end", 13, BODY, chunks("5\r\nhello\r\n").close()),
        error("chunks-reset", 12, BODY, chunks("5\r\nhello\r\n").reset()),
        error("trailers-none-cut", 13, BODY, chunks("5\r\nhello\r\n0\r\n").close()),
        error("trailers-cut", 13, BODY, chunks("5\r\nhello\r\n0\r\nX-A: 1\r\n").close()),
        error("trailer-cut", 13, BODY, chunks("5\r\nhello\r\n0\r\nX-A: 1").close()),
        error("trailers-reset", 13, BODY, chunks("5\r\nhello\r\n0\r\nX-A: 1\r\n").reset()),
        error("chunk-size-garbage", 13, BODY, chunks("zz\r\nhello\r\n0\r\n\r\n").close()),
        error(
            "chunk-size-overflow",
            13,
            BODY,
            chunks("fffffffffffffffff\r\nhello\r\n0\r\n\r\n").close(),
        ),
        error(
            "chunk-size-wraps",
            13,
            BODY,
            chunks("10000000000000005\r\nhello\r\n0\r\n\r\n").close(),
        ),
        error("chunk-size-plus", 13, BODY, chunks("+5\r\nhello\r\n0\r\n\r\n").close()),
        error("chunk-size-minus", 13, BODY, chunks("-1\r\nhello\r\n0\r\n\r\n").close()),
        error("chunk-size-blank", 13, BODY, chunks("5 \r\nhello\r\n0\r\n\r\n").close()),
        error("chunk-size-prefix", 13, BODY, chunks("0x5\r\nhello\r\n0\r\n\r\n").close()),
        error("chunk-size-empty", 13, BODY, chunks("\r\nhello\r\n0\r\n\r\n").close()),
        error("trailer-no-colon", 13, BODY, chunks("5\r\nhello\r\n0\r\nnonsense\r\n\r\n").close()),
        error("chunk-size-short", 13, BODY, chunks("2\r\nhello\r\n0\r\n\r\n").close()),
        coded("coding-unknown", "xchunked", CHUNKS),
        coded("coding-unknown-length-cut", "identity\r\nContent-Length: 9", "hello"),
        coded("coding-gzip", "gzip", "hello"),
        coded("coding-gzip-length-cut", "gzip\r\nContent-Length: 9", "hello"),
        coded("coding-gzip-chunked", "gzip, chunked", CHUNKS),
        coded("coding-chunked-identity", "chunked, identity", CHUNKS),
        coded("coding-chunked-twice", "chunked, chunked", CHUNKS),
        coded("coding-two-lines", "chunked\r\nTransfer-Encoding: identity", CHUNKS),
        coded("coding-two-lines-alike", "chunked\r\nTransfer-Encoding: chunked", CHUNKS),
        error("length-negative", 14, BODY, length("-1")),
        error("length-huge", 14, BODY, length("99999999999999999999")),
        error("length-garbage", 14, BODY, length("two")),
        error("lengths-differ", 14, BODY, length("2\r\nContent-Length: 3")),
        either("length-plus", 14, length("+2")),
        either("lengths-agree", 14, length("2\r\nContent-Length: 2")),
        either(
            "header-without-colon",
            22,
            Reply::status(200, &[("X-A", "1\r\nnonsense")], b"ok").close(),
        ),
        either("header-with-nul", 22, Reply::status(200, &[("X-A", "a\0b")], b"ok").close()),
        either(
            "bare-line-feeds",
            22,
            Reply::raw("HTTP/1.1 200 OK\nContent-Length: 2\n\nok").close(),
        ),
    ]
}

const OK: &str = "HTTP/1.1 200 OK\r\n";
const TRAILERS: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n";

/// How long the server is silent behind a head without end.
const SILENCE: Duration = Duration::from_secs(5);

/// A head of 4 MiB, all interim ones before it and all trailers counted, and then silence: whoever takes it all in waits until the server closes.
fn endless(name: &'static str, start: &'static str, more: fn() -> Vec<u8>) -> Check {
    Check::new(name, 21, "an error, long before the head ends", move |probe| {
        Box::pin(async move {
            let reply = Reply::raw(start).write(more()).wait(SILENCE).close();
            let route = probe.route([reply]);
            let told = probe.send(get(route.url())).await;
            Expect::Error(ENDLESS).holds(&told)?;
            if told.took > SILENCE / 2 {
                return Err(format!("was told {}", told.summary()));
            }
            told.agrees_with(&route.requests())
        })
    })
}

const CHUNKS: &str = "5\r\nhello\r\n0\r\n\r\n";

/// A transfer coding that nobody asked for, or one in a form that clients read in many ways.
fn coded(name: &'static str, coding: &str, body: &str) -> Check {
    let reply = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n{body}");
    row(name, 14, GET, false, vec![Reply::raw(reply).close()], Expect::Error(BODY))
}

fn chunks(text: &str) -> Reply {
    Reply::raw(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{text}"))
}

fn length(value: &str) -> Reply {
    Reply::raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\nok")).close()
}

fn unsent(name: &'static str, fault: u8, kind: Kind, url: fn() -> String) -> Check {
    Check::new(name, fault, "an error of this kind, not sent", move |probe| {
        Box::pin(async move {
            let told = probe.send(get(&url())).await;
            match (&told.head, kind) {
                (Err(error), kind) if (error.kind(), error.sent()) == (kind, Sent::No) => Ok(()),
                _ => Err(format!("was told {}", told.summary())),
            }
        })
    })
}
