//! Bodies without their codings.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::{HeaderMap, HeaderValue};

use super::{decode, gzip};
use crate::base::{Sent, TransportErrorKind as Kind};

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
        let decoded =
            decoded.map(|(body, whole)| (String::from_utf8(body.to_vec()).unwrap(), whole));
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
            let decoded = decoded.map(|(body, _)| body.len()).map_err(|error| error.kind());
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
            if let Ok((decoded, _)) = decode(&headers, body.into(), 1000) {
                assert!(decoded.len() <= 1000);
            }
        }
    }
}
