//! The file: made, opened, read, and written in one transaction a batch.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, params};

use crate::error::{JournalError, shown};
use crate::row::{Entry, Name, State, Unfinished};

/// What marks a file of SQLite as a journal: `hhjl`.
const APPLICATION: i32 = 0x6868_6a6c;
/// The version of the form.
const FORM: i32 = 1;

/// The most that the table of an engine holds, too.
const LAST_EPOCH: i64 = 0x7fff_ffff;

const SCHEMA: &str = "
    CREATE TABLE calls(
        id text PRIMARY KEY NOT NULL,
        connection text,
        plan text NOT NULL,
        state text NOT NULL,
        epoch integer NOT NULL,
        call text,
        due integer,
        outcome text,
        created integer NOT NULL,
        updated integer NOT NULL
    );
    CREATE TABLE run(key text PRIMARY KEY NOT NULL, value text NOT NULL) WITHOUT ROWID;
";

const INSERT: &str =
    "INSERT INTO calls(id, connection, plan, state, epoch, call, due, outcome, created, updated)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)";
const UPDATE: &str =
    "UPDATE calls SET state = ?1, epoch = ?2, call = ?3, due = ?4, outcome = ?5, updated = ?6
    WHERE rowid = ?7 AND epoch = ?8";

/// What a journal survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process, however it ends: entries are with the operating system. A machine that stops may lose the last ones.
    #[default]
    Process,
    /// The end of the machine, too: each group of entries waits for the disk.
    Machine,
}

/// Which run a journal belongs to: it is gone on with only by the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The connection's id, if it has one.
    pub connection: Option<String>,
    /// Tells what makes calls of lines from anything else.
    pub calls: String,
    /// What the seeds of the calls are made of.
    pub seed: u64,
}

/// A journal that no call is under way in: to be read, and then [begun](Journal::begin).
#[derive(Debug)]
pub struct Journal {
    pub(crate) path: PathBuf,
    connection: Connection,
    run: Run,
}

/// What becomes of a call.
pub(crate) enum Change {
    /// It is to be sent, and stands so.
    Sending(Option<String>),
    /// It waits, until then.
    Waiting(String, i64),
    /// It ended so.
    Done(String),
}

