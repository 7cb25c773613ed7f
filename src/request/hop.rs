//! Where a call has been sent on to: the part of its state that redirects change, and that is never stored.

use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, Method, StatusCode};

use super::build::Ready;
use super::payload::Payload;
use crate::error::{Error, ErrorKind};
use crate::hook::Hook;
use crate::request::Origin;
use crate::response::redirect::{self, Rewrite};
use crate::response::{History, Visit};

/// The next request after a redirect, in terms of the planned one.
pub(crate) struct Hop {
    pub(crate) method: Method,
    pub(crate) origin: Origin,
    pub(crate) target: PathAndQuery,
    pub(crate) keep_body: bool,
    visits: Vec<Visit>,
}

impl Hop {
    /// Reads the redirect in an answer; `None` if it is none, or none is to be followed.
    ///
    /// # Errors
    ///
    /// Why it must not be followed.
    pub(crate) fn next(
        hook: &Hook,
        ready: &Ready,
        current: Option<&Self>,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Option<Box<Self>>, Error> {
        if !ready.in_force.allow_redirects || !status.is_redirection() {
            return Ok(None);
        }
        let method = current.map_or(&ready.method, |hop| &hop.method);
        let origin = current.map_or(hook.origin(), |hop| &hop.origin);
        let path = current.map_or(&ready.target, |hop| &hop.target);
        let had_body = current.is_none_or(|hop| hop.keep_body);
        let body = if had_body { &ready.payload } else { &Payload::EMPTY };
        let (Some(rewrite), Some(location)) =
            (redirect::rewrite(status, method, body), redirect::location(headers)?)
        else {
            return Ok(None);
        };
        let visits = current.map(|hop| hop.visits.clone()).unwrap_or_default();
        let max = ready.in_force.max_redirects;
        if u32::try_from(visits.len()).unwrap_or(u32::MAX) >= max {
            return Err(Error::new(ErrorKind::Redirect, format!("Exceeded {max} redirects.")));
        }
        let target = redirect::target(origin, path, location)?;
        if target.downgrades(origin) && !ready.in_force.allow_downgrade {
            let message = "location: from https to http, which is not allowed";
            return Err(Error::new(ErrorKind::Redirect, message));
        }
        let Rewrite::Follow { method, keep_body } = rewrite else {
            let message = "location: the body was used up and cannot be sent on";
            return Err(Error::new(ErrorKind::Redirect, message));
        };
        let mut visits = visits;
        visits.push(Visit::new(status, origin.clone()));
        Ok(Some(Box::new(Self {
            method,
            origin: target.origin,
            target: target.path,
            keep_body: keep_body && had_body,
            visits,
        })))
    }

    /// The URL of the next request.
    ///
    /// # Errors
    ///
    /// If the parts make no URL.
    pub(crate) fn uri(&self) -> Result<Uri, Error> {
        self.origin.join(self.target.clone())
    }

    /// Tells which redirects led here.
    pub(crate) fn history(&self) -> Option<History> {
        Some(History::new(self.visits.clone(), self.uri().ok()?))
    }
}
