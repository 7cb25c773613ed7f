//! Group commit: whoever has something to keep hands it to one thread, which writes all that has gathered in one transaction.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, Thread};

use crate::error::JournalError;
use crate::file::{Change, Journal};
use crate::row::{Entry, Name};

/// How many entries may gather; whoever has more waits.
const ROOM: usize = 4_096;

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
    writer: Mutex<Option<JoinHandle<Result<(), JournalError>>>>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// There is something to write.
    work: Condvar,
    /// There is room again.
    room: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    tasks: Vec<Task>,
    /// Whether the writer sleeps.
    idle: bool,
    /// Whether nothing more comes.
    closed: bool,
    /// Why nothing can be written any more.
    broken: Option<JournalError>,
}

enum Task {
    Keep { entry: Entry, change: Change, mark: u64, answer: Option<Arc<Answer<Entry>>> },
    Known { names: Vec<Name>, answer: Arc<Answer<Vec<bool>>> },
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Task")
    }
}

/// What a thread waits for.
struct Answer<T> {
    thread: Thread,
    given: AtomicBool,
    value: Mutex<Option<Result<T, JournalError>>>,
}

impl<T> Answer<T> {
    fn new() -> Arc<Self> {
        let (given, value) = (AtomicBool::new(false), Mutex::new(None));
        Arc::new(Self { thread: thread::current(), given, value })
    }

    fn give(&self, value: Result<T, JournalError>) {
        *self.value.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        self.given.store(true, Ordering::Release);
        self.thread.unpark();
    }

    fn take(&self, shared: &Shared) -> Result<T, JournalError> {
        while !self.given.load(Ordering::Acquire) {
            thread::park();
        }
        let given = self.value.lock().unwrap_or_else(PoisonError::into_inner).take();
        given.unwrap_or_else(|| Err(shared.lock().failure()))
    }
}

impl Queue {
    fn failure(&self) -> JournalError {
        self.broken.clone().unwrap_or_else(closed)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(
        clippy::result_large_err,
        reason = "it is rare, and what could not be kept is not lost"
    )]
    fn put(&self, task: Task) -> Result<(), (JournalError, Task)> {
        let mut queue = self.lock();
        while queue.tasks.len() >= ROOM && queue.broken.is_none() && !queue.closed {
            queue = self.room.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if queue.broken.is_some() || queue.closed {
            return Err((queue.failure(), task));
        }
        queue.tasks.push(task);
        if mem::take(&mut queue.idle) {
            drop(queue);
            self.work.notify_one();
        }
        Ok(())
    }
}

impl Shared {
    /// Takes nothing more, and answers what has gathered.
    fn refuse(&self, error: &JournalError, told: &mut impl FnMut(Told<'_>)) {
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
                    told(Told { entry: &entry, outcome: &outcome, mark });
                }
                Task::Keep { .. } => {}
                Task::Known { answer, .. } => answer.give(Err(error.clone())),
            }
        }
    }
}

impl Journal {
    /// Begins to keep calls. `told` is told of each call that has ended when that is in the file, or when it is known that nothing can be
    /// written any more; by one thread, one call at a time.
    pub fn begin(self, told: impl FnMut(Told<'_>) + Send + 'static) -> Keeper {
        let shared = Arc::<Shared>::default();
        let own = Arc::clone(&shared);
        let writer = thread::spawn(move || write(self, &own, told));
        Keeper { shared, writer: Mutex::new(Some(writer)) }
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

    /// Notes how a call ended: `outcome` is [`Outcome`](http_hook::response::Outcome) as JSON. Returns at once; `mark` is handed to
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
        self.shared.put(task).map_err(|(error, task)| match task {
            Task::Keep { change: Change::Done(outcome), .. } => (error, outcome),
            _ => (error, String::new()),
        })
    }

    /// Tells for each call whether the journal has it.
    ///
    /// # Errors
    ///
    /// [`Twice`](JournalError::Twice) and [`Changed`](JournalError::Changed) of the first that is not what it was.
    pub fn known(&self, names: Vec<Name>) -> Result<Vec<bool>, JournalError> {
        let answer = Answer::new();
        let task = Task::Known { names, answer: Arc::clone(&answer) };
        self.shared.put(task).map_err(|(error, _)| error)?;
        answer.take(&self.shared)
    }

    fn keep(&self, entry: &mut Entry, change: Change) -> Result<(), JournalError> {
        let answer = Answer::new();
        let task =
            Task::Keep { entry: entry.clone(), change, mark: 0, answer: Some(Arc::clone(&answer)) };
        self.shared.put(task).map_err(|(error, _)| error)?;
        *entry = answer.take(&self.shared)?;
        Ok(())
    }

    /// Writes what has gathered and closes the file; nothing more is kept.
    ///
    /// # Errors
    ///
    /// What kept it from being written, if anything did.
    pub fn close(&self) -> Result<(), JournalError> {
        let mut queue = self.shared.lock();
        queue.closed = true;
        drop(queue);
        self.shared.work.notify_one();
        self.shared.room.notify_all();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        match writer.map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(self.shared.lock().failure()),
            None => Ok(()),
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.close();
    }
}

/// The writer: takes all that has gathered, writes it, answers.
fn write(
    mut journal: Journal,
    shared: &Shared,
    mut told: impl FnMut(Told<'_>),
) -> Result<(), JournalError> {
    loop {
        let mut tasks = {
            let mut queue = shared.lock();
            while queue.tasks.is_empty() && !queue.closed {
                queue.idle = true;
                queue = shared.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            queue.idle = false;
            mem::take(&mut queue.tasks)
        };
        if tasks.is_empty() {
            return journal.close();
        }
        if tasks.len() >= ROOM {
            shared.room.notify_all();
        }
        let batch = tasks.iter_mut().filter_map(|task| match task {
            Task::Keep { entry, change, .. } => Some((entry, &*change)),
            Task::Known { .. } => None,
        });
        let (results, mut broken) = match journal.write(batch) {
            Ok(results) => (results, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let mut results = results.into_iter();
        for task in tasks {
            match task {
                Task::Keep { entry, change, mark, answer } => {
                    let result = results
                        .next()
                        .unwrap_or_else(|| Err(broken.clone().unwrap_or_else(closed)));
                    match (answer, change) {
                        (Some(answer), _) => answer.give(result.map(|()| entry)),
                        (None, Change::Done(outcome)) => {
                            // That a name was taken showed only when its call had ended.
                            broken = broken.or(result.err());
                            told(Told { entry: &entry, outcome: &outcome, mark });
                        }
                        (None, _) => {}
                    }
                }
                Task::Known { names, answer } => {
                    let failed = broken.clone().map_or_else(|| journal.known(&names), Err);
                    answer.give(failed);
                }
            }
        }
        if let Some(error) = broken {
            shared.refuse(&error, &mut told);
            let _ = journal.close();
            return Err(error);
        }
    }
}

fn closed() -> JournalError {
    JournalError::Form { file: "the journal".to_owned(), what: "it is closed".to_owned() }
}
