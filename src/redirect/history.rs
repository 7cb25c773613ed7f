//! Which answers led to the last one.

use std::fmt;

use http::{Response, StatusCode, Uri};

use crate::base::Origin;
use crate::base::redact::{ShownUrl, Whose};

/// The redirects that were followed, as an extension of the response that came of them.
///
/// # Examples
///
/// ```
/// use http_hook::redirect::History;
///
/// let response = http::Response::new(());
/// assert!(History::of(&response).is_none(), "nothing was followed");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct History {
    hops: Vec<Visit>,
    url: Uri,
}

/// Without path and query of the URL.
impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("hops", &self.hops)
            .field("url", &ShownUrl::new(&self.url, Whose::Hidden))
            .finish()
    }
}

/// One redirect that was followed: no path, no query, no header, for they may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Visit {
    /// The status that led on.
    status: StatusCode,
    /// The origin that answered with it.
    origin: Origin,
}

impl Visit {
    pub(super) const fn new(status: StatusCode, origin: Origin) -> Self {
        Self { status, origin }
    }
}

impl History {
    pub(super) const fn new(hops: Vec<Visit>, url: Uri) -> Self {
        Self { hops, url }
    }

    /// Returns the history of a response, `None` if it is the answer to the first request.
    #[must_use]
    pub fn of<B>(response: &Response<B>) -> Option<&Self> {
        response.extensions().get()
    }

    /// Lists the redirects, the first one first: the status that led on, and the origin that answered with it.
    pub fn hops(&self) -> impl ExactSizeIterator<Item = (StatusCode, &Origin)> {
        self.hops.iter().map(|hop| (hop.status, &hop.origin))
    }

    /// Returns the URL that the response came from. Its query may hold secrets.
    #[must_use]
    pub const fn url(&self) -> &Uri {
        &self.url
    }
}
