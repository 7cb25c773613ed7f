//! A link as it is stored: what a server says may repeat what is the connection's.

use http::uri::PathAndQuery;
use serde::{Deserialize, Serialize};

use super::may::{check_path, check_query, not_storable, stored};
use crate::base::{Error, Origin};
use crate::hook::Hook;
use crate::redirect::rewrite;
use crate::request::link::Link;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkForm {
    origin: String,
    target: String,
    /// Whether the target goes behind the path of the base, which is never written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    below: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    secure: bool,
}

impl LinkForm {
    /// Writes a link.
    ///
    /// # Errors
    ///
    /// Kind [`NotStorable`](crate::ErrorKind::NotStorable) if it holds what sounds secret, or repeats what the connection knows.
    pub(super) fn new(hook: &Hook, link: &Link) -> Result<Self, Error> {
        let Link { origin, target, secure } = link;
        let own = (origin == hook.origin()).then(|| hook.base().below(target)).flatten();
        let text = own.unwrap_or(target.as_str());
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        check_path(path)?;
        check_query(query)?;
        if hook.is_told_by(text) {
            return Err(not_storable("a link that repeats what is the connection's"));
        }
        let (below, secure) = (own.is_some(), *secure);
        // As it was written, as it is sent.
        let origin = format!("{}://{}", origin.http_scheme(), origin.authority());
        Ok(Self { origin, target: text.to_owned(), below, secure })
    }

    /// Makes the link anew.
    ///
    /// # Errors
    ///
    /// Kind [`Stored`](crate::ErrorKind::Stored) if it is none.
    pub(super) fn restore(self, hook: &Hook) -> Result<Link, Error> {
        let no_link = || stored("the link is not one");
        let origin: Origin = self.origin.parse().map_err(|_| no_link())?;
        let text = match self.below {
            true if origin == *hook.origin() => hook.base().path_before(&self.target),
            true => return Err(no_link()),
            false => self.target,
        };
        let read = rewrite::target(&origin, &PathAndQuery::from_static("/"), text.as_bytes())?;
        if read.origin != origin || read.path.as_str() != text {
            return Err(no_link());
        }
        Ok(Link { origin, target: read.path, secure: self.secure })
    }
}
