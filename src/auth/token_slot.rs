//! One token for many calls: who fetches it, who waits, as plain data driven by `now`.
//!
//! ```text
//!          next: Fetch                store
//! Empty ─────────────────▶ Fetching ─────────▶ Ready ──next: Use──▶
//!   ▲                       │    ▲               │
//!   └────── release ────────┘    └─ next: Fetch ─┘ (expired, or refused)
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;

use super::oauth2::OAuth2;
use super::token::Token;
use crate::base::{Origin, Quiet, Secret, Timestamp, keyed_digest};
use crate::options::Verify;

/// The one place where the calls of a hook keep their token.
///
/// A flight is a lease: when its caller vanishes, the next one to ask after `until` takes over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum TokenSlot {
    /// There is no token, and nobody fetches one.
    #[default]
    Empty,
    /// Somebody fetches one.
    Fetching {
        /// When the flight counts as lost.
        until: Timestamp,
        /// Which flight it is: only its own caller may end it.
        flight: u64,
        /// The token before, for its refresh token.
        last: Option<Token>,
    },
    /// There is one.
    Ready {
        /// The token.
        token: Token,
        /// The last flight's number.
        flight: u64,
    },
}

/// What a call that needs a token does now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenStep {
    /// Use this one.
    Use(Token),
    /// Fetch one, then [store](TokenSlot::store) it or [release](TokenSlot::release) the flight.
    Fetch {
        /// The number of the flight.
        flight: u64,
        /// The token before, for [`OAuth2::request`](super::OAuth2::request).
        last: Option<Token>,
    },
    /// Somebody else fetches one: ask again after this time.
    Wait(Duration),
}

impl TokenSlot {
    /// Tells a call what to do.
    ///
    /// `lease` is the time a flight may take at most, `poll` the time after which the others ask again, and `skew`
    /// the time before its end at which a token counts as expired.
    pub(super) fn next(
        &mut self,
        skew: Duration,
        lease: Duration,
        poll: Duration,
        now: Timestamp,
    ) -> TokenStep {
        let (last, number) = match self {
            Self::Ready { token, .. } if token.is_fresh(skew, now) => {
                return TokenStep::Use(token.clone());
            }
            Self::Fetching { until, .. } if now < *until => {
                return TokenStep::Wait(until.since(now).min(poll));
            }
            Self::Empty => (None, 0),
            Self::Ready { token, flight } => (Some(token.clone()), *flight),
            Self::Fetching { last, flight, .. } => (last.clone(), *flight),
        };
        let flight = number.wrapping_add(1);
        *self = Self::Fetching { until: now.after(lease), flight, last: last.clone() };
        TokenStep::Fetch { flight, last }
    }

    /// The token that there is, or was.
    pub(super) const fn last(&self) -> Option<&Token> {
        match self {
            Self::Empty => None,
            Self::Fetching { last, .. } => last.as_ref(),
            Self::Ready { token, .. } => Some(token),
        }
    }

    /// Whether the next call to ask would have to fetch.
    pub(super) fn lacks(&self, skew: Duration, now: Timestamp) -> bool {
        match self {
            Self::Empty => true,
            Self::Ready { token, .. } => !token.is_fresh(skew, now),
            Self::Fetching { until, .. } => now >= *until,
        }
    }

    /// Takes what was kept elsewhere, if it is of use: a token that is fresh and is not the one that was refused or has ended,
    /// else its refresh token, if it is newer than what is known.
    pub(super) fn offer(&mut self, kept: Token, skew: Duration, now: Timestamp) {
        if !self.lacks(skew, now) {
            return;
        }
        let last = self.last();
        let flight = match &*self {
            Self::Empty => 0,
            Self::Ready { flight, .. } | Self::Fetching { flight, .. } => *flight,
        };
        let is_last = last.is_some_and(|last| last.access() == kept.access());
        if kept.is_fresh(skew, now) && !is_last {
            *self = Self::Ready { token: kept, flight };
        } else if kept.refresh().is_some()
            && last.is_none_or(|last| kept.expires() > last.expires())
        {
            *self = Self::Fetching { until: Timestamp::default(), flight, last: Some(kept) };
        }
    }

