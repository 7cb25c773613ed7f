//! What a thread waits for that has handed something in: to be answered, or to be the one that writes.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};

use crate::error::JournalError;

/// What becomes of something that a thread has handed in.
pub(crate) struct Answer<T> {
    waiting: Waiting,
    value: Mutex<Option<Result<T, JournalError>>>,
}

impl<T> Answer<T> {
    /// One that this thread waits for.
    pub(crate) fn new() -> Arc<Self> {
        let waiting = Waiting { thread: thread::current(), state: AtomicU8::new(Waiting::WAITS) };
        Arc::new(Self { waiting, value: Mutex::new(None) })
    }

    fn give(&self, value: Result<T, JournalError>) {
        *self.value.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        self.waiting.state.store(Waiting::OVER, Ordering::Release);
        self.waiting.thread.unpark();
    }

    /// Waits for it, and writes at first and whenever it is this thread's turn.
    pub(crate) fn wait(&self, write: impl Fn(&Waiting)) -> Option<Result<T, JournalError>> {
        write(&self.waiting);
        while !self.waiting.is_over() {
            if self.waiting.turn(Waiting::WRITES, Waiting::WAITS) {
                write(&self.waiting);
            } else {
                thread::park();
            }
        }
        self.value.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// An answer that is owed to a thread: it is not given twice, and never not at all.
pub(crate) struct Owed<T>(Arc<Answer<T>>);

impl<T> Owed<T> {
    /// To the thread that waits for this.
    pub(crate) fn to(answer: &Arc<Answer<T>>) -> Self {
        Self(Arc::clone(answer))
    }

    pub(crate) fn waiting(&self) -> &Waiting {
        &self.0.waiting
    }

    pub(crate) fn give(self, value: Result<T, JournalError>) {
        self.0.give(value);
    }
}

impl<T> Drop for Owed<T> {
    fn drop(&mut self) {
        if !self.0.waiting.is_over() {
            self.0.give(Err(JournalError::closed()));
        }
    }
}

/// A thread that waits for its answer, or for its turn to write.
pub(crate) struct Waiting {
    thread: Thread,
    state: AtomicU8,
}

impl Waiting {
    const WAITS: u8 = 0;
    const WRITES: u8 = 1;
    const OVER: u8 = 2;

    /// Whether it has its answer.
    pub(crate) fn is_over(&self) -> bool {
        self.state.load(Ordering::Acquire) == Self::OVER
    }

    /// Makes it the thread that writes.
    pub(crate) fn hand_over(&self) {
        if self.turn(Self::WAITS, Self::WRITES) {
            self.thread.unpark();
        }
    }

    fn turn(&self, from: u8, to: u8) -> bool {
        let turned = self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
        turned.is_ok()
    }
}
