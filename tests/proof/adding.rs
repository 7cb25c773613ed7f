//! A scheme of the caller's own, which adds one thing.

use std::sync::Arc;

use http::Request;
use http_hook::auth::{AuthScheme, Authenticate, Challenge, Credentials};
use http_hook::body::Payload;
use http_hook::{Error, Timestamp};

/// Adds it at once, or where it is asked for.
#[derive(Debug)]
struct Adding {
    credentials: Credentials,
    asked: bool,
}

/// A scheme that adds this at once, or as the answer to a challenge if `asked`.
pub(crate) fn adding(credentials: Credentials, asked: bool) -> AuthScheme {
    AuthScheme::Custom(Arc::new(Adding { credentials, asked }))
}

impl Authenticate for Adding {
    fn authorize(&self, _: &Request<Payload>, _: u64, _: Timestamp) -> Result<Credentials, Error> {
        Ok(if self.asked { Credentials::Nothing } else { self.credentials.clone() })
    }

    fn answer(
        &self,
        _: &Request<Payload>,
        _: &[Challenge],
        _: u64,
        _: Timestamp,
    ) -> Result<Option<Credentials>, Error> {
        Ok(self.asked.then(|| self.credentials.clone()))
    }
}
