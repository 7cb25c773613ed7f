//! isahc's traces, kept from every subscriber: they hold URLs, headers and bodies.

use std::mem;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use isahc::HttpClient;
use tracing::Dispatch;

/// How long to wait for isahc's thread, which needs microseconds.
const PATIENCE: Duration = Duration::from_secs(1);

static SILENCE: LazyLock<Dispatch> = LazyLock::new(Dispatch::none);

/// Takes a step that traces on this thread.
pub(crate) fn silently<T>(step: impl FnOnce() -> T) -> T {
    tracing::dispatcher::with_default(&SILENCE, step)
}

/// Gives the thread of `client`, which does the exchanges, a subscriber of its own that takes no note of anything.
///
/// The thread is reached by what it does itself: it wakes whoever waits for the end of a request. The one that is made
/// for that has a scheme that libcurl refuses; nothing is connected to. It may end before anybody waits: then once more.
pub(crate) fn hush(client: &HttpClient) {
    let hush = Arc::new(Hush { caller: thread::current(), done: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&hush));
    let mut context = Context::from_waker(&waker);
    let begun = Instant::now();
    while !hush.done.load(Ordering::Acquire) {
        let mut refused = pin!(silently(|| client.get_async("none://http-hook")));
        while silently(|| refused.as_mut().poll(&mut context)).is_pending() {
            let Some(left) = PATIENCE.checked_sub(begun.elapsed()) else { return };
            thread::park_timeout(left);
        }
        if begun.elapsed() > PATIENCE {
            return;
        }
    }
}

struct Hush {
    caller: Thread,
    done: AtomicBool,
}

impl Wake for Hush {
    fn wake(self: Arc<Self>) {
        if self.caller.id() != thread::current().id() && !self.done.swap(true, Ordering::AcqRel) {
            // For as long as the thread lives.
            mem::forget(tracing::dispatcher::set_default(&SILENCE));
        }
        self.caller.unpark();
    }
}
