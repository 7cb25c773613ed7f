//! What ureq does by itself where another crate of the program has switched it on, as for these tests: cookies, codings, charsets.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, Request};
use http_hook::TransportError;
use http_hook::blocking::{Body, Transport};
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook_conformance::server::{Reply, serve};
use http_hook_ureq::UreqTransport;

fn gzipped(text: &str) -> Vec<u8> {
    let mut coder = GzEncoder::new(Vec::new(), Compression::default());
    coder.write_all(text.as_bytes()).expect("memory");
    coder.finish().expect("memory")
}

fn get(transport: &UreqTransport, url: &str) -> Result<(HeaderMap, Vec<u8>), TransportError> {
    let request = Request::get(url).body(Body::default()).expect("a request");
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    let (parts, body) = transport.send(request, &options)?.into_parts();
    Ok((parts.headers, body.collect(1 << 20)?.to_vec()))
}

/// Why, and headers and body of an answer.
type Answer<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [u8]);

#[test]
fn no_coding_is_undone_and_no_cookie_kept() {
    let (server, transport) = (serve(), UreqTransport::default());
    let two = [gzipped("pay 100 "), gzipped("to bob")].concat();
    let latin1 = "text/plain; charset=ISO-8859-1";
    #[rustfmt::skip]
    let rows: [Answer<'_>; 6] = [
        ("two members",      &[("Content-Encoding", "gzip")],                                   &two),
        ("garbage",          &[("content-encoding", "gzip")],                                   b"garbage"),
        ("brotli",           &[("CONTENT-ENCODING", "br")],                                     b"garbage"),
        ("a charset",        &[("Content-Type", latin1)],                                       b"caf\xe9"),
        ("cookies",          &[("Set-Cookie", "a=alice; Path=/"), ("set-cookie", "b=alice")],   b"hello"),
        ("all of it",        &[("Set-Cookie", "c=alice"), ("X-A", "1"), ("Content-Type", latin1), ("Content-Encoding", "gzip")], &two),
    ];
    for (why, headers, body) in rows {
        let plain = Reply::status(200, headers, body);
        let early = Reply::raw("HTTP/1.1 103 Early\r\nSet-Cookie: d=alice\r\n\r\n");
        let lines: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let lines = lines.concat();
        let chunks = format!("HTTP/1.1 200 OK\r\n{lines}Transfer-Encoding: chunked\r\n\r\n");
        let size = format!("{:x}\r\n", body.len());
        let chunked = [chunks.as_bytes(), size.as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
        let slow = Reply::silent().drip(chunked.clone(), Duration::from_micros(100));
        let route = server.route([plain, early.write(chunked), slow, Reply::ok(b"next")]);
        for reply in ["plain", "chunked", "slow"] {
            let (own, read) = get(&transport, route.url()).expect(why);
            assert_eq!(read, body, "{why} {reply}");
            for (name, _) in headers {
                let told: Vec<_> =
                    own.get_all(*name).iter().map(http::HeaderValue::as_bytes).collect();
                let sent = headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
                let sent: Vec<_> = sent.map(|(_, value)| value.as_bytes()).collect();
                assert_eq!(told, sent, "{why} {reply} {name}");
            }
        }
        get(&transport, route.url()).expect(why);
        for seen in route.requests() {
            assert_eq!(seen.text("cookie"), None, "{why}");
            assert_eq!(seen.text("accept-encoding"), None, "{why}");
        }
    }
}
