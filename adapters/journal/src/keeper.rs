//! Group commit: whoever has something to keep writes all that has gathered in one transaction, if nobody else is writing; else it is taken along.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::Duration;

use http_hook::transport::catch_panic;

use crate::answer::{Answer, Owed, Waiting};
use crate::error::JournalError;
use crate::file::{Change, Journal};
use crate::row::{Entry, Name};

/// How many entries may gather; whoever has more waits.
const ROOM: usize = 4_096;

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

/// A journal that calls are under way in. Each method may be called by many threads at once.
#[derive(Debug)]
pub struct Keeper {
    shared: Arc<Shared>,
    sweeper: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
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

enum Task {
    Keep { entry: Entry, change: Change, mark: u64, answer: Option<Owed<Entry>> },
    Known { names: Vec<Name>, answer: Owed<Vec<bool>> },
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl Task {
    /// Who waits for it.
    fn waiting(&self) -> Option<&Waiting> {
        match self {
            Self::Keep { answer, .. } => answer.as_ref().map(Owed::waiting),
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
            let written = catch_panic("the journal panicked", || pen.write(tasks));
            let written = written.unwrap_or_else(|_| Err(JournalError::closed()));
            if let Err(error) = written {
                self.refuse(&error, pen);
                if let Some(journal) = pen.journal.take() {
                    let _ = journal.close();
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
                Task::Keep { answer: Some(answer), .. } => answer.give(Err(error.clone())),
                Task::Keep { entry, change: Change::Done(outcome), mark, .. } => {
                    pen.tell(Told { entry: &entry, outcome: &outcome, mark });
                }
                Task::Keep { .. } => {}
                Task::Known { answer, .. } => answer.give(Err(error.clone())),
            }
        }
    }

    /// Writes what nobody waits for, until nothing more comes.
    fn sweep(&self) {
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
    fn write(&mut self, mut tasks: Vec<Task>) -> Result<(), JournalError> {
        let batch = tasks.iter_mut().filter_map(|task| match task {
            Task::Keep { entry, change, .. } => Some((entry, &*change)),
            Task::Known { .. } => None,
        });
        let written = self
            .journal
            .as_mut()
            .map_or_else(|| Err(JournalError::closed()), |journal| journal.write(batch));
        let (results, mut broken) = match written {
            Ok(results) => (results, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let mut results = results.into_iter();
        for task in tasks {
            match task {
                Task::Keep { entry, change, mark, answer } => {
                    let result = results.next().unwrap_or_else(|| {
                        Err(broken.clone().unwrap_or_else(JournalError::closed))
                    });
                    match (answer, change) {
                        (Some(answer), _) => answer.give(result.map(|()| entry)),
                        (None, Change::Done(outcome)) => {
                            // That a name was taken showed only when its call had ended.
                            broken = broken.or(result.err());
                            self.tell(Told { entry: &entry, outcome: &outcome, mark });
                        }
                        (None, _) => {}
                    }
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

    /// Tells; a panic is told when the journal is closed.
    fn tell(&mut self, ended: Told<'_>) {
        let told = &mut self.told;
        self.panicked |= catch_panic("the code that is told panicked", || told(ended)).is_err();
    }
}

impl Journal {
    /// Begins to keep calls. `told` is told of each call that has ended when that is in the file, or when it is known that nothing can be
    /// written any more: one call at a time, by whichever thread writes. It may keep nothing itself: that is an error. A panic of its own is caught, and
    /// [`close`](Keeper::close) tells of it.
    pub fn begin(self, told: impl FnMut(Told<'_>) + Send + 'static) -> Keeper {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
            pen: Mutex::new(Pen { journal: Some(self), told: Box::new(told), panicked: false }),
        });
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
        self.keep(entry, Change::Sending(call))
    }

    /// Notes that a call waits until `due`, in milliseconds since 1970, and returns when that is in the file. `call` is what
    /// [`Call::store`](http_hook::Call::store) wrote.
    ///
    /// # Errors
    ///
    /// Nothing was kept.
    pub fn waiting(&self, entry: &mut Entry, call: String, due: i64) -> Result<(), JournalError> {
        self.keep(entry, Change::Waiting(call, due))
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
        let task = Task::Keep { entry, change: Change::Done(outcome), mark, answer: None };
        let count = self.shared.put(task).map_err(|(error, task)| match task {
            Task::Keep { change: Change::Done(outcome), .. } => (error, outcome),
            _ => (error, String::new()),
        })?;
        if count >= BATCH {
            self.shared.write(None);
        }
        Ok(())
    }

    /// Tells for each call whether the journal has it.
    ///
    /// # Errors
    ///
    /// [`Twice`](JournalError::Twice) and [`Changed`](JournalError::Changed) of the first that is not what it was.
    pub fn known(&self, names: Vec<Name>) -> Result<Vec<bool>, JournalError> {
        let answer = Answer::new();
        let task = Task::Known { names, answer: Owed::to(&answer) };
        self.shared.put(task).map_err(|(error, _)| error)?;
        self.answer(&answer)
    }

    fn keep(&self, entry: &mut Entry, change: Change) -> Result<(), JournalError> {
        let answer = Answer::new();
        let task =
            Task::Keep { entry: entry.clone(), change, mark: 0, answer: Some(Owed::to(&answer)) };
        self.shared.put(task).map_err(|(error, _)| error)?;
        *entry = self.answer(&answer)?;
        Ok(())
    }

    fn answer<T>(&self, answer: &Answer<T>) -> Result<T, JournalError> {
        let given = answer.wait(|own| self.shared.write(Some(own)));
        given.unwrap_or_else(|| Err(self.shared.lock().failure()))
    }

    /// Writes what has gathered and closes the file; nothing more is kept.
    ///
    /// # Errors
    ///
    /// What kept it from being written, if anything did, or that the code that is told panicked: then all is written, and somebody was
    /// not told.
    pub fn close(&self) -> Result<(), JournalError> {
        let is_within = {
            let mut queue = self.shared.lock();
            queue.closed = true;
            queue.is_within()
        };
        self.shared.work.notify_one();
        self.shared.room.notify_all();
        if is_within {
            // What is left is written by the sweeper.
            return Err(JournalError::from_within());
        }
        let sweeper = self.sweeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        let swept = sweeper.map_or(Ok(()), JoinHandle::join);
        let mut pen = self.shared.pen.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.write_with(&mut pen);
        let ended = pen.journal.take().map_or(Ok(()), Journal::close);
        match self.shared.lock().broken.clone() {
            Some(error) => Err(error),
            None if swept.is_err() => Err(JournalError::closed()),
            None if pen.panicked => Err(JournalError::told_panicked()),
            None => ended,
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.close();
    }
}
