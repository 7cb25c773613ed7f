//! What arrived at the mock: one entry of its log.

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, Method, Uri};
use http_hook::Timestamp;
use http_hook::options::SendOptions;

/// A request as the mock got it.
///
/// Its fields hold everything, secrets included. Its `Debug` shows method, origin and path, and of the headers only
/// values that are never secret.
#[derive(Clone)]
#[non_exhaustive]
pub struct Received {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub uri: Uri,
    /// The headers, without what a real client adds (`Host`, `Content-Length`).
    pub headers: HeaderMap,
    /// The body, read to its end.
    pub body: Bytes,
    /// What the transport was told beside the request.
    pub options: SendOptions,
    /// When the request was handed over.
    pub at: Timestamp,
}

impl Received {
    /// Gives the path with the query, as on the request line.
    #[must_use]
    pub fn target(&self) -> &str {
        self.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
    }

    /// Gives the first value of a header as text: nothing if it is absent or not visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Gives the body as text: invalid UTF-8 becomes `�`.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether it was sent with this method to this path; the query counts only if `path` has one.
    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        let target = if path.contains('?') { self.target() } else { self.uri.path() };
        self.method.as_str() == method && target == path
    }
}

/// Without user info, query and secret headers.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HARMLESS: [http::HeaderName; 5] =
            [ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT];
        let query = if self.uri.query().is_some() { "?***" } else { "" };
        write!(f, "{} ", self.method)?;
        if let (Some(scheme), Some(host)) = (self.uri.scheme(), self.uri.host()) {
            write!(f, "{scheme}://{host}")?;
            if let Some(port) = self.uri.port() {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "{}{query} ", self.uri.path())?;
        let shown = self.headers.iter().map(|(name, value)| {
            let shown = HARMLESS.contains(name) && !value.is_sensitive();
            (name.as_str(), if shown { value.to_str().unwrap_or("***") } else { "***" })
        });
        f.debug_map().entries(shown).finish()?;
        write!(f, " {} bytes", self.body.len())
    }
}