    /// Takes the token of a flight. One that comes after its lease is welcome unless a newer one is there.
    pub(super) fn store(&mut self, flight: u64, token: Token) {
        let newer = matches!(self, Self::Ready { flight: own, .. } if *own > flight);
        if !newer {
            *self = Self::Ready { token, flight };
        }
    }

    /// Ends a flight that failed, so that the next call may try.
    pub(super) fn release(&mut self, flight: u64) {
        if let Self::Fetching { flight: own, until, .. } = self {
            if *own == flight {
                *until = Timestamp::default();
            }
        }
    }

    /// Tells that a server refused this token: it is not used again. Another one, fetched meanwhile, stays.
    pub(super) fn refuse(&mut self, used: &Token) {
        if let Self::Ready { token, flight } = self {
            if token == used {
                let last = Some(token.clone());
                *self = Self::Fetching { until: Timestamp::default(), flight: *flight, last };
            }
        }
    }
}

/// Where a token belongs, as [`TokenCache`] has it: a text in JSON, so that its parts cannot run together.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TokenKey(String);

impl TokenKey {
    /// Makes the key; `None` where a further field of the token request might be a secret that another call does not have:
    /// such tokens stay with the hook.
    pub(super) fn of(
        id: &str,
        origin: &Origin,
        endpoint: &Uri,
        verify: &Verify,
        own: &OAuth2,
    ) -> Option<Self> {
        let (grant, first) = match &own.refresh_token {
            None => ("client_credentials", None),
            Some(token) => ("refresh_token", Some(token.expose())),
        };
        let mut fields = Vec::new();
        for (name, value) in &own.fields {
            if !["audience", "resource"].contains(&name.as_str()) {
                return None;
            }
            fields.push((name.as_str(), value.expose()));
        }
        let scope = own.scope.as_deref();
        // What came from an endpoint that nobody verified, or another authority stands for, is not for those who would not
        // have asked it.
        let verified = match verify {
            Verify::System => ("system", None),
            Verify::File(path) => ("file", Some(path)),
            Verify::Off => ("off", None),
        };
        let place = if own.secret_in_form { "body" } else { "basic" };
        let (origin, endpoint, client) = (origin.to_string(), endpoint.to_string(), &own.client_id);
        let secrets = (own.client_secret.as_ref().map(Secret::expose), first);
        let shown = serde_json::to_string(&secrets).ok()?;
        let purpose = ("http-hook token", &endpoint, client, grant);
        let shown = keyed_digest(&serde_json::to_string(&purpose).ok()?, &shown);
        let typed = own.require_token_type;
        let parts =
            (id, origin, endpoint, verified, grant, client, (shown, place, typed), scope, fields);
        serde_json::to_string(&parts).ok().map(Self)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey")
    }
}

/// Keeps tokens beyond the life of a hook: in a file, a store, another process.
///
/// What is loaded is used until it expires or is refused. One that panics ends the call; it should do without where it can.
///
/// The key tells where a token belongs: the connection and its origin, the token endpoint and how it is verified, the grant, the
/// client, its secret and where it goes, the scope, the audience and the resources, and whether the token has to have a type. Two
/// hooks that differ in any of these never share a token. It holds no secret: of the client's secret and of a refresh token together
/// it has 128 bits of their HMAC-SHA-256, keyed with what they are for.
pub trait TokenCache: Send + Sync + fmt::Debug {
    /// Returns the token kept under `key`.
    fn load(&self, key: &str) -> Option<Token>;

    /// Keeps `token` under `key`, in place of the one before.
    fn store(&self, key: &str, token: &Token);
}

/// The end of one of the caller's may panic.
impl TokenCache for Quiet<Arc<dyn TokenCache>> {
    fn load(&self, key: &str) -> Option<Token> {
        self.get().and_then(|cache| cache.load(key))
    }

    fn store(&self, key: &str, token: &Token) {
        if let Some(cache) = self.get() {
            cache.store(key, token);
        }
    }
}
