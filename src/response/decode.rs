//! Content codings undone, with a limit on what comes out ([RFC 9110 §8.4]).
//!
//! | coding | rule |
//! | --- | --- |
//! | `gzip`, `x-gzip` | several members in a row; what follows the last is ignored |
//! | `deflate` | zlib, or raw where a server means that |
//! | `br`, `zstd` | as defined |
//! | `identity` | nothing to undo |
//! | any other | the body is left as it is, as recorded |
//!
//! At most five codings may lie over each other. The limit counts the bytes of each layer, so a small body that
//! unfolds into a large one stops there.
//!
//! [RFC 9110 §8.4]: https://www.rfc-editor.org/rfc/rfc9110#section-8.4

use std::io::{ErrorKind as IoKind, Read};

use brotli_decompressor::Decompressor;
use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, Response};
use ruzstd::decoding::StreamingDecoder;

use crate::base::{Sent, TransportError, TransportErrorKind};

/// The most codings over each other.
const MAX_CHAIN: usize = 5;
/// How many bytes are decoded at a time.
const BUFFER: usize = 8192;

/// A body without its codings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decoded {
    /// The bytes.
    pub bytes: Bytes,
    /// Whether anything was undone: then `Content-Encoding` and `Content-Length` speak of another body.
    pub changed: bool,
    /// Whether the coded text reached its end. The original takes a text that breaks off for whole.
    pub complete: bool,
}

#[derive(Clone, Copy)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Undoes the codings that `Content-Encoding` names, the last one first. No layer may have more than `limit` bytes.
///
/// # Errors
///
/// [`TransportErrorKind::Limit`] past the limit or five codings, [`TransportErrorKind::Body`] if the body is not what
/// the header says. The server has seen the request either way.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http::HeaderMap;
/// use http_hook::response::decode::decode;
///
/// let zlib = Bytes::from_static(b"x\x9c\xab\xca,(HMQ(I\xad(\x01\x00\x1a\xf1\x04r");
/// let mut headers = HeaderMap::new();
/// headers.insert("content-encoding", "deflate".parse()?);
/// assert_eq!(decode(&headers, zlib.clone(), 100)?.bytes, "zipped text");
/// assert!(decode(&headers, zlib, 10).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Decoded, TransportError> {
    let codings = codings(headers)?;
    if codings.is_empty() || body.is_empty() {
        return Ok(Decoded { bytes: body, changed: false, complete: true });
    }
    let mut decoded = Decoded { bytes: body, changed: true, complete: true };
    for coding in codings.into_iter().rev() {
        let (bytes, complete) = undo(coding, &decoded.bytes, limit)?;
        decoded.bytes = bytes.into();
        decoded.complete &= complete;
    }
    Ok(decoded)
}

/// Undoes the codings of a whole response, and takes out what speaks of the coded body.
///
/// # Errors
///
/// As [`decode`].
pub(crate) fn decoded(
    response: Response<Bytes>,
    limit: u64,
) -> Result<Response<Bytes>, TransportError> {
    let (mut parts, body) = response.into_parts();
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let decoded = decode(&parts.headers, body, limit)?;
    if decoded.changed {
        parts.headers.remove(CONTENT_ENCODING);
        parts.headers.remove(CONTENT_LENGTH);
    }
    Ok(Response::from_parts(parts, decoded.bytes))
}

/// Reads the names of the codings; none if one of them is unknown.
fn codings(headers: &HeaderMap) -> Result<Vec<Coding>, TransportError> {
    let mut codings = Vec::new();
    let lines = headers.get_all(CONTENT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    for name in lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase())
    {
        let coding = match name.as_str() {
            "" | "identity" => continue,
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstd,
            _ => return Ok(Vec::new()),
        };
        if codings.len() >= MAX_CHAIN {
            return Err(too_large("more than five content codings"));
        }
        codings.push(coding);
    }
    Ok(codings)
}

fn undo(coding: Coding, body: &[u8], limit: usize) -> Result<(Vec<u8>, bool), TransportError> {
    let mut bytes = Vec::new();
    let complete = match coding {
        Coding::Gzip => return members(body, limit),
        Coding::Deflate => match read(ZlibDecoder::new(body), &mut bytes, limit) {
            Err(error) if error.kind() == TransportErrorKind::Body => {
                bytes.clear();
                read(DeflateDecoder::new(body), &mut bytes, limit)
            }
            other => other,
        },
        Coding::Brotli => read(Decompressor::new(body, BUFFER), &mut bytes, limit),
        Coding::Zstd => {
            let decoder = StreamingDecoder::new(body).map_err(|_| not_valid())?;
            read(decoder, &mut bytes, limit)
        }
    };
    complete.map(|complete| (bytes, complete))
}

/// Reads the members of a gzip text; what does not begin like one is the end.
fn members(mut body: &[u8], limit: usize) -> Result<(Vec<u8>, bool), TransportError> {
    let mut bytes = Vec::new();
    loop {
        let mut member = GzDecoder::new(body);
        let complete = read(&mut member, &mut bytes, limit)?;
        body = member.into_inner();
        if !complete || !body.starts_with(b"\x1f\x8b") {
            return Ok((bytes, complete));
        }
    }
}

/// Reads to the end and tells whether there is one: `false` if the coded text breaks off.
fn read(mut decoder: impl Read, bytes: &mut Vec<u8>, limit: usize) -> Result<bool, TransportError> {
    let mut buffer = [0_u8; BUFFER];
    loop {
        match decoder.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(count) => {
                let piece = buffer.get(..count).unwrap_or_default();
                if bytes.len().saturating_add(piece.len()) > limit {
                    return Err(too_large("the decoded body is larger than its limit"));
                }
                bytes.extend_from_slice(piece);
            }
            Err(error) if error.kind() == IoKind::Interrupted => {}
            Err(error) if error.kind() == IoKind::UnexpectedEof => return Ok(false),
            Err(_) => return Err(not_valid()),
        }
    }
}

fn not_valid() -> TransportError {
    let source = "the body is not coded as its Content-Encoding says";
    TransportError::new(TransportErrorKind::Body, Sent::Yes).with_source(source)
}

fn too_large(source: &'static str) -> TransportError {
    TransportError::new(TransportErrorKind::Limit, Sent::Yes).with_source(source)
}
