//! Group commit: whoever has something to keep writes all that has gathered in one transaction, if nobody else is writing; else it is taken along.

use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use http_hook::transport::catch_panic;

use crate::answer::{Answer, Owed, Waiting};
use crate::batch::{Change, now};
use crate::error::JournalError;
use crate::file::Journal;
use crate::row::{Entry, Name};
use crate::sends::Sends;

/// How many entries may gather while others are written; whoever has more waits. A run that is killed knows nothing of those.
const ROOM: usize = 128;

/// How many outcomes are written without waiting for more.
const BATCH: usize = 64;

/// How long an outcome may stay unwritten if nobody else writes.
const LINGER: Duration = Duration::from_millis(10);

/// What a call came to, told when it is in the file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Told<'a> {
    /// Which call.
    pub entry: &'a Entry,
    /// Its outcome, as it was given.
    pub outcome: &'a str,
    /// What was given with it.
    pub mark: u64,
}

pub(crate) struct Shared {
    sends: Option<Sends>,
    queue: Mutex<Queue>,
    /// There is something to write that nobody waits for.
    work: Condvar,
    /// There is room again.
    room: Condvar,
    /// Whoever has it writes.
    pen: Mutex<Pen>,
}

struct Pen {
    /// Nothing after it is closed.
    journal: Option<Journal>,
    told: Box<dyn FnMut(Told<'_>) + Send>,
    /// Whether it panicked.
    panicked: bool,
}

#[derive(Default)]
struct Queue {
    tasks: Vec<Task>,
    /// Whether the sweeper sleeps.
    idle: bool,
    /// Whether nothing more comes.
    closed: bool,
    /// Why nothing can be written any more.
    broken: Option<JournalError>,
    /// Who has the pen, and may be telling.
    writer: Option<ThreadId>,
}

pub(crate) enum Task {
    /// What becomes of a call.
    Change { entry: Entry, change: Change, answer: Owed<Entry> },
    /// How a call ended, which nobody waits for.
    Done { entry: Entry, outcome: Change, mark: u64 },
    /// Whether there are such calls.
    Known { names: Vec<Name>, answer: Owed<Vec<bool>> },
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl Task {
    /// What becomes of which call by it.
    fn change(&mut self) -> Option<(&mut Entry, &Change)> {
        match self {
            Self::Change { entry, change, .. } => Some((entry, change)),
            Self::Done { entry, outcome, .. } => Some((entry, outcome)),
            Self::Known { .. } => None,
        }
    }

    /// Who waits for it.
    fn waiting(&self) -> Option<&Waiting> {
        match self {
            Self::Change { answer, .. } => Some(answer.waiting()),
            Self::Done { .. } => None,
            Self::Known { answer, .. } => Some(answer.waiting()),
        }
    }
}

impl Queue {
    fn failure(&self) -> JournalError {
        self.broken.clone().unwrap_or_else(JournalError::closed)
    }

