//! A clock that goes only when told to.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http_hook::transport::Clock;
use http_hook::{Timestamp, blocking};

/// Where a new clock stands: 2030-01-01T00:00:00Z, a whole second, so that HTTP dates are exact.
const START: Duration = Duration::from_secs(1_893_456_000);

/// A clock that goes only when told to: a sleep ends at once and moves the time on instead.
///
/// Clones are the same clock. Every sleep is noted. The time can be [set](VirtualClock::set) forth and back, as an
/// administrator or a suspended laptop does, and sleeps can be [stretched](VirtualClock::stretch), as a busy
/// machine does.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::blocking::Clock;
/// use http_hook_mock::VirtualClock;
///
/// let clock = VirtualClock::new();
/// let start = clock.now();
/// clock.sleep(Duration::from_secs(3_600));
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().since(start), Duration::from_secs(3_660));
/// assert_eq!(clock.sleeps(), [Duration::from_secs(3_600)]);
/// ```
#[derive(Clone)]
pub struct VirtualClock(Arc<Mutex<State>>);

struct State {
    now: Timestamp,
    sleeps: Vec<Duration>,
    percent: u32,
}

impl VirtualClock {
    /// Makes a clock that stands at 2030-01-01T00:00:00Z.
    #[must_use]
    pub fn new() -> Self {
        Self::at(Timestamp::new(START))
    }

    /// Makes a clock that stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(State { now, sleeps: Vec::new(), percent: 100 })))
    }

    /// Moves the time on, as work does that takes time.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state();
        state.now = state.now.after(by);
    }

    /// Sets the time, forth or back.
    pub fn set(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// Makes each later sleep last `percent` of what was asked: 100 is exact, less wakes too early, more too late.
    ///
    /// At 0 time stands still in a sleep: code that waits *until* a time would then never end.
    pub fn stretch(&self, percent: u32) {
        self.state().percent = percent;
    }

    /// Gives every sleep so far as it was asked for, in order.
    #[must_use]
    pub fn sleeps(&self) -> Vec<Duration> {
        self.state().sleeps.clone()
    }

    fn read(&self) -> Timestamp {
        self.state().now
    }

    fn pass(&self, wait: Duration) {
        let mut state = self.state();
        let stretched = wait.checked_mul(state.percent).map_or(Duration::MAX, |all| all / 100);
        state.sleeps.push(wait);
        state.now = state.now.after(stretched);
    }

    /// A test that panicked elsewhere has not harmed the time.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.read()
    }

    async fn sleep(&self, wait: Duration) {
        self.pass(wait);
    }
}

impl blocking::Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.read()
    }

    fn sleep(&self, wait: Duration) {
        self.pass(wait);
    }
}

impl fmt::Debug for VirtualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("VirtualClock")
            .field("now", &state.now)
            .field("sleeps", &state.sleeps)
            .finish_non_exhaustive()
    }
}
