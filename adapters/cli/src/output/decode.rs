//! Undoes content codings as a body streams by, in memory that does not grow.

use std::io::{self, Read};

use brotli_decompressor::Decompressor;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use ruzstd::decoding::StreamingDecoder;

/// The most codings that one body may have.
const MAX_CODINGS: usize = 5;
/// How much is read at once, in bytes.
const PIECE: usize = 64 << 10;

/// What a body has to be read through; `None` if a coding is not known.
pub(crate) fn undone(headers: &HeaderMap, body: Box<dyn Read>) -> (Box<dyn Read>, Option<String>) {
    // What is no text is a coding that nobody knows.
    let values =
        headers.get_all(CONTENT_ENCODING).iter().map(|value| value.to_str().unwrap_or("?"));
    let codings: Vec<_> = values
        .flat_map(|value| value.split(','))
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect();
    let unknown = codings.iter().find(|coding| !is_known(coding));
    if let Some(coding) = unknown {
        return (body, Some(coding.clone()));
    }
    if codings.len() > MAX_CODINGS {
        return (body, Some("more than five codings".to_owned()));
    }
    (codings.iter().rev().fold(body, |body, coding| layer(coding, body)), None)
}

/// Whether there is something to undo.
pub(crate) fn is_coded(headers: &HeaderMap) -> bool {
    let coded = |value: &http::HeaderValue| value.as_bytes() != b"identity";
    headers.get_all(CONTENT_ENCODING).iter().any(coded)
}

fn is_known(coding: &str) -> bool {
    matches!(coding, "gzip" | "x-gzip" | "deflate" | "br" | "zstd")
}

fn layer(coding: &str, body: Box<dyn Read>) -> Box<dyn Read> {
    match coding {
        "br" => Box::new(Decompressor::new(body, PIECE)),
        "zstd" => Box::new(Later::Begin(Some(body), |body| {
            let decoder = StreamingDecoder::new(body).map_err(io::Error::other)?;
            Ok(Box::new(decoder))
        })),
        "deflate" => Box::new(Later::Begin(Some(body), deflate)),
        _ => Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(PIECE, body))),
    }
}

/// Servers send `deflate` with its wrapper, as they should, and without.
fn deflate(body: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
    use std::io::BufRead as _;
    let mut body = io::BufReader::with_capacity(PIECE, body);
    let begin = body.fill_buf()?;
    let wrapped = begin.first().is_some_and(|first| first & 0x0f == 8 && first >> 4 <= 7);
    Ok(if wrapped { Box::new(ZlibDecoder::new(body)) } else { Box::new(DeflateDecoder::new(body)) })
}

type Make = fn(Box<dyn Read>) -> io::Result<Box<dyn Read>>;

/// A decoder that wants to read before it is made: it is made at the first read, and not at all of nothing.
enum Later {
    Begin(Option<Box<dyn Read>>, Make),
    Made(Box<dyn Read>),
}

impl Read for Later {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Self::Begin(body, make) = self {
            let Some(mut body) = body.take() else { return Ok(0) };
            let mut first = [0_u8; 1];
            if body.read(&mut first)? == 0 {
                return Ok(0);
            }
            let made = make(Box::new(io::Cursor::new(first).chain(body)))?;
            *self = Self::Made(made);
        }
        match self {
            Self::Made(made) => made.read(buffer),
            Self::Begin(..) => Ok(0),
        }
    }
}
