//! Requests and URLs as they are shown to people: without what may be secret.

use std::fmt;

use http::{Request, Uri};

use super::Payload;

/// A URL without its query.
pub(crate) struct ShownUri<'a>(pub(crate) &'a Uri);

impl fmt::Debug for ShownUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(scheme), Some(authority)) = (self.0.scheme(), self.0.authority()) {
            write!(f, "{scheme}://{authority}")?;
        }
        let query = if self.0.query().is_some() { "?***" } else { "" };
        write!(f, "{}{query}", self.0.path())
    }
}

/// A request without its query, the values of its headers and its body.
pub(crate) struct ShownRequest<'a>(pub(crate) &'a Request<Payload>);

impl fmt::Debug for ShownRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.headers().keys().collect();
        let (method, uri) = (self.0.method(), ShownUri(self.0.uri()));
        write!(f, "{method} {uri:?} {names:?} {:?}", self.0.body())
    }
}
