//! The cookies of a call: none, its own, or those that all calls of the hook share.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, Request};

use crate::error::Error;
use crate::request::{Origin, Payload};
use crate::response::cookies::Jar;
use crate::time::Timestamp;

/// Where the cookies of a call are kept.
#[derive(Clone, Default)]
pub(crate) enum Cookies {
    /// Nowhere.
    #[default]
    None,
    /// With the call, from its first request to its last.
    Call(Box<Jar>),
    /// With the hook.
    Shared(Arc<Mutex<Jar>>),
}

impl Cookies {
    /// Puts the cookies that belong there on a request that has none of its own.
    pub(super) fn put_on(
        &self,
        origin: &Origin,
        request: &mut Request<Payload>,
        now: Timestamp,
    ) -> Result<(), Error> {
        if request.headers().contains_key(COOKIE) {
            return Ok(());
        }
        let path = request.uri().path();
        let header = match self {
            Self::None => None,
            Self::Call(jar) => jar.header(origin, path, now)?,
            Self::Shared(jar) => {
                let jar = jar.lock().unwrap_or_else(PoisonError::into_inner);
                jar.header(origin, path, now)?
            }
        };
        if let Some(value) = header {
            request.headers_mut().insert(COOKIE, value);
        }
        Ok(())
    }

    /// Keeps the cookies of an answer.
    pub(super) fn take_from(
        &mut self,
        origin: &Origin,
        path: &str,
        headers: &HeaderMap,
        now: Timestamp,
    ) {
        let keep = |jar: &mut Jar| {
            for value in headers.get_all(SET_COOKIE) {
                jar.set(origin, path, value.as_bytes(), now);
            }
        };
        match self {
            Self::None => {}
            Self::Call(jar) => keep(jar),
            Self::Shared(jar) => keep(&mut jar.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Call(_) => "Call",
            Self::Shared(_) => "Shared",
        })
    }
}
