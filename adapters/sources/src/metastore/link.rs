//! The connection to PostgreSQL that look-ups share, one after another.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Runtime;
use tokio_postgres::Client;

use super::postgres::PATIENCE;

/// A connection to the server, and what drives it.
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) driver: Driver,
}

impl Link {
    /// Whether the server has not ended it.
    pub(super) fn is_open(&self) -> bool {
        if let Some(runtime) = &self.driver.0 {
            // What came since the last query is looked at, the end, perhaps: in one round it is noticed, in the next one read.
            runtime.block_on(async {
                for _ in 0..4 {
                    tokio::task::yield_now().await;
                }
            });
        }
        !self.client.is_closed()
    }
}

/// A runtime whose end waits for nothing, not even for a name that is looked up.
pub(super) struct Driver(pub(super) Option<Runtime>);

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Who looks something up waits for its turn, and no longer than it may take.
#[derive(Default)]
pub(super) struct Line {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    busy: bool,
    link: Option<Link>,
}

/// The turn of one; what is left in it is the next one's.
pub(super) struct Turn<'a> {
    line: &'a Line,
    pub(super) link: Option<Link>,
}

impl Line {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn turn(&self) -> Option<Turn<'_>> {
        let waited = self.freed.wait_timeout_while(self.state(), PATIENCE, |state| state.busy);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.busy {
            return None;
        }
        state.busy = true;
        Some(Turn { line: self, link: state.link.take() })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.line.state();
        state.busy = false;
        state.link = self.link.take();
        self.line.freed.notify_one();
    }
}
