//! How much the server's wishes count.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use crate::base::Timestamp;
use crate::response::hints;
use crate::retry::outcome::RetryOutcome;
use crate::retry::seconds::{self, Seconds};
use crate::retry::{status, words};

/// What of the server's wishes counts, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hints {
    /// Whether `Retry-After` and its [kin](hints::after) count. True.
    pub retry_after: bool,
    /// Whether [`RateLimit`, `RateLimit-Reset` and their kin](hints::rate_limit) count where there is no `Retry-After`. True.
    pub rate_limit: bool,
    /// The statuses with which they count, beside every 4xx and 5xx that says that nothing remains of a quota. 413, 429
    /// and 503.
    #[serde(with = "status")]
    pub statuses: Vec<RangeInclusive<u16>>,
    /// The longest wait that is granted, in seconds. 60 s.
    #[serde(with = "seconds::duration")]
    pub cap: Duration,
    /// Whether a call of which a longer wait is asked, longer than the policy's own, too, ends as
    /// [`HintTooLong`](crate::StopReason::HintTooLong), so that it never comes back earlier than it was asked to. True; in JSON
    /// `"over_cap": "give_up"`. With false, `"cap"`, it waits as long as the cap, less up to the jitter, and comes back too early.
    /// It counts under [`AtLeast`](HintMode::AtLeast) and [`Replace`](HintMode::Replace): [`Within`](HintMode::Within) clips the
    /// hint by itself.
    #[serde(rename = "over_cap", with = "words::over_cap", skip_serializing_if = "words::is_yes")]
    pub give_up_over_cap: bool,
    /// How much longer the wait may get by chance, so that not all clients return together. 0.1 of it.
    pub jitter: f64,
    /// How the hint and the policy's own wait go together.
    pub mode: HintMode,
}

/// How the server's hint and the policy's own wait go together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum HintMode {
    /// The longer of the two.
    #[default]
    AtLeast,
    /// The hint alone.
    Replace,
    /// The hint, but not under the own wait, and over it by no more than this, whatever the cap: AWS 2.1 with 5 s.
    Within {
        /// How much longer than the own wait it may get.
        seconds: Seconds,
    },
}

impl Default for Hints {
    fn default() -> Self {
        Self {
            retry_after: true,
            rate_limit: true,
            statuses: [413, 429, 503].map(|status| status..=status).to_vec(),
            cap: Duration::from_secs(60),
            give_up_over_cap: true,
            jitter: 0.1,
            mode: HintMode::AtLeast,
        }
    }
}

impl Hints {
    /// Heeds no hint at all.
    #[must_use]
    pub fn none() -> Self {
        Self { retry_after: false, rate_limit: false, ..Self::default() }
    }

    /// Returns the wait that the server asks for, as it is.
    #[must_use]
    pub fn read(&self, outcome: &dyn RetryOutcome, now: Timestamp) -> Option<Duration> {
        let (status, headers) = (outcome.status()?, outcome.headers()?);
        if !(self.counts(status) || self.rate_limit && is_used_up(outcome)) {
            return None;
        }
        let after = self.retry_after.then(|| hints::after(headers, now)).flatten();
        after.or_else(|| self.rate_limit.then(|| hints::rate_limit(headers, now)).flatten())
    }

    fn counts(&self, status: StatusCode) -> bool {
        self.statuses.iter().any(|range| range.contains(&status.as_u16()))
    }

    /// Returns the wait that is made of a hint and the policy's own wait; none if the hint ends the call.
    pub(super) fn weigh(
        &self,
        hint: Duration,
        own: Duration,
        draw: &mut dyn FnMut() -> f64,
    ) -> Option<Duration> {
        let ends = self.give_up_over_cap && self.is_over(hint);
        match self.mode {
            HintMode::AtLeast if ends => (own >= hint).then_some(own),
            HintMode::Replace if ends => None,
            HintMode::AtLeast => Some(own.max(self.granted(hint, draw))),
            HintMode::Replace => Some(self.granted(hint, draw)),
            HintMode::Within { seconds } => {
                Some(own.max(hint.min(own.saturating_add(seconds.to_duration()))))
            }
        }
    }

    /// Whether a wait is what comes of this hint, and not the longer one of the policy.
    pub(crate) fn cover(&self, hint: Duration, wait: Duration) -> bool {
        let spread = Seconds::new(hint.as_secs_f64() * self.jitter).to_duration();
        wait <= hint.saturating_add(spread)
    }

    /// Whether more is asked than is granted. Nothing grants what is too large to count.
    fn is_over(&self, hint: Duration) -> bool {
        hint > self.cap || hint >= hints::UNCOUNTABLE
    }

    /// Adds the jitter, within the cap. A hint over the cap is not kept anyway: there the jitter lies under the
    /// cap, so that clients told to stay away for an hour do not come back together after a minute.
    fn granted(&self, hint: Duration, draw: &mut dyn FnMut() -> f64) -> Duration {
        let wait = hint.min(self.cap);
        let spread = Seconds::new(wait.as_secs_f64() * self.jitter * draw()).to_duration();
        if self.is_over(hint) {
            self.cap.saturating_sub(spread)
        } else {
            wait.saturating_add(spread).min(self.cap)
        }
    }
}

/// Returns the wait that a response asks of one who comes again in any case, whatever its status: `Retry-After`, else the rate limit
/// where the status is one of the [usual](Hints::statuses) or nothing remains of a quota.
pub(crate) fn until_next(
    status: Option<StatusCode>,
    headers: &HeaderMap,
    now: Timestamp,
) -> Option<Duration> {
    hints::after(headers, now).or_else(|| {
        let counts = status.is_some_and(|status| Hints::default().counts(status));
        let limits = counts || hints::is_used_up(headers);
        limits.then(|| hints::rate_limit(headers, now)).flatten()
    })
}

/// Whether the answer is an error of the server or the client, and says that nothing remains of a quota.
pub(super) fn is_used_up(outcome: &dyn RetryOutcome) -> bool {
    let is_error = |status: StatusCode| status.is_client_error() || status.is_server_error();
    outcome.status().is_some_and(is_error) && outcome.headers().is_some_and(hints::is_used_up)
}
