//! The file: made, opened, and read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _};

use crate::batch::LAST_EPOCH;
use crate::beside::{half_made, has_wal, left_behind, tidy};
use crate::error::{JournalError, shown};
use crate::form::{connect, make, of_io, own};
use crate::row::{Entry, Name, State, Unfinished, plan_of};
use crate::sends::{Sends, settle};

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
    pub(crate) connection: Connection,
    run: Run,
    durability: Durability,
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
        let left = left_behind(path);
        if !left.is_empty() {
            // Another run may have made it by now.
            return Err(if path.symlink_metadata().is_ok() {
                JournalError::Exists(shown(path))
            } else {
                let left: Vec<_> = left.iter().map(|path| shown(path)).collect();
                let what = format!(
                    "there is none, but what belongs to one: put them together again, or remove {}",
                    left.join(" and ")
                );
                JournalError::Form { file: shown(path), what }
            });
        }
        tidy(path);
        let beside = half_made(path);
        let named = |error| match error {
            JournalError::Storage { cause, .. } => {
                JournalError::Storage { file: shown(path), cause }
            }
            other => other,
        };
        let made = make(&beside, &run).map_err(named).and_then(|()| {
            fs::hard_link(&beside, path).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => JournalError::Exists(shown(path)),
                _ => of_io(path, &error),
            })
        });
        let _ = fs::remove_file(&beside);
        made?;
        let connection = own(path, durability)?;
        Ok(Self { path: path.to_owned(), connection, run, durability })
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
        let is_whole = has_wal(path);
        let connection = own(path, durability)?;
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
        settle(path, &connection, run.connection.as_deref(), None, is_whole)?;
        tidy(path);
        let run = Run { seed, ..run };
        Ok(Self { path: path.to_owned(), connection, run, durability })
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

    /// Has first requests noted beside the file, unless each entry has to wait for the disk.
    pub(crate) fn sends(&self) -> Option<Sends> {
        match self.durability {
            Durability::Process => Sends::new(&self.path, &self.connection),
            Durability::Machine => None,
        }
    }

    /// Closes the file, all in one piece: what stands beside it is gone.
    pub(crate) fn close(self, sends: Option<&Sends>) -> Result<(), JournalError> {
        settle(&self.path, &self.connection, self.run.connection.as_deref(), sends, true)?;
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
        Ok(Entry { name, row: Some(number), slot: None, epoch, created: 0 })
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