    /// Whether this thread is telling: it would wait for itself.
    fn is_within(&self) -> bool {
        self.writer == Some(thread::current().id())
    }
}

impl Shared {
    pub(crate) fn new(journal: Journal, told: Box<dyn FnMut(Told<'_>) + Send>) -> Self {
        Self {
            sends: journal.sends(),
            queue: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
            pen: Mutex::new(Pen { journal: Some(journal), told, panicked: false }),
        }
    }

    /// Notes the first request of a call beside the file; `false`: it has to be a row.
    pub(crate) fn note(&self, entry: &mut Entry) -> Result<bool, JournalError> {
        let Some(sends) = self.sends.as_ref().filter(|_| entry.epoch == 0 && entry.row.is_none())
        else {
            return Ok(false);
        };
        let now = now();
        let Some(slot) = sends.note(&entry.name, now) else { return Ok(false) };
        // After it was noted: whoever closes the file takes what was noted before.
        let refused = {
            let queue = self.lock();
            let is_shut = queue.broken.is_some() || queue.closed;
            if queue.is_within() {
                Some(JournalError::from_within())
            } else {
                is_shut.then(|| queue.failure())
            }
        };
        if let Some(error) = refused {
            sends.erase(slot);
            return Err(error);
        }
        (entry.slot, entry.epoch, entry.created) = (Some(slot), 1, now);
        Ok(true)
    }

    /// Hands something in, and waits for what comes of it.
    pub(crate) fn ask<T>(&self, task: impl FnOnce(Owed<T>) -> Task) -> Result<T, JournalError> {
        let answer = Answer::new();
        self.put(task(Owed::to(&answer))).map_err(|(error, _)| error)?;
        let given = answer.wait(|own| self.write(Some(own)));
        given.unwrap_or_else(|| Err(self.lock().failure()))
    }

    /// Hands something in that nobody waits for; gives it back if it cannot be taken.
    #[expect(
        clippy::result_large_err,
        reason = "it is rare, and what could not be kept is not lost"
    )]
    pub(crate) fn leave(&self, task: Task) -> Result<(), (JournalError, Task)> {
        if self.put(task)? >= BATCH {
            self.write(None);
        }
        Ok(())
    }

    /// Takes nothing more.
    ///
    /// # Errors
    ///
    /// This thread is telling: what is left is written by the sweeper.
    pub(crate) fn shut(&self) -> Result<(), JournalError> {
        let is_within = {
            let mut queue = self.lock();
            queue.closed = true;
            queue.is_within()
        };
        self.work.notify_one();
        self.room.notify_all();
        if is_within { Err(JournalError::from_within()) } else { Ok(()) }
    }

