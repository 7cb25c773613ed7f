//! Bodies without their codings, as text, and as problems.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::{HeaderMap, HeaderValue};
use http_hook::response::ProblemDetails;
use http_hook::response::decode::decode;
use http_hook::response::text::{charset, text};
use http_hook::{Sent, TransportErrorKind as Kind};

fn bytes(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).unwrap()
}

fn with(name: &'static str, values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

const GZIP: &str = "H4sIAAAAAAACA6vKLChITVEoSa0oAQC1v+6XCwAAAA==";
const ZLIB: &str = "eJyryiwoSE1RKEmtKAEAGvEEcg==";
const RAW: &str = "q8osKEhNUShJrSgBAA==";
const BROTLI: &str = "CwWAemlwcGVkIHRleHQD";
const ZSTD: &str = "KLUv/QRYWQAAemlwcGVkIHRleHQspL3q";

#[test]
fn codings_are_undone() {
    let text = "zipped text";
    let garbage = [bytes(GZIP), b"\0\0garbage".to_vec()].concat();
    let brotli_in_gzip = gzip(&bytes(BROTLI));
    #[expect(clippy::type_complexity, reason = "a table")]
    #[rustfmt::skip]
    let rows: [(&str, &[&str], Vec<u8>, Result<(&str, bool), Kind>); 27] = [
        // why                          Content-Encoding            body                                    text and whether it is whole, or the error
        ("none",                        &[],                        b"as it is".to_vec(),                   Ok(("as it is", true))),
        ("identity",                    &["identity"],              b"as it is".to_vec(),                   Ok(("as it is", true))),
        ("unknown",                     &["sdch"],                  b"as it is".to_vec(),                   Ok(("as it is", true))),
        ("one of them unknown",         &["gzip, sdch"],            b"as it is".to_vec(),                   Ok(("as it is", true))),
        ("recorded: gzip",              &["gzip"],                  bytes(GZIP),                            Ok((text, true))),
        ("an older name",               &["X-GZip"],                bytes(GZIP),                            Ok((text, true))),
        ("recorded: zlib",              &["deflate"],               bytes(ZLIB),                            Ok((text, true))),
        ("recorded: raw",               &["deflate"],               bytes(RAW),                             Ok((text, true))),
        ("brotli",                      &["br"],                    bytes(BROTLI),                          Ok((text, true))),
        ("zstd",                        &["zstd"],                  bytes(ZSTD),                            Ok((text, true))),
        ("two members",                 &["gzip"],                  bytes("H4sIAAAAAAACA6vKLAAARpUdQgMAAAAfiwgAAAAAAAIDK0hNUShJrSgBACg3l1gIAAAA"), Ok((text, true))),
        ("something behind the last",   &["gzip"],                  garbage,                                Ok((text, true))),
        ("one over the other",          &["gzip, gzip"],            gzip(&bytes(GZIP)),                     Ok((text, true))),
        ("over two lines",              &["br", "gzip"],            brotli_in_gzip,                         Ok((text, true))),
        ("five of them",                &["gzip,gzip,gzip,gzip,gzip"], gzip(&gzip(&gzip(&gzip(&bytes(GZIP))))), Ok((text, true))),
        ("six of them",                 &["gzip,gzip,gzip,gzip,gzip,gzip"], bytes(GZIP),                    Err(Kind::Limit)),
        ("empty",                       &["gzip"],                  Vec::new(),                             Ok(("", true))),
        ("recorded: no end",            &["gzip"],                  bytes("H4sIAAAAAAACA6vKLChITVEoSa0oAQC1vw=="), Ok((text, false))),
        ("zstd breaks off",             &["zstd"],                  bytes(ZSTD)[..8].to_vec(),              Err(Kind::Body)),
        ("recorded: not gzip",          &["gzip"],                  b"not zipped".to_vec(),                 Err(Kind::Body)),
        ("not deflate",                 &["deflate"],               b"not zipped".to_vec(),                 Err(Kind::Body)),
        ("not brotli",                  &["br"],                    b"\xffnot zipped".to_vec(),             Err(Kind::Body)),
        ("not zstd",                    &["zstd"],                  b"not zipped".to_vec(),                 Err(Kind::Body)),
        ("another coding",              &["br"],                    bytes(GZIP),                            Err(Kind::Body)),
        ("a wrong checksum",            &["gzip"],                  bytes("H4sIAAAAAAACA6vKLChITVEoSa0oAQC1v+6YCwAAAA=="), Err(Kind::Body)),
        ("a wrong outer layer",         &["gzip, br"],              bytes(GZIP),                            Err(Kind::Body)),
        ("a wrong inner layer",         &["br, gzip"],              gzip(b"\xffnot brotli"),                Err(Kind::Body)),
    ];
    for (why, names, body, expected) in rows {
        let decoded = decode(&with("content-encoding", names), Bytes::from(body), 1000);
        let decoded = decoded
            .map(|decoded| (String::from_utf8(decoded.bytes.to_vec()).unwrap(), decoded.complete));
        let decoded = decoded.map_err(|error| {
            assert_eq!(error.sent(), Sent::Yes);
            error.kind()
        });
        assert_eq!(decoded, expected.map(|(text, whole)| (text.to_owned(), whole)), "{why}");
    }
}

#[test]
fn a_bomb_stops_at_its_limit() {
    let zeros = vec![0; 1 << 20];
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::best());
    let mut large = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..32 {
        zlib.write_all(&zeros).unwrap();
        raw.write_all(&zeros).unwrap();
        large.write_all(&zeros).unwrap();
    }
    let (zlib, raw, large) =
        (zlib.finish().unwrap(), raw.finish().unwrap(), large.finish().unwrap());
    // 32 MiB of zeros, by Brotli's own tool.
    let brotli = bytes("y///P/gnAOKxQCD3/o///3/wTwDEYRGA7v0f////4J8AiMMCAN37P/7//8E/ARCHBQC6938D");
    let twice = gzip(&large);
    let rows = [
        ("gzip", large),
        ("gzip, gzip", twice),
        ("deflate", zlib),
        ("deflate", raw),
        ("br", brotli),
    ];
    for (names, body) in rows {
        assert!(body.len() < 64 * 1024, "{names}: {} bytes", body.len());
        let headers = with("content-encoding", &[names]);
        for (limit, fits) in [(1000, false), ((32 << 20) - 1, false), (32 << 20, true)] {
            let decoded = decode(&headers, Bytes::from(body.clone()), limit);
            let decoded = decoded.map(|decoded| decoded.bytes.len()).map_err(|error| error.kind());
            let expected = if fits { Ok(32 << 20) } else { Err(Kind::Limit) };
            assert_eq!(decoded, expected, "{names} at {limit}");
        }
    }
}

