//! The file beside the journal, in which each first request is noted before it is sent: one small write, which no other thread waits for. What is in it
//! survives the process. It is there while a run has the journal, and after one that was killed; what was under way then is
//! [taken](settle) into the table when the journal is opened.
//!
//! ```text
//! noted (a slot) ──▶ sent ──▶ the call has a row: the slot is free, and says nothing more
//!                     └── killed ──▶ opened: the slot whose call has no row becomes one, `sending`
//! ```

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::beside::{all_of, is_one, sends};
use crate::error::{JournalError, shown};
use crate::row::{Name, State, plan};

/// What the file begins with; the number that the journal knows it by comes next, then what the table had at least, and the last slot.
pub(crate) const MAGIC: &[u8; 8] = b"hhjsends";
/// Where that number stands.
const NUMBER: usize = 8;
/// Where it stands how many sends the rows of the table told of when it was written last.
const EPOCHS: usize = 16;
/// Where the last slot stands that the file has room for.
const LAST: usize = 24;
/// The length of a slot, in bytes. None crosses the border of a page of memory, so each is written whole or not at all.
const SLOT: usize = 256;
/// What stands in a slot before the id: its digest, the line, the time, the digest of the line, the length of the id.
const HEAD: usize = 8 + 8 + 8 + 4 + 2;
/// How many slots have room on the disk from the start.
const ROOM: u32 = 255;
/// How many slots there are at most: as many outcomes may gather.
const MOST: u32 = 1 << 13;

/// The notes of the requests that are under way.
pub(crate) struct Sends {
    file: File,
    path: PathBuf,
    slots: Mutex<Slots>,
    /// How many sends the rows of the table tell of.
    epochs: AtomicI64,
}

struct Slots {
    free: Vec<u32>,
    /// The last that the file has room for.
    last: u32,
    /// Of each slot, which of all notes is in it.
    notes: Vec<u64>,
    count: u64,
}

/// Where a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    index: u32,
    note: u64,
}

