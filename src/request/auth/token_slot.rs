//! One token for many calls: who fetches it, who waits, as plain data driven by `now`.
//!
//! ```text
//!          next: Fetch                store
//! Empty ─────────────────▶ Fetching ─────────▶ Ready ──next: Use──▶
//!   ▲                       │    ▲               │
//!   └────── release ────────┘    └─ next: Fetch ─┘ (expired, or refused)
//! ```

use std::fmt;
use std::time::Duration;

use super::oauth2::Token;
use crate::time::Timestamp;

/// The one place where the calls of a hook keep their token.
///
/// A flight is a lease: when its caller vanishes, the next one to ask after `until` takes over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TokenSlot {
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
pub enum TokenStep {
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
    pub fn next(
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

    /// Takes the token of a flight. One that comes after its lease is welcome unless a newer one is there.
    pub fn store(&mut self, flight: u64, token: Token) {
        let newer = matches!(self, Self::Ready { flight: own, .. } if *own > flight);
        if !newer {
            *self = Self::Ready { token, flight };
        }
    }

    /// Ends a flight that failed, so that the next call may try.
    pub fn release(&mut self, flight: u64) {
        if let Self::Fetching { flight: own, until, .. } = self {
            if *own == flight {
                *until = Timestamp::default();
            }
        }
    }

    /// Tells that a server refused this token: it is not used again. Another one, fetched meanwhile, stays.
    pub fn refuse(&mut self, used: &Token) {
        if let Self::Ready { token, flight } = self {
            if token == used {
                let last = Some(token.clone());
                *self = Self::Fetching { until: Timestamp::default(), flight: *flight, last };
            }
        }
    }
}

/// Keeps tokens beyond the life of a hook: in a file, a store, another process.
///
/// `key` names connection and scope and holds no secret. What is loaded is used until it expires or is refused.
pub trait TokenCache: Send + Sync + fmt::Debug {
    /// Gives the token kept under `key`.
    fn load(&self, key: &str) -> Option<Token>;

    /// Keeps `token` under `key`, in place of the one before.
    fn store(&self, key: &str, token: &Token);
}
