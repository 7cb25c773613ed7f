//! A point in time, as data: the core never reads a clock.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time, counted from the Unix epoch.
///
/// A driver makes it as *wall time at start plus monotonic time since*, so that a clock that is set while
/// a call waits changes nothing. All arithmetic saturates.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::Timestamp;
///
/// let start = Timestamp::new(Duration::from_secs(100));
/// let later = start.after(Duration::from_secs(5));
/// assert_eq!(later.since(start), Duration::from_secs(5));
/// assert_eq!(start.since(later), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(Duration);

impl Timestamp {
    /// Makes a point in time from the time that has passed since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn new(since_epoch: Duration) -> Self {
        Self(since_epoch)
    }

    /// Returns the time since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// Returns the time since `earlier`, nothing if that is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the point in time that comes `wait` later, or the last there is.
    #[must_use]
    pub const fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }

    /// Returns the point in time that came `wait` earlier, or the first there is.
    #[must_use]
    pub const fn before(self, wait: Duration) -> Self {
        Self(self.0.saturating_sub(wait))
    }

    /// Whether what was good for `life` when it came can be good until this time: else it came by a clock that went wrong. A clock may
    /// go back by a minute.
    pub(crate) fn is_within(self, life: Option<Duration>, now: Self) -> bool {
        const STEP: Duration = Duration::from_secs(60);
        life.is_none_or(|life| self <= now.after(life.saturating_add(STEP)))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} since 1970", self.0)
    }
}
