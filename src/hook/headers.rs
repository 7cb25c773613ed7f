//! The lowest layer of headers.

use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, USER_AGENT};

/// What requests are sent as, unless a layer says otherwise.
pub(super) const USER_AGENT_OF_ALL: &str = concat!("http-hook/", env!("CARGO_PKG_VERSION"));

/// The lowest layer of headers, which says nothing about who is calling. A hook that `decodes` asks for content codings.
pub(super) fn default_headers(decodes: bool) -> HeaderMap {
    let codings = if decodes { "gzip, deflate, br, zstd" } else { "identity" };
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(codings));
    headers.insert(USER_AGENT, HeaderValue::from_static(USER_AGENT_OF_ALL));
    headers
}
