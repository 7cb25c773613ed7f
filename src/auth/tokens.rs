//! Where the tokens of a scheme come from, and where they are kept.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Uri;

use crate::auth::token::Token;
use crate::auth::token_slot::{TokenCache, TokenKey, TokenSlot, TokenStep};
use crate::base::redact::{ShownUrl, Whose};
use crate::base::{Error, ErrorKind, Origin, Secret, Timestamp, caught};

/// What the calls of a hook share of their token.
pub(super) struct Tokens {
    pub(super) endpoint: Origin,
    pub(super) url: Uri,
    slot: Arc<Mutex<TokenSlot>>,
    cache: Option<(Arc<dyn TokenCache>, TokenKey)>,
}

/// The fetching of a token: the others wait for it. When it vanishes, the next one may try at once.
pub(crate) struct Flight {
    slot: Arc<Mutex<TokenSlot>>,
    number: u64,
    /// The token before.
    pub(super) last: Option<Token>,
}

impl Drop for Flight {
    /// A flight that has landed is another one's by now, or nobody's: releasing it changes nothing.
    fn drop(&mut self) {
        lock(&self.slot).release(self.number);
    }
}

impl Tokens {
    pub(super) fn new(
        endpoint: Origin,
        url: Uri,
        cache: Option<(Arc<dyn TokenCache>, TokenKey)>,
    ) -> Self {
        Self { endpoint, url, slot: Arc::default(), cache }
    }

    /// Those of the same endpoint in another place: there are none yet.
    pub(super) fn elsewhere(&self) -> Self {
        Self::new(self.endpoint.clone(), self.url.clone(), None)
    }

    /// Tells a call what to do. Before anything is fetched the cache is asked, without holding anybody else up.
    ///
    /// # Errors
    ///
    /// The cache panicked.
    pub(super) fn next(
        &self,
        skew: Duration,
        lease: Duration,
        poll: Duration,
        now: Timestamp,
    ) -> Result<TokenStep, Error> {
        if let Some((cache, key)) = &self.cache {
            let lacks = lock(&self.slot).lacks(skew, now);
            let load = || caught(|| cache.load(key.as_str())).ok_or_else(panicked);
            if let Some(kept) = lacks.then(load).transpose()?.flatten() {
                lock(&self.slot).offer(kept, skew, now);
            }
        }
        Ok(lock(&self.slot).next(skew, lease, poll, now))
    }

    pub(super) fn flight(&self, number: u64, last: Option<Token>) -> Flight {
        Flight { slot: Arc::clone(&self.slot), number, last }
    }

    /// Keeps what a flight brought.
    ///
    /// # Errors
    ///
    /// The cache panicked. The calls of the hook have the token nevertheless.
    pub(super) fn keep(&self, flight: &Flight, token: &Token) -> Result<(), Error> {
        lock(&self.slot).store(flight.number, token.clone());
        let Some((cache, key)) = &self.cache else { return Ok(()) };
        caught(|| cache.store(key.as_str(), token)).ok_or_else(panicked)
    }

    /// The texts of the token that there is, or was.
    pub(super) fn at_hand(&self) -> Vec<Secret> {
        let slot = lock(&self.slot);
        let token = slot.last();
        let texts = token.map(|token| [Some(token.access()), token.refresh()]);
        texts.into_iter().flatten().flatten().cloned().collect()
    }

    pub(super) fn refuse(&self, token: &Token) {
        lock(&self.slot).refuse(token);
    }

    /// The endpoint as it may be shown.
    pub(super) fn shown(&self) -> ShownUrl<'_> {
        ShownUrl::new(&self.url, Whose::Hidden)
    }

    /// An error of the token endpoint, with the endpoint: nothing else of a failed call would name it.
    pub(super) fn at_endpoint(&self, error: &Error) -> Error {
        Error::new(error.kind(), format!("{error}, at {}", self.shown()))
    }
}

#[cold]
fn panicked() -> Error {
    Error::new(ErrorKind::Auth, "auth: code of the token cache panicked")
}

fn lock(slot: &Mutex<TokenSlot>) -> MutexGuard<'_, TokenSlot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