#[test]
fn any_bytes_are_decoded_or_refused() {
    // No seed is needed: every cut and every flipped bit of a valid body is tried.
    for (name, body) in
        [("gzip", GZIP), ("deflate", ZLIB), ("deflate", RAW), ("br", BROTLI), ("zstd", ZSTD)]
    {
        let headers = with("content-encoding", &[name]);
        let body = bytes(body);
        for end in 0..body.len() {
            let _ = decode(&headers, Bytes::copy_from_slice(&body[..end]), 1000);
        }
        for bit in 0..body.len() * 8 {
            let mut body = body.clone();
            body[bit / 8] ^= 1 << (bit % 8);
            if let Ok(decoded) = decode(&headers, body.into(), 1000) {
                assert!(decoded.bytes.len() <= 1000);
            }
        }
    }
}

#[test]
fn text_has_a_charset() {
    #[expect(clippy::type_complexity, reason = "a table")]
    #[rustfmt::skip]
    let rows: [(&str, Option<&str>, &[u8], Option<&str>, &str); 17] = [
        // why                              Content-Type                            body                        charset                 text
        ("recorded: JSON",                  Some("application/json"),               "é漢".as_bytes(),           Some("utf-8"),          "é漢"),
        ("recorded: named",                 Some("text/plain; charset=utf-8"),      "é漢".as_bytes(),           Some("utf-8"),          "é漢"),
        ("recorded: named, in quotes",      Some("text/html; charset=\"UTF-8\""),   "é漢".as_bytes(),           Some("UTF-8"),          "é漢"),
        ("recorded: a Cyrillic one",        Some("text/plain; charset=windows-1251"), b"\xef\xf0\xe8\xe2\xe5\xf2", Some("windows-1251"), "привет"),
        ("recorded: none, ASCII",           None,                                   b"plain ascii",             None,                   "plain ascii"),
        ("recorded: the order mark stays",  Some("text/plain; charset=utf-8"),      b"\xef\xbb\xbfx",           Some("utf-8"),          "\u{feff}x"),
        ("recorded: empty",                 Some("text/plain"),                     b"",                        Some("ISO-8859-1"),     ""),
        ("text is Latin-1",                 Some("text/plain"),                     b"\xe9\x80",                Some("ISO-8859-1"),     "é\u{80}"),
        ("Latin-1 is not windows-1252",     Some("text/plain; charset=latin1"),     b"\x80",                    Some("latin1"),         "\u{80}"),
        ("ASCII",                           Some("text/plain; charset=us-ascii"),   b"a\xe9",                   Some("us-ascii"),       "a\u{fffd}"),
        ("not UTF-8",                       Some("application/json"),               b"a\xe9",                   Some("utf-8"),          "a\u{fffd}"),
        ("no such charset",                 Some("text/plain; charset=x-none"),     "é".as_bytes(),             Some("x-none"),         "é"),
        ("UTF-16 with its mark",            Some("text/plain; charset=utf-16"),     b"\xfe\xff\x00a",           Some("utf-16"),         "a"),
        ("letter case, blanks",             Some("text/plain;Charset = UTF-8"),     "é".as_bytes(),             Some("UTF-8"),          "é"),
        ("a parameter before it",           Some("text/plain; a=b; charset=utf-8"), "é".as_bytes(),             Some("utf-8"),          "é"),
        ("unknown type, UTF-8",             Some("image/x"),                        "é".as_bytes(),             None,                   "é"),
        ("unknown type, not UTF-8",         Some("image/x"),                        b"\xe9",                    None,                   "é"),
    ];
    for (why, kind, body, named, expected) in rows {
        let headers = with("content-type", kind.as_slice());
        assert_eq!(charset(&headers).as_deref(), named, "{why}");
        assert_eq!(text(&headers, body), expected, "{why}");
    }
}

