//! The work on a coded body is bounded as its bytes are: by members, frames, blocks and what comes of them.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue};

use super::{decode, gzip};
use crate::base::TransportErrorKind as Kind;

fn headers(coding: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("content-encoding", HeaderValue::from_static(coding));
    headers
}

/// Bits in the order of deflate.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        for bit in 0..count {
            if self.used % 8 == 0 {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().unwrap();
            *last |= u8::try_from(value >> bit & 1).unwrap() << (self.used % 8);
            self.used += 1;
        }
    }
}

/// So many blocks with fixed codes and nothing in them, ten bits each, and a last one.
fn empty_fixed(count: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    for number in 0..=count {
        bits.push(u32::from(number == count), 1);
        bits.push(1, 2);
        bits.push(0, 7);
    }
    bits.bytes
}

/// So many stored blocks with nothing in them, and a last one.
fn empty_stored(count: usize) -> Vec<u8> {
    let mut bytes = b"\x00\x00\x00\xff\xff".repeat(count);
    bytes.extend_from_slice(b"\x01\x00\x00\xff\xff");
    bytes
}

/// A gzip member around a deflate text that comes to nothing.
fn member(deflated: &[u8]) -> Vec<u8> {
    [b"\x1f\x8b\x08\0\0\0\0\0\0\xff", deflated, &[0; 8]].concat()
}

/// A zstd frame of so many blocks with nothing in them.
fn zstd_blocks(count: usize) -> Vec<u8> {
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    for number in 0..=count {
        bytes.extend_from_slice(&[u8::from(number == count), 0, 0]);
    }
    bytes
}

/// So many metadata blocks of Brotli with nothing in them, and the end.
fn brotli_metadata(count: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0, 1); // a window of 64 KiB
    for _ in 0..count {
        bits.push(0, 1); // not the last
        bits.push(3, 2); // no nibbles: metadata
        bits.push(0, 1); // reserved
        bits.push(0, 2); // no length
        bits.push(0, (8 - bits.used % 8) % 8);
    }
    bits.push(3, 2); // the last, and empty
    bits.bytes
}

#[test]
fn what_is_nothing_but_members_and_blocks_is_too_much() {
    #[rustfmt::skip]
    let rows = [
        // why                              coding     body
        ("gzip members",                    "gzip",    member(&[3, 0]).repeat(50_000)),
        ("gzip members, stored",            "gzip",    member(&empty_stored(0)).repeat(50_000)),
        ("gzip, fixed blocks",              "gzip",    member(&empty_fixed(800_000))),
        ("gzip, stored blocks",             "gzip",    member(&empty_stored(200_000))),
        ("raw, fixed blocks",               "deflate", empty_fixed(800_000)),
        ("raw, stored blocks",              "deflate", empty_stored(200_000)),
        ("zlib, fixed blocks",              "deflate", [b"\x78\x9c".to_vec(), empty_fixed(800_000)].concat()),
        ("zstd blocks",                     "zstd",    zstd_blocks(340_000)),
        ("zstd frames",                     "zstd",    zstd_blocks(0).repeat(110_000)),
        ("zstd frames that are skipped",    "zstd",    b"\x50\x2a\x4d\x18\0\0\0\0".repeat(130_000)),
        ("brotli metadata",                 "br",      brotli_metadata(1_000_000)),
        ("behind another coding",           "gzip, gzip", gzip(&member(&[3, 0]).repeat(50_000))),
    ];
    for (why, coding, body) in rows {
        let decoded = decode(&headers(coding), body.into(), 64 << 20);
        assert_eq!(
            decoded.map(|(body, _)| body.len()).map_err(|error| error.kind()),
            Err(Kind::Limit),
            "{why}"
        );
    }
}

#[test]
fn a_few_of_them_do_no_harm() {
    let text = b"a line of text, a line of text\n";
    let members: Vec<u8> = (0..2_000).flat_map(|_| gzip(text)).collect();
    let rows = [
        ("members", "gzip", members, text.len() * 2_000),
        ("empty members", "gzip", member(&[3, 0]).repeat(1_000), 0),
        ("empty blocks", "deflate", empty_fixed(5_000), 0),
        ("zstd blocks", "zstd", zstd_blocks(5_000), 0),
        ("zstd frames", "zstd", zstd_blocks(0).repeat(1_000), 0),
        ("brotli metadata", "br", brotli_metadata(5_000), 0),
    ];
    for (why, coding, body, len) in rows {
        let (decoded, whole) = decode(&headers(coding), body.into(), 64 << 20).expect(why);
        assert_eq!((decoded.len(), whole), (len, true), "{why}");
    }
}

#[test]
fn events_that_are_flushed_one_by_one_are_read() {
    // As servers do that stream lines: two blocks a line.
    let line = |number: u32| {
        format!("{{\"event\":{number},\"kind\":\"created\",\"source\":\"orders\"}}\n")
    };
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut whole = Vec::new();
    for number in 0..100_000 {
        encoder.write_all(line(number).as_bytes()).unwrap();
        encoder.flush().unwrap();
        whole.extend_from_slice(line(number).as_bytes());
    }
    let decoded = decode(&headers("gzip"), encoder.finish().unwrap().into(), 64 << 20);
    assert_eq!(decoded.expect("lines").0, whole);
}

#[test]
fn what_unfolds_beyond_all_measure_is_too_much() {
    let zeros = vec![0; 1 << 20];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..48 {
        encoder.write_all(&zeros).unwrap();
    }
    let once = encoder.finish().unwrap();
    let decoded = decode(&headers("gzip"), once.clone().into(), 64 << 20);
    assert_eq!(decoded.expect("deflate cannot do more than this").0.len(), 48 << 20);
    let twice = decode(&headers("gzip, gzip"), gzip(&once).into(), 64 << 20);
    assert_eq!(twice.map(|_| ()).map_err(|error| error.kind()), Err(Kind::Limit));
    // A window that no limit has room for.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 1, 0, 0];
    let wide = decode(&headers("zstd"), Bytes::copy_from_slice(&frame), 1 << 20);
    assert_eq!(wide.map(|_| ()).map_err(|error| error.kind()), Err(Kind::Limit));
}

#[test]
fn several_frames_are_one_text() {
    // "zipped text", twice, with a frame between that is skipped.
    let frame = b"\x28\xb5\x2f\xfd\x04\x58\x59\0\0zipped text\x2c\xa4\xbd\xea";
    let skipped = b"\x5f\x2a\x4d\x18\x03\0\0\0abc";
    let body = [&frame[..], skipped, frame].concat();
    let (decoded, whole) = decode(&headers("zstd"), body.into(), 100).expect("a text");
    assert_eq!((decoded.as_ref(), whole), (&b"zipped textzipped text"[..], true));
    let cut = [&frame[..], &frame[..9]].concat();
    assert!(decode(&headers("zstd"), cut.into(), 100).is_err(), "the second breaks off");
}
