//! Bodies without their content coding: in a coded one nothing could be looked for.

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::cassette::Told;
use crate::redact::HIDDEN;

/// Undoes the coding of a body that was told, at most up to `limit` bytes; one that cannot be undone is not written.
pub(crate) fn undo(told: &mut Told, headers: &HeaderMap, limit: u64) {
    let is_coding = |name: &&[u8]| !matches!(name.trim_ascii(), b"" | b"identity");
    let mut lines = headers.get_all(CONTENT_ENCODING).iter();
    let coded =
        lines.any(|line| line.as_bytes().split(|byte| *byte == b',').any(|one| is_coding(&one)));
    let body = told.body.bytes().filter(|body| coded && !body.is_empty());
    let Some(body) = body else { return };
    let plain = decoded(headers, body, limit).unwrap_or_else(|| HIDDEN.into());
    told.headers.retain(|(name, _)| name.as_str() != CONTENT_ENCODING);
    told.change_body(Some(plain));
}

#[cfg(feature = "decode")]
fn decoded(headers: &HeaderMap, body: bytes::Bytes, limit: u64) -> Option<Vec<u8>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    // One coding that is not known leaves all of them.
    let decoded = http_hook::response::decode::decode(headers, body, limit).ok()?;
    decoded.map(Vec::from)
}

#[cfg(not(feature = "decode"))]
fn decoded(_: &HeaderMap, _: bytes::Bytes, _: u64) -> Option<Vec<u8>> {
    None
}