    /// Writes what is left, and closes the file.
    pub(crate) fn end(&self, is_swept: bool) -> Result<(), JournalError> {
        let mut pen = self.pen.lock().unwrap_or_else(PoisonError::into_inner);
        self.write_with(&mut pen);
        let ended = pen.journal.take();
        let ended = ended.map_or(Ok(()), |journal| journal.close(self.sends.as_ref()));
        match self.lock().broken.clone() {
            Some(error) => Err(error),
            None if !is_swept => Err(JournalError::closed()),
            None if pen.panicked => Err(JournalError::told_panicked()),
            None => ended,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a task, and tells how many there are.
    #[expect(
        clippy::result_large_err,
        reason = "it is rare, and what could not be kept is not lost"
    )]
    fn put(&self, task: Task) -> Result<usize, (JournalError, Task)> {
        let awaited = task.waiting().is_some();
        let mut queue = self.lock();
        if queue.is_within() {
            return Err((JournalError::from_within(), task));
        }
        while queue.tasks.len() >= ROOM && queue.broken.is_none() && !queue.closed {
            queue = self.room.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if queue.broken.is_some() || queue.closed {
            return Err((queue.failure(), task));
        }
        queue.tasks.push(task);
        let count = queue.tasks.len();
        if !awaited && mem::take(&mut queue.idle) {
            drop(queue);
            self.work.notify_one();
        }
        Ok(count)
    }

    /// Writes what has gathered, and what gathers meanwhile, unless somebody else does. A thread that waits for nothing (any more) leaves
    /// the rest to one that does.
    fn write(&self, own: Option<&Waiting>) {
        loop {
            match self.pen.try_lock() {
                Ok(mut pen) => self.write_with(&mut pen),
                Err(TryLockError::Poisoned(pen)) => self.write_with(&mut pen.into_inner()),
                // Whoever has it looks once more after putting it down.
                Err(TryLockError::WouldBlock) => return,
            }
            let queue = self.lock();
            if queue.tasks.is_empty() {
                return;
            }
            let next = queue.tasks.iter().find_map(Task::waiting);
            if let Some(next) = next.filter(|_| own.is_none_or(Waiting::is_over)) {
                next.hand_over();
                return;
            }
        }
    }

    fn write_with(&self, pen: &mut Pen) {
        let tasks = {
            let mut queue = self.lock();
            queue.writer = Some(thread::current().id());
            mem::take(&mut queue.tasks)
        };
        if tasks.len() >= ROOM {
            self.room.notify_all();
        }
        if !tasks.is_empty() {
            // Whoever waits for a task is answered, whatever panics.
            let written =
                catch_panic("the journal panicked", || pen.write(tasks, self.sends.as_ref()));
            let written = written.unwrap_or_else(|_| Err(JournalError::closed()));
            if let Err(error) = written {
                self.refuse(&error, pen);
                if let Some(journal) = pen.journal.take() {
                    let _ = journal.close(self.sends.as_ref());
                }
            }
        }
        self.lock().writer = None;
    }

    /// Takes nothing more, and answers what has gathered.
    fn refuse(&self, error: &JournalError, pen: &mut Pen) {
        let tasks = {
            let mut queue = self.lock();
            queue.broken = Some(error.clone());
            mem::take(&mut queue.tasks)
        };
        self.room.notify_all();
        for task in tasks {
            match task {
                Task::Change { answer, .. } => answer.give(Err(error.clone())),
                Task::Done { entry, outcome, mark } => pen.tell(&entry, &outcome, mark),
                Task::Known { answer, .. } => answer.give(Err(error.clone())),
            }
        }
    }

    /// Writes what nobody waits for, until nothing more comes.
    pub(crate) fn sweep(&self) {
        let mut queue = self.lock();
        while !queue.closed {
            if queue.tasks.is_empty() {
                queue.idle = true;
                queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            drop(queue);
            thread::sleep(LINGER);
            self.write(None);
            queue = self.lock();
        }
        drop(queue);
        self.write(None);
    }
}

impl Pen {
    /// Writes all of it or nothing, and answers.
    fn write(&mut self, mut tasks: Vec<Task>, sends: Option<&Sends>) -> Result<(), JournalError> {
        let batch = tasks.iter_mut().filter_map(Task::change);
        let written = self
            .journal
            .as_ref()
            .map_or_else(|| Err(JournalError::closed()), |journal| journal.write(batch));
        if let (Ok((_, more)), Some(sends)) = (&written, sends) {
            // Before a slot is free.
            sends.wrote(*more);
            for (entry, _) in tasks.iter_mut().filter_map(Task::change) {
                if let Some(slot) = entry.slot.take_if(|_| entry.row.is_some()) {
                    sends.free(slot);
                }
            }
        }
        let (results, mut broken) = match written {
            Ok((results, _)) => (results, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let mut results = results.into_iter();
        for task in tasks {
            let mut next = || {
                let failed = || Err(broken.clone().unwrap_or_else(JournalError::closed));
                results.next().unwrap_or_else(failed)
            };
            match task {
                Task::Change { entry, answer, .. } => answer.give(next().map(|()| entry)),
                Task::Done { entry, outcome, mark } => {
                    // That a name was taken showed only when its call had ended.
                    let result = next();
                    broken = broken.or(result.err());
                    self.tell(&entry, &outcome, mark);
                }
                Task::Known { names, answer } => {
                    answer.give(match (&broken, &self.journal) {
                        (None, Some(journal)) => journal.known(&names),
                        (broken, _) => Err(broken.clone().unwrap_or_else(JournalError::closed)),
                    });
                }
            }
        }
        broken.map_or(Ok(()), Err)
    }

    /// Tells how a call ended; a panic is told when the journal is closed.
    fn tell(&mut self, entry: &Entry, outcome: &Change, mark: u64) {
        let Change::Done(outcome) = outcome else { return };
        let told = &mut self.told;
        let tell = || told(Told { entry, outcome, mark });
        self.panicked |= catch_panic("the code that is told panicked", tell).is_err();
    }
}