impl Sends {
    /// Makes the file, and has the journal know of it; `None` where there can be none: then each note is a row.
    pub(crate) fn new(journal: &Path, connection: &Connection) -> Option<Self> {
        if !cfg!(unix) {
            return None;
        }
        let path = sends(journal);
        if is_one(&path) {
            fs::remove_file(&path).ok()?;
        }
        let number = RandomState::new().hash_one(&path);
        let epochs = epochs(connection).ok()?;
        let file = make(&path, number, epochs).ok()?;
        let sends = Self { file, path, slots: Mutex::new(Slots::default()), epochs: epochs.into() };
        // The journal without this file would not say what was under way: that it is there stands in the journal itself.
        let told = connection
            .execute("INSERT INTO run VALUES('sends', ?1)", [number.to_string()])
            .and_then(|_| connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())));
        if told.is_err() {
            // Where the journal goes on to know of it, it has to be there.
            if connection.execute("DELETE FROM run WHERE key = 'sends'", []).is_ok() {
                let _ = fs::remove_file(&sends.path);
            }
            return None;
        }
        Some(sends)
    }

    /// Notes a request; `None`: it has to be a row.
    pub(crate) fn note(&self, name: &Name, now: i64) -> Option<Slot> {
        let bytes = written(name, now)?;
        let slot = self.lock().take()?;
        let is_written = write_slot(&self.file, &bytes, slot.index).is_ok();
        if is_written && self.reaches(slot.index) {
            return Some(slot);
        }
        if is_written {
            self.erase(slot);
        } else {
            self.free(slot);
        }
        None
    }

    /// The file has room up to this slot, and says so: cut off, it is not taken for whole.
    fn reaches(&self, index: u32) -> bool {
        let mut slots = self.lock();
        if index > slots.last {
            let is_told = write_at(&self.file, &u64::from(index).to_le_bytes(), LAST as u64);
            if is_told.is_err() {
                return false;
            }
            slots.last = index;
        }
        true
    }

    /// Rows of so many more sends are in the table. One writer has it at a time.
    pub(crate) fn wrote(&self, more: i64) {
        if more > 0 {
            let all = self.epochs.fetch_add(more, Ordering::Relaxed).saturating_add(more);
            let _ = write_at(&self.file, &all.to_le_bytes(), EPOCHS as u64);
        }
    }

    /// All that is in the file, wherever it may be by now.
    fn read(&self) -> io::Result<Vec<u8>> {
        let (mut file, mut all) = (&self.file, Vec::new());
        file.rewind()?;
        file.read_to_end(&mut all)?;
        Ok(all)
    }

    /// It is not sent after all.
    pub(crate) fn erase(&self, slot: Slot) {
        if write_slot(&self.file, &[0; SLOT], slot.index).is_ok() {
            self.free(slot);
        }
    }

    /// The call has a row.
    pub(crate) fn free(&self, slot: Slot) {
        self.lock().free(slot);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Slots {
    fn default() -> Self {
        let (free, notes) = ((1..=ROOM).rev().collect(), vec![0; ROOM as usize + 1]);
        Self { free, last: ROOM, notes, count: 0 }
    }
}

impl Slots {
    fn take(&mut self) -> Option<Slot> {
        let index = if let Some(index) = self.free.pop() {
            index
        } else {
            let index = u32::try_from(self.notes.len()).ok().filter(|index| *index < MOST)?;
            self.notes.push(0);
            index
        };
        self.count += 1;
        *self.notes.get_mut(index as usize)? = self.count;
        Some(Slot { index, note: self.count })
    }

    /// Once: the slot may have another note since.
    fn free(&mut self, slot: Slot) {
        if let Some(note) = self.notes.get_mut(slot.index as usize).filter(|own| **own == slot.note)
        {
            *note = 0;
            self.free.push(slot.index);
        }
    }
}

/// Takes what was under way into the table, if a run was killed, and removes the file; `own`: the file of a run that ends. `is_whole`: the
/// journal was found with what SQLite has beside it. Of calls under way no row tells more than that.
pub(crate) fn settle(
    journal: &Path,
    connection: &Connection,
    of_run: Option<&str>,
    own: Option<&Sends>,
    is_whole: bool,
) -> Result<(), JournalError> {
    let of = |error| JournalError::of(journal, error);
    let known = connection
        .query_row("SELECT value FROM run WHERE key = 'sends'", [], |row| row.get::<_, String>(0))
        .optional()
        .map_err(of)?;
    let Some(known) = known else { return Ok(()) };
    let path = own.map_or_else(|| sends(journal), |own| own.path.clone());
    let form = |what: &str| JournalError::Form { file: shown(&path), what: what.to_owned() };
    let all = own.map_or_else(|| all_of(&path), Sends::read).map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            return form(
                "what was under way when the run was killed is in this file, and it is not beside the journal: put it back. \
                Where it is lost, the journal's README says how to go on without it",
            );
        }
        form(&format!("it cannot be read: {error}"))
    })?;
    let mut slots = all.chunks_exact(SLOT);
    let Some(head) = slots.next() else {
        return Err(form("it was cut off"));
    };
    if !head.starts_with(MAGIC) || number(head, NUMBER).map(|own| own.to_string()) != Some(known) {
        return Err(form("it is of another run than the journal beside it"));
    }
    if (slots.len() as u64) < number(head, LAST).unwrap_or(u64::MAX) {
        return Err(form("it was cut off"));
    }
    let told = number(head, EPOCHS).and_then(|told| i64::try_from(told).ok());
    if !is_whole && told.is_none_or(|told| epochs(connection).map_or(true, |own| own < told)) {
        return Err(JournalError::Form {
            file: shown(journal),
            what: "what was written last is missing: it is in the file of this name and `-wal`, which is not beside it".to_owned(),
        });
    }
    let transaction = connection.unchecked_transaction().map_err(of)?;
    for (name, created) in slots.filter_map(read) {
        transaction
            .prepare_cached(
                "INSERT INTO calls(id, connection, plan, state, epoch, created, updated)
                VALUES(?1, ?2, ?3, ?4, 1, ?5, ?5) ON CONFLICT(id) DO NOTHING",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    name.id,
                    of_run,
                    plan(&name),
                    State::Sending.name(),
                    created
                ])
            })
            .map_err(of)?;
    }
    transaction.execute("DELETE FROM run WHERE key = 'sends'", []).map_err(of)?;
    transaction.commit().map_err(of)?;
    // What is in the table is on the disk before what it was read from is gone.
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).map_err(of)?;
    let _ = fs::remove_file(&path);
    Ok(())
}

