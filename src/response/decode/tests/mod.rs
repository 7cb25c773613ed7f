//! Codings undone, and how much is done for them at most.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;

use super::Decoding;
use crate::base::TransportError;

mod codings;
mod work;

/// What comes out, and whether the coded text reached its end.
fn decode(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<(Bytes, bool), TransportError> {
    let mut decoding = Decoding::new(headers, body, limit)?;
    loop {
        if let Some(decoded) = decoding.step()? {
            return Ok((decoded.bytes, decoding.complete));
        }
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}
