//! The real clock for [`http_hook`], a seed for a call, files as bodies, and for transports limits of time and a thread that waits.
//!
//! ```text
//! SystemTime, once ─┐
//!                   ├─▶ Timestamp = wall time at start + monotonic time since
//! Instant, always ──┘
//! ```
//!
//! The core reads no clock and draws no number: a driver gets both from here.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod deadline;
mod fan_out;
mod file;
#[cfg(feature = "files")]
mod files;
mod limits;
mod outgoing;
mod save;
mod waiting;

use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use http_hook::transport::Clock;
use http_hook::{Timestamp, blocking};

use deadline::Deadline;
pub use fan_out::fan_out;
pub use file::file;
#[cfg(feature = "files")]
pub use files::{BytesStream, async_file, async_save};
pub use limits::{Limited, Limits};
pub use save::save;
pub use waiting::send_blocking;

/// The example of the README is a test, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The longest sleep that is asked for at once: timers add it to an [`Instant`], which must not overflow.
const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// The real clock: wall time when it was made, plus the monotonic time since.
///
/// Setting the machine's clock changes nothing for calls under way. Make one for each run of the program: one that
/// is made anew reads the wall clock anew. Async sleeps need no runtime: one thread wakes them all.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::blocking::Clock;
/// use http_hook_clock::SystemClock;
///
/// let clock = SystemClock::new();
/// let start = clock.now();
/// clock.sleep(Duration::from_millis(2));
/// assert!(clock.now().since(start) >= Duration::from_millis(2));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    wall: Duration,
    start: Instant,
}

impl SystemClock {
    /// Reads the wall clock; a wall clock set before 1970 reads as 1970.
    #[must_use]
    pub fn new() -> Self {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { wall, start: Instant::now() }
    }

    fn read(&self) -> Timestamp {
        Timestamp::new(self.wall).after(self.start.elapsed())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.read()
    }

    async fn sleep(&self, wait: Duration) {
        for part in parts(wait) {
            let mut due = Deadline::after(Instant::now(), Some(part));
            let ends = |passed| if passed { Poll::Ready(()) } else { Poll::Pending };
            poll_fn(|context| ends(due.has_passed(context))).await;
        }
    }

    fn seed(&self) -> u64 {
        seed()
    }
}

impl blocking::Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.read()
    }

    fn sleep(&self, wait: Duration) {
        for part in parts(wait) {
            thread::sleep(part);
        }
    }

    fn seed(&self) -> u64 {
        seed()
    }
}

/// Cuts a wait into parts that a timer can take.
fn parts(wait: Duration) -> impl Iterator<Item = Duration> {
    let mut left = wait;
    std::iter::from_fn(move || {
        let part = left.min(LONGEST_SLEEP);
        left = left.saturating_sub(part);
        (!part.is_zero()).then_some(part)
    })
}

/// Draws a seed for a call: another one each time, never for secrets.
///
/// The numbers come from the keys of the standard library's [`RandomState`]. They only spread the waits of many
/// clients; give a seed of your own to have a call repeated exactly.
///
/// # Examples
///
/// ```
/// assert_ne!(http_hook_clock::seed(), http_hook_clock::seed());
/// ```
#[must_use]
pub fn seed() -> u64 {
    RandomState::new().hash_one(0_u64)
}
