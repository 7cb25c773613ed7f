//! Deadlines for futures, on one thread that sleeps.

use std::collections::BTreeMap;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
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

    /// Whether the moment has come, where no task waits for it.
    pub(crate) fn is_over(&self) -> bool {
        self.at.is_some_and(|at| at <= Instant::now())
    }

    /// Whether the moment comes later than another one.
    pub(crate) fn is_after(&self, other: &Self) -> bool {
        self.at > other.at
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
            // The waker may drop the last of a task, and so another deadline: not under the lock.
            let waker = TIMER.lock().waiting.remove(&key);
            drop(waker);
        }
    }
}

static TIMER: LazyLock<Timer> = LazyLock::new(|| {
    Timer::new(|timer| {
        let builder = thread::Builder::new().name("http-hook-timer".to_owned());
        builder.spawn(|| timer.run()).is_ok()
    })
});

/// Wakers are other people's code: none is cloned, woken or dropped under the lock.
struct Timer {
    state: Mutex<State>,
    earlier: Condvar,
    /// Starts the thread; false if there is none to be had.
    start: fn(&'static Self) -> bool,
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
    fn new(start: fn(&'static Self) -> bool) -> Self {
        Self { state: Mutex::default(), earlier: Condvar::new(), start }
    }

    fn set(&'static self, key: Option<Key>, at: Instant, task: &Waker) -> Key {
        let waker = task.clone();
        let mut state = self.lock();
        let key = key.unwrap_or_else(|| {
            state.count = state.count.wrapping_add(1);
            (at, state.count)
        });
        let replaced = state.waiting.insert(key, waker);
        if !state.running {
            state.running = (self.start)(self);
        } else if state.wakes_at.is_none_or(|wakes_at| at < wakes_at) {
            self.earlier.notify_one();
        }
        let is_watched = state.running;
        drop(state);
        drop(replaced);
        // Where no thread is to be had the task itself looks at the clock, again and again, until one is.
        if !is_watched {
            task.wake_by_ref();
        }
        key
    }

    fn run(&self) {
        let _running = Running(self);
        let mut due = Vec::new();
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            while let Some(entry) = state.waiting.first_entry().filter(|entry| entry.key().0 <= now)
            {
                due.push(entry.remove());
            }
            if !due.is_empty() {
                drop(state);
                due.drain(..).for_each(wake);
                state = self.lock();
                continue;
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

/// Wakes a task, whose panic is its own matter. What is thrown may panic again when it is dropped, so it is not.
pub(crate) fn wake(waker: Waker) {
    if let Err(thrown) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
        mem::forget(thrown);
    }
}

/// Tells that the thread runs. Should it end all the same, the next deadline starts another one.
struct Running<'a>(&'a Timer);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.lock().running = false;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn without_a_thread_a_task_asks_again_by_itself() {
        static ALONE: LazyLock<Timer> = LazyLock::new(|| Timer::new(|_| false));
        let woken = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&woken));
        let later = Instant::now() + Duration::from_secs(3600);
        let key = ALONE.set(None, later, &waker);
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert_eq!(ALONE.set(Some(key), later, &waker), key);
        assert_eq!(woken.0.load(Ordering::SeqCst), 2);
    }
}
