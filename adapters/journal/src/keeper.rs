//! What a program keeps its calls by.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::batch::Change;
use crate::error::JournalError;
use crate::file::Journal;
use crate::queue::{Shared, Task, Told};
use crate::row::{Entry, Name};

/// A journal that calls are under way in. Each method may be called by many threads at once.
#[derive(Debug)]
pub struct Keeper {
    shared: Arc<Shared>,
    sweeper: Mutex<Option<JoinHandle<()>>>,
}

impl Journal {
    /// Begins to keep calls. `told` is told of each call that has ended when that is in the file, or when it is known that nothing can be
    /// written any more: one call at a time, by whichever thread writes. It may keep nothing itself: that is an error. A panic of its own is caught, and
    /// [`close`](Keeper::close) tells of it.
    pub fn begin(self, told: impl FnMut(Told<'_>) + Send + 'static) -> Keeper {
        let shared = Arc::new(Shared::new(self, Box::new(told)));
        let own = Arc::clone(&shared);
        let sweeper = thread::spawn(move || own.sweep());
        Keeper { shared, sweeper: Mutex::new(Some(sweeper)) }
    }
}

impl Keeper {
    /// Notes that a request is about to be sent that may not be repeated, and returns when that is in the file. `call` is what
    /// [`Attempt::store`](http_hook::Attempt::store) wrote; `None`, which takes less time and room, where it would be over if it were
    /// broken off, and what is left of it need not be known.
    ///
    /// # Errors
    ///
    /// Nothing was kept, so nothing may be sent.
    pub fn sending(&self, entry: &mut Entry, call: Option<String>) -> Result<(), JournalError> {
        if call.is_none() && self.shared.note(entry)? {
            return Ok(());
        }
        self.change(entry, Change::Sending(call))
    }

    /// Notes that a call waits until `due`, in milliseconds since 1970, and returns when that is in the file. `call` is what
    /// [`Call::store`](http_hook::Call::store) wrote.
    ///
    /// # Errors
    ///
    /// Nothing was kept.
    pub fn waiting(&self, entry: &mut Entry, call: String, due: i64) -> Result<(), JournalError> {
        self.change(entry, Change::Waiting(call, due))
    }

    /// Notes how a call ended: `outcome` is [`Outcome`](http_hook::response::Outcome) as JSON. It is written with what others write, 10 ms
    /// later at most; `mark` is handed to
    /// whoever is [told](Journal::begin).
    ///
    /// # Errors
    ///
    /// Nothing can be written any more, and nobody is told; the outcome is given back.
    pub fn done(
        &self,
        entry: Entry,
        outcome: String,
        mark: u64,
    ) -> Result<(), (JournalError, String)> {
        self.shared.leave(Task::Done { entry, outcome: Change::Done(outcome), mark }).map_err(
            |(error, task)| match task {
                Task::Done { outcome: Change::Done(outcome), .. } => (error, outcome),
                _ => (error, String::new()),
            },
        )
    }

    /// Tells for each call whether the journal has it.
    ///
    /// # Errors
    ///
    /// [`Twice`](JournalError::Twice) and [`Changed`](JournalError::Changed) of the first that is not what it was.
    pub fn known(&self, names: Vec<Name>) -> Result<Vec<bool>, JournalError> {
        self.shared.ask(|answer| Task::Known { names, answer })
    }

    fn change(&self, entry: &mut Entry, change: Change) -> Result<(), JournalError> {
        let own = entry.clone();
        *entry = self.shared.ask(|answer| Task::Change { entry: own, change, answer })?;
        Ok(())
    }

    /// Writes what has gathered and closes the file; nothing more is kept.
    ///
    /// # Errors
    ///
    /// What kept it from being written, if anything did, or that the code that is told panicked: then all is written, and somebody was
    /// not told.
    pub fn close(&self) -> Result<(), JournalError> {
        self.shared.shut()?;
        let sweeper = self.sweeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.shared.end(sweeper.is_none_or(|sweeper| sweeper.join().is_ok()))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.close();
    }
}
