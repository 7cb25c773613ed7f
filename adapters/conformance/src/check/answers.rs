//! Answers that are odd but right: they are handed on as they are.

use http::{HeaderMap, Method};
use http_hook::TransportErrorKind as Kind;

use super::probe::get;
use super::row::{Check, Expect, row};
use crate::server::Reply;

pub(super) fn checks() -> Vec<Check> {
    use Expect::{Answer, Either, Ends};
    let get = Method::GET;
    let x = "x".repeat(1 << 20);
    #[rustfmt::skip]
    let rows = [
        // name                          fault     method         reply                                      what has to come of it
        ("status-299",                   Some(23), &get,          Reply::status(299, &[], b"ok"),            Answer(299, b"ok")),
        ("status-499",                   Some(23), &get,          Reply::status(499, &[], b"ok"),            Answer(499, b"ok")),
        ("status-520",                   Some(23), &get,          Reply::status(520, &[], b"ok"),            Answer(520, b"ok")),
        ("status-599",                   Some(23), &get,          Reply::status(599, &[], b"ok"),            Answer(599, b"ok")),
        ("status-999",                   Some(23), &get,          Reply::status(999, &[], b"ok"),            Answer(999, b"ok")),
        ("status-204",                   Some(24), &get,          raw("HTTP/1.1 204 No Content\r\n\r\n"),   Answer(204, b"")),
        ("status-204-with-body",         Some(24), &get,          Reply::status(204, &[], b"junk").close(),  Answer(204, b"")),
        ("status-304-with-length",       Some(24), &get,          without_body(304),                         Answer(304, b"")),
        ("head",                         Some(24), &Method::HEAD, without_body(200),                         Answer(200, b"")),
        ("status-304-with-body",         Some(24), &get,          Reply::status(304, &[], b"junk").close(),  Answer(304, b"")),
        ("head-with-body",               Some(24), &Method::HEAD, Reply::ok(b"junk").close(),                Answer(200, b"")),
        ("head-chunked",                 Some(24), &Method::HEAD, raw(CHUNKED_HEAD),                         Answer(200, b"")),
        ("no-reason",                    None,     &get,          no_reason(),                               Answer(200, b"ok")),
        ("empty-body",                   None,     &get,          Reply::ok(b""),                            Answer(200, b"")),
        ("chunked",                      None,     &get,          chunked(""),                               Answer(200, b"hello")),
        ("chunked-and-trailer",          None,     &get,          chunked("X-Trailer: 1\r\n"),               Answer(200, b"hello")),
        ("close-delimited",              Some(16), &get,          raw("HTTP/1.1 200 OK\r\n\r\nok").close(),  Answer(200, b"ok")),
        ("http-1.0",                     Some(16), &get,          raw("HTTP/1.0 200 OK\r\n\r\nok").close(),  Answer(200, b"ok")),
        ("http-1.0-length",              Some(16), &get,          http_1_0(),                                Answer(200, b"ok")),
        ("interim-100",                  None,     &get,          interim("100 Continue", 1),                Answer(200, b"ok")),
        ("interim-103",                  None,     &get,          interim("103 Early Hints", 1),             Answer(200, b"ok")),
        ("rest-after-length",            Some(15), &get,          with_rest(),                               Answer(200, b"ok")),
        ("interim-flood",                Some(19), &get,          interim("103 Early Hints", 5000),          Either(200, b"ok")),
        ("final-101",                    Some(20), &get,          upgrade(),                                 Ends),
        ("chunked-and-length",           Some(14), &get,          chunked_and_length(),                      Either(200, b"hello")),
        ("folded-header",                Some(22), &get,          with_header("1\r\n 2"),                    Either(200, b"ok")),
        ("head-1-mib",                   Some(21), &get,          with_header(&x),                           Either(200, b"ok")),
        ("headers-10000",                Some(21), &get,          many_headers(),                            Either(200, b"ok")),
        ("locations-differ",             Some(28), &get,          two_locations(),                           Either(302, b"moved")),
    ];
    let table = rows.into_iter().map(|(name, fault, method, reply, expect)| {
        row(name, fault, (method.clone(), b""), false, vec![reply], expect)
    });
    let others = [
        second_address(),
        redirect(),
        repeated(),
        latin1("header-latin1", b"caf\xe9"),
        latin1("header-utf8", "caf\u{e9}".as_bytes()),
        header_bytes(),
        close_announced(),
        gzip(),
    ];
    table.chain(others).collect()
}

const CHUNKED_HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn raw(text: &str) -> Reply {
    Reply::raw(text)
}

fn without_body(status: u16) -> Reply {
    Reply::status(status, &[], b"hello").without_last(5)
}

fn with_header(value: &str) -> Reply {
    Reply::status(200, &[("X-A", value)], b"ok")
}

fn with_rest() -> Reply {
    Reply::ok(b"ok").write("HTTP/1.1 500 X\r\n\r\n").close()
}

fn no_reason() -> Reply {
    raw("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok")
}

fn http_1_0() -> Reply {
    raw("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok").close()
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

fn two_locations() -> Reply {
    Reply::status(302, &[("Location", "/one"), ("Location", "/two")], b"moved")
}

fn many_headers() -> Reply {
    let lines: Vec<String> = (0..10_000).map(|number| format!("X-{number}: 1\r\n")).collect();
    Reply::raw(format!("HTTP/1.1 200 OK\r\n{}Content-Length: 2\r\n\r\nok", lines.concat()))
}

fn chunked_and_length() -> Reply {
    Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        .close()
}

/// Where `localhost` has two addresses, the server listens on the second one only.
fn second_address() -> Check {
    Check::new("second-address", 5, "the answer, sent once", |probe| {
        Box::pin(async move {
            let route = probe.route([Reply::ok(b"ok")]);
            let told = probe.send(get(&route.url().replace("127.0.0.1", "localhost"))).await;
            told.answer(200, b"ok")?;
            told.agrees_with(&route.requests())
        })
    })
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

/// Any byte but the two that end a line.
fn header_bytes() -> Check {
    Check::new("header-bytes", 22, "each byte as sent, or an error", |probe| {
        Box::pin(async move {
            for byte in (0..=u8::MAX).filter(|byte| !b"\r\n".contains(byte)) {
                let value = [b'<', byte, b'>'];
                let head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name: ".as_slice();
                let reply = Reply::raw([head, &value, b"\r\n\r\nok"].concat()).close();
                let told = probe.send(get(probe.route([reply]).url())).await;
                match told.error() {
                    Some(error) if error.kind() == Kind::Bug => return Err(told.summary()),
                    Some(_) => {}
                    None => expect_value(&told.answer(200, b"ok")?.headers, "x-name", &value)?,
                }
            }
            Ok(())
        })
    })
}

fn close_announced() -> Check {
    Check::new("close-announced", None, "the next request goes by a new connection", |probe| {
        Box::pin(async move {
            let closing = Reply::status(200, &[("Connection", "close")], b"ok");
            let route = probe.route([closing, Reply::ok(b"own")]);
            probe.send(get(route.url())).await.answer(200, b"ok")?;
            probe.send(get(route.url())).await.answer(200, b"own")?;
            match route.requests().as_slice() {
                [one, two] if one.connection != two.connection => Ok(()),
                seen => Err(format!("came as {seen:?}")),
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
