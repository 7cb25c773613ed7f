//! What becomes of calls, written in one transaction a batch.

use std::path::Path;
use std::time::SystemTime;

use rusqlite::{CachedStatement, Connection, ErrorCode, params};

use crate::error::{JournalError, shown};
use crate::file::Journal;
use crate::row::{Entry, Name, State, plan, plan_of};

/// The most that the table of an engine holds, too.
pub(crate) const LAST_EPOCH: i64 = 0x7fff_ffff;

const INSERT: &str =
    "INSERT INTO calls(id, connection, plan, state, epoch, call, due, outcome, created, updated)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const UPDATE: &str =
    "UPDATE calls SET state = ?1, epoch = ?2, call = ?3, due = ?4, outcome = ?5, updated = ?6
    WHERE rowid = ?7 AND epoch = ?8";

/// What becomes of a call.
pub(crate) enum Change {
    /// It is to be sent, and stands so.
    Sending(Option<String>),
    /// It waits, until then.
    Waiting(String, i64),
    /// It ended so.
    Done(String),
}

/// What a row says, but for which call it is.
struct Row<'a> {
    state: State,
    epoch: i64,
    call: Option<&'a str>,
    due: Option<i64>,
    outcome: Option<&'a str>,
}

impl Change {
    /// What the row says after it.
    fn row(&self, epoch: i64) -> Row<'_> {
        let row = |state| Row { state, epoch, call: None, due: None, outcome: None };
        match self {
            // After the last one comes the first, since only whether it is the same counts.
            Self::Sending(call) => {
                Row { epoch: epoch % LAST_EPOCH + 1, call: call.as_deref(), ..row(State::Sending) }
            }
            Self::Waiting(call, due) => {
                Row { call: Some(call), due: Some(*due), ..row(State::Waiting) }
            }
            Self::Done(outcome) => Row { outcome: Some(outcome), ..row(State::Done) },
        }
    }
}

/// A batch under way.
struct Batch<'a> {
    journal: &'a Journal,
    insert: CachedStatement<'a>,
    update: CachedStatement<'a>,
    now: i64,
}

impl Journal {
    /// Writes a batch, all of it or nothing, and counts the sends that its rows tell of and those before them did not. A name that is taken is
    /// the fault of its entry alone.
    pub(crate) fn write<'a>(
        &self,
        batch: impl Iterator<Item = (&'a mut Entry, &'a Change)>,
    ) -> Result<(Vec<Result<(), JournalError>>, i64), JournalError> {
        let of = |error| JournalError::of(&self.path, error);
        let transaction = self.connection.unchecked_transaction().map_err(of)?;
        let (mut results, mut epochs) = (Vec::new(), 0_i64);
        {
            let insert = transaction.prepare_cached(INSERT).map_err(of)?;
            let update = transaction.prepare_cached(UPDATE).map_err(of)?;
            let mut writing = Batch { journal: self, insert, update, now: now() };
            for (entry, change) in batch {
                let row = change.row(entry.epoch);
                results.push(match entry.row {
                    None => {
                        let inserted = writing.insert(entry, &row)?;
                        epochs = epochs.saturating_add(inserted.as_ref().map_or(0, |()| row.epoch));
                        inserted
                    }
                    Some(number) => match writing.update(entry, number, &row)? {
                        1 => {
                            epochs = epochs.saturating_add(row.epoch.saturating_sub(entry.epoch));
                            entry.epoch = row.epoch;
                            Ok(())
                        }
                        _ => Err(JournalError::Row {
                            file: shown(&self.path),
                            id: entry.name.id.clone(),
                            what: "somebody else has changed it".to_owned(),
                        }),
                    },
                });
            }
        }
        transaction.commit().map_err(of)?;
        Ok((results, epochs))
    }
}

impl Batch<'_> {
    fn insert(
        &mut self,
        entry: &mut Entry,
        row: &Row<'_>,
    ) -> Result<Result<(), JournalError>, JournalError> {
        let (name, journal) = (&entry.name, self.journal);
        // One that was noted is as old as its note.
        let created = if entry.slot.is_some() { entry.created } else { self.now };
        let inserted = self.insert.insert(params![
            name.id,
            journal.run().connection,
            plan(name),
            row.state.name(),
            row.epoch,
            row.call,
            row.due,
            row.outcome,
            created,
            self.now
        ]);
        match inserted {
            Ok(number) => {
                (entry.row, entry.epoch, entry.created) = (Some(number), row.epoch, created);
                Ok(Ok(()))
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Ok(Err(twice(&journal.connection, name, &journal.path)))
            }
            Err(error) => Err(JournalError::of(&journal.path, error)),
        }
    }

    /// Counts the rows that it changed.
    fn update(&mut self, entry: &Entry, number: i64, row: &Row<'_>) -> Result<usize, JournalError> {
        let changed = self.update.execute(params![
            row.state.name(),
            row.epoch,
            row.call,
            row.due,
            row.outcome,
            self.now,
            number,
            entry.epoch
        ]);
        changed.map_err(|error| JournalError::of(&self.journal.path, error))
    }
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

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