/// How many sends the rows tell of. It reads all rows, 0.1 s for a million: a run that goes on reads them anyway, to tell
/// how they ended, in eight times that. A sum kept in a row of its own would be one more page that each batch writes.
fn epochs(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(sum(epoch), 0) FROM calls", [], |row| row.get(0))
}

fn make(path: &Path, number: u64, epochs: i64) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    let made = || {
        let mut head = [0; SLOT];
        head[..NUMBER].copy_from_slice(MAGIC);
        head[NUMBER..EPOCHS].copy_from_slice(&number.to_le_bytes());
        head[EPOCHS..LAST].copy_from_slice(&epochs.to_le_bytes());
        head[LAST..LAST + 8].copy_from_slice(&u64::from(ROOM).to_le_bytes());
        write_slot(&file, &head, 0)?;
        (1..=ROOM).try_for_each(|slot| write_slot(&file, &[0; SLOT], slot))
    };
    match made() {
        Ok(()) => Ok(file),
        Err(error) => {
            let _ = fs::remove_file(path);
            Err(error)
        }
    }
}

fn write_slot(file: &File, bytes: &[u8; SLOT], slot: u32) -> io::Result<()> {
    write_at(file, bytes, u64::from(slot) * SLOT as u64)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    file.write_all_at(bytes, at)
}

#[cfg(not(unix))]
fn write_at(_: &File, _: &[u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What stands in the slot of a call; `None`: its id is too long for one.
fn written(name: &Name, created: i64) -> Option<[u8; SLOT]> {
    let mut bytes = [0; SLOT];
    let len = u16::try_from(name.id.len()).ok()?;
    bytes.get_mut(HEAD..HEAD + name.id.len())?.copy_from_slice(name.id.as_bytes());
    bytes[8..16].copy_from_slice(&name.line.to_le_bytes());
    bytes[16..24].copy_from_slice(&created.to_le_bytes());
    bytes[24..28].copy_from_slice(&name.digest.to_le_bytes());
    bytes[28..30].copy_from_slice(&len.to_le_bytes());
    let digest = digest(&bytes[8..]);
    bytes[..8].copy_from_slice(&digest.to_le_bytes());
    Some(bytes)
}

/// What stands in a slot; `None`: nothing that was written whole.
fn read(bytes: &[u8]) -> Option<(Name, i64)> {
    if number(bytes, 0)? != digest(bytes.get(8..)?) {
        return None;
    }
    let digest = u32::from_le_bytes(bytes.get(24..28)?.try_into().ok()?);
    let len = u16::from_le_bytes(bytes.get(28..30)?.try_into().ok()?);
    let id = std::str::from_utf8(bytes.get(HEAD..HEAD + usize::from(len))?).ok()?;
    let name = Name { id: id.to_owned(), line: number(bytes, 8)?, digest };
    let created = i64::from_le_bytes(bytes.get(16..24)?.try_into().ok()?);
    Some((name, created))
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// FNV-1a, word by word: it finds what was not written whole. That of nothing but zeros is not zero.
fn digest(bytes: &[u8]) -> u64 {
    let words = bytes.chunks_exact(8).map(|word| word.try_into().map_or(0, u64::from_le_bytes));
    words.fold(0xcbf2_9ce4_8422_2325, |hash, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read() {
        for id in ["", "c1", "Grüße", &"x".repeat(SLOT - HEAD)] {
            let name = Name { id: id.to_owned(), line: u64::MAX, digest: 7 };
            let bytes = written(&name, -1).unwrap();
            assert_eq!(read(&bytes), Some((name, -1)));
            for at in 0..SLOT {
                let mut other = bytes;
                other[at] ^= 1;
                assert_eq!(read(&other), None, "{at}");
            }
        }
        let long = Name { id: "x".repeat(SLOT - HEAD + 1), line: 1, digest: 7 };
        assert!(written(&long, 0).is_none());
        assert!(read(&[0; SLOT]).is_none(), "an empty slot");
    }

    #[test]
    fn a_slot_is_freed_once() {
        let mut slots = Slots::default();
        let first = slots.take().unwrap();
        slots.free(first);
        let second = slots.take().unwrap();
        assert_eq!(first.index, second.index);
        slots.free(first);
        assert_ne!(slots.take().unwrap().index, second.index, "it has another note");
        let taken = (0..2 * MOST).filter_map(|_| slots.take()).count();
        assert_eq!(taken, MOST as usize - 3);
    }
}