impl Journal {
    /// Makes a journal where there is no file. It is there with everything in it, or not at all, and only its owner may read it.
    ///
    /// # Errors
    ///
    /// [`Exists`](JournalError::Exists), [`Form`](JournalError::Form) if another file is there, or what keeps it from being written.
    pub fn create(path: &Path, run: Run, durability: Durability) -> Result<Self, JournalError> {
        if path.symlink_metadata().is_ok() {
            return Err(match connect(path, durability) {
                Ok(_) | Err(JournalError::InUse(_)) => JournalError::Exists(shown(path)),
                Err(error) => error,
            });
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.new", std::process::id()));
        let beside = PathBuf::from(beside);
        let made = make(&beside, &run).and_then(|()| {
            fs::hard_link(&beside, path).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => JournalError::Exists(shown(path)),
                _ => of_io(path, &error),
            })
        });
        let _ = fs::remove_file(&beside);
        made?;
        let connection = connect(path, durability)?;
        Ok(Self { path: path.to_owned(), connection, run })
    }

    /// Opens the journal of this run; `run.seed` becomes the one that the run began with.
    ///
    /// # Errors
    ///
    /// [`Absent`](JournalError::Absent), [`InUse`](JournalError::InUse), [`OtherRun`](JournalError::OtherRun), [`Form`](JournalError::Form), or what
    /// keeps it from being read.
    pub fn open(path: &Path, run: Run, durability: Durability) -> Result<Self, JournalError> {
        if !path.exists() {
            return Err(JournalError::Absent(shown(path)));
        }
        let connection = connect(path, durability)?;
        let of = |error| JournalError::of(path, error);
        let value = |key: &str| {
            let mut found = connection.prepare("SELECT value FROM run WHERE key = ?1")?;
            found.query_row([key], |row| row.get::<_, String>(0)).optional()
        };
        let other = |what: &str| JournalError::OtherRun {
            file: shown(path),
            what: format!("{what} differs"),
        };
        if value("connection").map_err(of)? != run.connection {
            return Err(other("the connection"));
        }
        if value("calls").map_err(of)?.as_ref() != Some(&run.calls) {
            return Err(other("what makes calls of the lines"));
        }
        let seed = value("seed").map_err(of)?;
        let seed = seed.and_then(|seed| seed.parse().ok()).ok_or_else(|| other("the seed"))?;
        Ok(Self { path: path.to_owned(), connection, run: Run { seed, ..run } })
    }

    /// Returns the run that it belongs to.
    #[must_use]
    pub const fn run(&self) -> &Run {
        &self.run
    }

    /// Lets the file have at most so many pages: what a full disk does, for tests.
    #[doc(hidden)]
    pub fn limit_pages(&self, pages: u32) {
        let _ = self.connection.pragma_update(None, "max_page_count", pages);
    }

    /// Reads every call that has not ended, or why it cannot be read.
    ///
    /// # Errors
    ///
    /// What keeps the file from being read.
    pub fn unfinished(&self) -> Result<Vec<Result<Unfinished, JournalError>>, JournalError> {
        self.read("state <> 'done'", |row| {
            let mut entry = self.entry(row)?;
            let id = entry.name.id.clone();
            let wrong = |what: &str| self.wrong(&id, what);
            let state = State::from_name(text(row, 3)).ok_or_else(|| wrong("its state is none"))?;
            if !matches!(state, State::Waiting | State::Sending) {
                return Err(wrong("its state is none that a run leaves"));
            }
            let call = match row.get_ref(5) {
                Ok(ValueRef::Null) if state == State::Sending => None,
                _ => match text(row, 5) {
                    "" => return Err(wrong("the stored call is missing")),
                    call => Some(call.to_owned()),
                },
            };
            let due = row.get(6).map_err(|_| wrong("its time is none"))?;
            entry.created = row.get(8).map_err(|_| wrong("its time is none"))?;
            Ok(Unfinished { entry, state, call, due })
        })
    }

    /// Reads every call that has ended, in the order in which they began, and hands out its entry and its outcome; or why it cannot be
    /// read. What `each` says ends it.
    ///
    /// # Errors
    ///
    /// What keeps the file from being read.
    pub fn ended(
        &self,
        mut each: impl FnMut(Result<(Entry, &str), JournalError>) -> bool,
    ) -> Result<(), JournalError> {
        let of = |error| JournalError::of(&self.path, error);
        let mut rows = self.connection.prepare(&select("state = 'done'")).map_err(of)?;
        let mut rows = rows.query([]).map_err(of)?;
        while let Some(row) = rows.next().map_err(of)? {
            let read = self.entry(row).and_then(|entry| match text(row, 7) {
                "" => Err(self.wrong(&entry.name.id, "its outcome is missing")),
                outcome => Ok((entry, outcome)),
            });
            if !each(read) {
                break;
            }
        }
        Ok(())
    }

    /// Tells for each call whether the journal has it.
    pub(crate) fn known(&self, names: &[Name]) -> Result<Vec<bool>, JournalError> {
        let of = |error| JournalError::of(&self.path, error);
        let mut found =
            self.connection.prepare_cached("SELECT plan FROM calls WHERE id = ?1").map_err(of)?;
        let known = |name: &Name| {
            let plan = found
                .query_row([&name.id], |row| row.get::<_, String>(0))
                .optional()
                .map_err(of)?;
            let Some(plan) = plan else { return Ok(false) };
            let (line, digest) = plan_of(&plan)
                .ok_or_else(|| self.wrong(&name.id, "where its plan stands cannot be read"))?;
            if line != name.line {
                let (id, first, second) = (name.id.clone(), line, name.line);
                return Err(JournalError::Twice { id, first, second });
            }
            if digest != name.digest {
                return Err(JournalError::Changed { id: name.id.clone(), line });
            }
            Ok(true)
        };
        names.iter().map(known).collect()
    }

    /// Writes a batch, all of it or nothing. A name that is taken is the fault of its entry alone.
    pub(crate) fn write<'a>(
        &mut self,
        batch: impl Iterator<Item = (&'a mut Entry, &'a Change)>,
    ) -> Result<Vec<Result<(), JournalError>>, JournalError> {
        let now = now();
        let path = self.path.clone();
        let of = |error| JournalError::of(&path, error);
        let transaction = self.connection.transaction().map_err(of)?;
        let mut results = Vec::new();
        {
            let mut insert = transaction.prepare_cached(INSERT).map_err(of)?;
            let mut update = transaction.prepare_cached(UPDATE).map_err(of)?;
            for (entry, change) in batch {
                let (state, call, due, outcome) = match change {
                    Change::Sending(call) => (State::Sending, call.as_ref(), None, None),
                    Change::Waiting(call, due) => (State::Waiting, Some(call), Some(*due), None),
                    Change::Done(outcome) => (State::Done, None, None, Some(outcome)),
                };
                let epoch = match state {
                    // After the last one comes the first, since only whether it is the same counts.
                    State::Sending => entry.epoch % LAST_EPOCH + 1,
                    _ => entry.epoch,
                };
                let name = &entry.name;
                let Some(row) = entry.row else {
                    let plan =
                        format!(r#"{{"line":{},"digest":"{:08x}"}}"#, name.line, name.digest);
                    let inserted = insert.insert(params![
                        name.id,
                        self.run.connection,
                        plan,
                        state.name(),
                        epoch,
                        call,
                        due,
                        outcome,
                        now
                    ]);
                    match inserted {
                        Ok(row) => {
                            (entry.row, entry.epoch, entry.created) = (Some(row), epoch, now);
                            results.push(Ok(()));
                        }
                        Err(error)
                            if error.sqlite_error_code()
                                == Some(ErrorCode::ConstraintViolation) =>
                        {
                            results.push(Err(twice(&transaction, name, &path)));
                        }
                        Err(error) => return Err(of(error)),
                    }
                    continue;
                };
                let changed = update.execute(params![
                    state.name(),
                    epoch,
                    call,
                    due,
                    outcome,
                    now,
                    row,
                    entry.epoch
                ]);
                results.push(match changed.map_err(of)? {
                    1 => {
                        entry.epoch = epoch;
                        Ok(())
                    }
                    _ => Err(JournalError::Row {
                        file: shown(&path),
                        id: name.id.clone(),
                        what: "somebody else has changed it".to_owned(),
                    }),
                });
            }
        }
        transaction.commit().map_err(of)?;
        Ok(results)
    }

    /// Closes the file, all in one piece: what stands beside it is gone.
    pub(crate) fn close(self) -> Result<(), JournalError> {
        let path = self.path;
        self.connection.close().map_err(|(_, error)| JournalError::of(&path, error))
    }

    fn read<T>(
        &self,
        which: &str,
        mut of_row: impl FnMut(&rusqlite::Row<'_>) -> T,
    ) -> Result<Vec<T>, JournalError> {
        let of = |error| JournalError::of(&self.path, error);
        let mut rows = self.connection.prepare(&select(which)).map_err(of)?;
        let mut rows = rows.query([]).map_err(of)?;
        let mut read = Vec::new();
        while let Some(row) = rows.next().map_err(of)? {
            read.push(of_row(row));
        }
        Ok(read)
    }

    fn entry(&self, row: &rusqlite::Row<'_>) -> Result<Entry, JournalError> {
        let id = text(row, 1).to_owned();
        let wrong = |what: &str| self.wrong(&id, what);
        let number = row.get(0).map_err(|_| wrong("its row has no number"))?;
        let (line, digest) =
            plan_of(text(row, 2)).ok_or_else(|| wrong("where its plan stands cannot be read"))?;
        let epoch: i64 = row.get(4).map_err(|_| wrong("its epoch is none"))?;
        if !(0..=LAST_EPOCH).contains(&epoch) {
            return Err(wrong("its epoch is none"));
        }
        let name = Name { id, line, digest };
        Ok(Entry { name, row: Some(number), epoch, created: 0 })
    }

    fn wrong(&self, id: &str, what: &str) -> JournalError {
        let (id, what) = (id.to_owned(), what.to_owned());
        JournalError::Row { file: shown(&self.path), id, what }
    }
}

fn select(which: &str) -> String {
    format!(
        "SELECT rowid, id, plan, state, epoch, call, due, outcome, created FROM calls WHERE {which} ORDER BY rowid"
    )
}

/// A text of a row; nothing where it is none.
fn text<'a>(row: &'a rusqlite::Row<'_>, column: usize) -> &'a str {
    match row.get_ref(column) {
        Ok(ValueRef::Text(text)) => std::str::from_utf8(text).unwrap_or_default(),
        _ => "",
    }
}

/// Where a plan stands: its line, and the digest of it.
fn plan_of(text: &str) -> Option<(u64, u32)> {
    let plan: serde_json::Value = serde_json::from_str(text).ok()?;
    let digest = u32::from_str_radix(plan.get("digest")?.as_str()?, 16).ok()?;
    Some((plan.get("line")?.as_u64()?, digest))
}

fn twice(connection: &Connection, name: &Name, path: &Path) -> JournalError {
    let plan = connection
        .prepare_cached("SELECT plan FROM calls WHERE id = ?1")
        .and_then(|mut found| found.query_row([&name.id], |row| row.get::<_, String>(0)));
    match plan {
        Ok(plan) => {
            let first = plan_of(&plan).map_or(0, |(line, _)| line);
            JournalError::Twice { id: name.id.clone(), first, second: name.line }
        }
        Err(error) => JournalError::of(path, error),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Makes the file with its tables.
fn make(path: &Path, run: &Run) -> Result<(), JournalError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| of_io(path, &error))?;
    let tables = || {
        let mut connection = Connection::open_with_flags(path, flags())?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction()?;
        transaction.execute_batch(SCHEMA)?;
        let seed = run.seed.to_string();
        let values = [
            ("connection", run.connection.as_ref()),
            ("calls", Some(&run.calls)),
            ("seed", Some(&seed)),
        ];
        for (key, value) in values {
            if let Some(value) = value {
                transaction.execute("INSERT INTO run VALUES(?1, ?2)", [key, value])?;
            }
        }
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", FORM)?;
        transaction.commit()?;
        connection.close().map_err(|(_, error)| error)
    };
    tables().map_err(|error| JournalError::of(path, error))
}

fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// Opens the file for one owner, and looks whether it is a journal.
fn connect(path: &Path, durability: Durability) -> Result<Connection, JournalError> {
    let of = |error| JournalError::of(path, error);
    let connection = Connection::open_with_flags(path, flags()).map_err(of)?;
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let form = |what: String| JournalError::Form { file: shown(path), what };
    connection.busy_timeout(Duration::ZERO).map_err(of)?;
    // Before the first read: then there is no memory to share, and nobody else to share it with.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(of)?;
    if number("application_id").map_err(of)? != APPLICATION {
        return Err(form("this is no journal".to_owned()));
    }
    match number("user_version").map_err(of)? {
        FORM => {}
        newer if newer > FORM => {
            return Err(form(format!(
                "the journal is of form {newer}, and this version reads {FORM}: it is newer"
            )));
        }
        older => {
            return Err(form(format!(
                "the journal is of form {older}, and this version reads {FORM}: it is older"
            )));
        }
    }
    let settings = || {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        let synchronous = match durability {
            Durability::Process => "NORMAL",
            Durability::Machine => "FULL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "wal_autocheckpoint", 8_000)?;
        connection.pragma_update(None, "cache_size", -16_000)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        // Takes the lock, and finds out whether the file can be written.
        connection.execute_batch("BEGIN IMMEDIATE; UPDATE run SET value = value; COMMIT")
    };
    settings().map_err(of)?;
    Ok(connection)
}

fn of_io(path: &Path, error: &io::Error) -> JournalError {
    let code = match error.kind() {
        io::ErrorKind::PermissionDenied => rusqlite::ffi::SQLITE_READONLY,
        io::ErrorKind::StorageFull => rusqlite::ffi::SQLITE_FULL,
        _ => rusqlite::ffi::SQLITE_CANTOPEN,
    };
    let cause =
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(error.to_string()));
    JournalError::Storage { file: shown(path), cause: std::sync::Arc::new(cause) }
}
