//! Deadlines for futures, on one thread that sleeps.

use std::collections::BTreeMap;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

type Key = (Instant, u64);

/// A moment by which something has to be done.
///
/// It costs an entry in a map, and wakes the one thread that sleeps for all only if it is earlier than all others:
/// limits of a minute on thousands of requests a second cost next to nothing. A deadline that was never asked about
/// costs nothing at all.
#[derive(Debug)]
pub(crate) struct Deadline {
    at: Option<Instant>,
    key: Option<Key>,
}

impl Deadline {
    /// Makes the moment `limit` after `start`. `None`, or a moment too late to count, never comes.
    pub(crate) fn after(start: Instant, limit: Option<Duration>) -> Self {
        Self { at: limit.and_then(|limit| start.checked_add(limit)), key: None }
    }

    /// Whether the moment has come; if not, the task is woken when it does.
    pub(crate) fn has_passed(&mut self, context: &Context<'_>) -> bool {
        let Some(at) = self.at else { return false };
        // The first time, the thread looks at the clock instead.
        if self.key.is_some() && at <= Instant::now() {
            return true;
        }
        self.key = Some(TIMER.set(self.key, at, context.waker()));
        false
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            TIMER.lock().waiting.remove(&key);
        }
    }
}

static TIMER: LazyLock<Timer> = LazyLock::new(Timer::default);

#[derive(Default)]
struct Timer {
    state: Mutex<State>,
    earlier: Condvar,
}

#[derive(Default)]
struct State {
    running: bool,
    count: u64,
    waiting: BTreeMap<Key, Waker>,
    /// When the thread wakes by itself; `None` if never.
    wakes_at: Option<Instant>,
}

impl Timer {
    fn set(&'static self, key: Option<Key>, at: Instant, waker: &Waker) -> Key {
        let mut state = self.lock();
        let key = key.unwrap_or_else(|| {
            state.count = state.count.wrapping_add(1);
            (at, state.count)
        });
        match state.waiting.get_mut(&key) {
            Some(own) => own.clone_from(waker),
            None => drop(state.waiting.insert(key, waker.clone())),
        }
        if !state.running {
            let builder = thread::Builder::new().name("http-hook-timer".to_owned());
            state.running = builder.spawn(|| self.run()).is_ok();
        } else if state.wakes_at.is_none_or(|wakes_at| at < wakes_at) {
            self.earlier.notify_one();
        }
        key
    }

    fn run(&self) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            while let Some(entry) = state.waiting.first_entry().filter(|entry| entry.key().0 <= now)
            {
                entry.remove().wake();
            }
            state.wakes_at = state.waiting.keys().next().map(|key| key.0);
            state = match state.wakes_at {
                None => self.earlier.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(at) => {
                    let pause = at.saturating_duration_since(now);
                    let woken = self.earlier.wait_timeout(state, pause);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
