//! The run of a call under way, and what becomes of it where all are cancelled.

use std::borrow::{Borrow, BorrowMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::drive::Run;
use crate::response::Failure;

/// How calls ended that were cancelled; `None` before that.
pub(super) type GivenUp = Mutex<Option<Vec<(u64, Failure)>>>;

/// A run inside the future of its call. Where that is dropped because all calls are cancelled, it tells how it ended.
pub(crate) struct UnderWay<'a, B: From<Bytes>> {
    pub(super) slot: u64,
    pub(super) run: Run<'a, B>,
    pub(super) given_up: Arc<GivenUp>,
}

impl<'a, B: From<Bytes>> Borrow<Run<'a, B>> for UnderWay<'a, B> {
    fn borrow(&self) -> &Run<'a, B> {
        &self.run
    }
}

impl<'a, B: From<Bytes>> BorrowMut<Run<'a, B>> for UnderWay<'a, B> {
    fn borrow_mut(&mut self) -> &mut Run<'a, B> {
        &mut self.run
    }
}

impl<B: From<Bytes>> Drop for UnderWay<'_, B> {
    fn drop(&mut self) {
        if locked(&self.given_up).is_none() {
            return;
        }
        let failure = self.run.cancelled(); // an observer hears of it, under no lock
        if let Some(told) = &mut *locked(&self.given_up) {
            told.push((self.slot, failure));
        }
    }
}

pub(super) fn locked<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