#[test]
fn problems_are_read() {
    let full = r#"{"type":"https://x.test/p","title":"t","status":403,"detail":"d","instance":"/i","more":[1]}"#;
    let long = format!(r#"{{"title":"{}"}}"#, "t".repeat(64 * 1024));
    let deep = "[".repeat(200);
    #[rustfmt::skip]
    let rows = [
        // why                      Content-Type                                body                        kind, title, status
        ("all members",             "application/problem+json",                 full,                       Some(("https://x.test/p", Some("t"), Some(403)))),
        ("with a charset",          "Application/Problem+JSON; charset=utf-8",  full,                       Some(("https://x.test/p", Some("t"), Some(403)))),
        ("none",                    "application/problem+json",                 "{}",                       Some(("about:blank", None, None))),
        ("members of other kinds",  "application/problem+json",                 r#"{"type":1,"title":{},"status":"403"}"#, Some(("about:blank", None, None))),
        ("no such status",          "application/problem+json",                 r#"{"status":70000}"#,      Some(("about:blank", None, None))),
        ("another type",            "application/json",                         full,                       None),
        ("no object",               "application/problem+json",                 "[]",                       None),
        ("no JSON",                 "application/problem+json",                 "{",                        None),
        ("too deep",                "application/problem+json",                 &deep,                      None),
        ("too long",                "application/problem+json",                 &long,                      None),
    ];
    for (why, kind, body, expected) in rows {
        let problem = ProblemDetails::read(&with("content-type", &[kind]), body.as_bytes());
        let problem = problem.as_ref();
        let got = problem
            .map(|problem| (problem.kind.as_str(), problem.title.as_deref(), problem.status));
        assert_eq!(got, expected, "{why}");
    }
}
