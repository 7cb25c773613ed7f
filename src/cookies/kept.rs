//! The cookies of a call: none, its own, or those that all calls of the hook share.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderMap;
use http::header::{COOKIE, SET_COOKIE};

use super::Jar;
use crate::base::{Origin, Secret, Timestamp, headers};

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
    /// The values of those that are kept, the caller's own for `home` among them.
    pub(crate) fn values(&self, home: &Origin) -> Vec<Secret> {
        match self {
            Self::None => Vec::new(),
            Self::Call(jar) => jar.values(home),
            Self::Shared(jar) => lock(jar).values(home),
        }
    }

    /// Whether they are kept anywhere.
    #[inline]
    pub(crate) const fn are_kept(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Keeps cookies for one call that brings some of its own, for this origin.
    pub(crate) fn with(&self, origin: &Origin, own: &[(String, Secret)]) -> Self {
        let mut jar = match self {
            Self::None => Jar::default(),
            Self::Call(jar) => Jar::clone(jar),
            Self::Shared(jar) => lock(jar).clone(),
        };
        for (name, value) in own {
            // What a plan holds was tried before.
            let _ = jar.insert(origin, name, value);
        }
        Self::Call(Box::new(jar))
    }

    /// Puts the cookies that belong there on a request that has none of its own, and tells whether there are any.
    ///
    /// Those of a server take what room is left; the caller's own are put on whether there is room for them or not.
    pub(crate) fn put_on(
        &self,
        origin: &Origin,
        path: &str,
        headers: &mut HeaderMap,
        now: Timestamp,
    ) -> bool {
        if headers.contains_key(COOKIE) {
            return false;
        }
        let make = |jar: &Jar| {
            if jar.is_empty() {
                return None;
            }
            let room = headers::room_for(headers, &COOKIE);
            jar.header_within(room.unwrap_or_default(), origin, path, now)
        };
        let value = match self {
            Self::None => return false,
            Self::Call(jar) => make(jar),
            Self::Shared(jar) => make(&lock(jar)),
        };
        let Some(value) = value else { return false };
        headers.insert(COOKIE, value);
        true
    }

    /// Keeps the cookies of a response.
    pub(crate) fn take_from(
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
            Self::Shared(jar) => keep(&mut lock(jar)),
        }
    }
}

/// A thread that panicked with the lock has left a whole jar behind.
fn lock(jar: &Mutex<Jar>) -> MutexGuard<'_, Jar> {
    jar.lock().unwrap_or_else(PoisonError::into_inner)
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
