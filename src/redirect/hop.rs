//! Where a call has been sent on to: the part of its state that redirects change, and that is never stored.

use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, Method, StatusCode};

use super::history::{History, Visit};
use super::rewrite::{self, Rewrite};
use crate::base::{Error, ErrorKind, Origin};
use crate::body::Payload;

/// The request of a call as it was planned.
pub(crate) struct Planned<'a> {
    pub(crate) method: &'a Method,
    pub(crate) origin: &'a Origin,
    pub(crate) target: &'a PathAndQuery,
    pub(crate) payload: &'a Payload,
}

/// What the options say of redirects.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) max_redirects: u32,
    pub(crate) allow_downgrade: bool,
}

/// The next request after a redirect, in terms of the planned one.
pub(crate) struct Hop {
    pub(crate) method: Method,
    pub(crate) origin: Origin,
    pub(crate) target: PathAndQuery,
    pub(crate) keep_body: bool,
    visits: Vec<Visit>,
}

impl Hop {
    /// What a link leads to that was given with an earlier response: a beginning, and no redirect.
    pub(crate) fn to_link(method: &Method, origin: &Origin, target: &PathAndQuery) -> Self {
        Self {
            method: method.clone(),
            origin: origin.clone(),
            target: target.clone(),
            keep_body: true,
            visits: Vec::new(),
        }
    }

    /// Whether a redirect led here.
    pub(crate) fn is_redirected(&self) -> bool {
        !self.visits.is_empty()
    }

    /// Reads the redirect in a response to the `current` request, else to the `planned` one; `None` if it is none.
    ///
    /// # Errors
    ///
    /// Why it must not be followed.
    pub(crate) fn next(
        planned: &Planned<'_>,
        current: Option<&Self>,
        rules: Rules,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Option<Box<Self>>, Error> {
        let method = current.map_or(planned.method, |hop| &hop.method);
        let origin = current.map_or(planned.origin, |hop| &hop.origin);
        let path = current.map_or(planned.target, |hop| &hop.target);
        let had_body = current.is_none_or(|hop| hop.keep_body);
        let body = if had_body { planned.payload } else { &Payload::EMPTY };
        let (Some(rewrite), Some(location)) =
            (rewrite::rewrite(status, method, body), rewrite::location(headers)?)
        else {
            return Ok(None);
        };
        let mut visits = current.map(|hop| hop.visits.clone()).unwrap_or_default();
        let max = rules.max_redirects;
        if u32::try_from(visits.len()).unwrap_or(u32::MAX) >= max {
            return Err(Error::new(
                ErrorKind::TooManyRedirects,
                format!("Exceeded {max} redirects."),
            ));
        }
        let target = rewrite::target(origin, path, location)?;
        if target.downgrades(origin) && !rules.allow_downgrade {
            let message = "location: from https to http, which `allow_downgrade` does not allow";
            return Err(Error::new(ErrorKind::Redirect, message));
        }
        let Rewrite::Follow { method, keep_body } = rewrite else {
            let message = "location: the body was used up and cannot be sent on";
            return Err(Error::new(ErrorKind::Redirect, message));
        };
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
        if !self.is_redirected() {
            return None;
        }
        Some(History::new(self.visits.clone(), self.uri().ok()?))
    }
}
