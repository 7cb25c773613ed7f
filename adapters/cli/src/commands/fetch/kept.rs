//! The part of a file that is there, beside the place of the file: `FILE.part`, and in `FILE.part.json` of what it is a part. Nobody
//! else can read the two; the first one becomes the file when it is whole.
//!
//! What is written down of a part holds for no other: it goes before the part is begun anew, and comes only after that. So a part
//! and what is known of it belong together, wherever a process ends.

use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::part::{Known, Part};
use crate::exit::Problem;
use crate::private;

/// How often it is written down how much is there for certain.
const CADENCE: Duration = Duration::from_secs(1);
/// The longest record that is read, in bytes.
const MAX_RECORD: u64 = 64 << 10;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    schema: u32,
    /// A digest of what was asked for.
    asked: String,
    known: Known,
    /// How much of the part is on the disk.
    synced: u64,
}

/// A part in the making.
pub(super) struct Kept {
    file: File,
    place: PathBuf,
    part: PathBuf,
    record: PathBuf,
    asked: String,
    synced: Instant,
}

impl Kept {
    /// Opens the part of `place`, which nobody else may use meanwhile, and tells how much of it is of use for what is asked.
    pub(super) fn open(place: &Path, asked: String, anew: bool) -> Result<(Self, Part), Problem> {
        let shown = place.display();
        if fs::metadata(place).is_ok_and(|about| !about.is_file()) {
            return Err(Problem::usage(format!("{shown} is no file: `call` writes to it")));
        }
        let (part, record) = (beside(place, ".part"), beside(place, ".part.json"));
        if fs::symlink_metadata(&part).is_ok_and(|about| !about.is_file()) {
            return Err(Problem::local(format!("{} is no file", part.display())));
        }
        let file = private::open(&part).map_err(|error| problem(&part, &error))?;
        // Whoever had it may have put it in its place meanwhile: then it is called otherwise.
        if !private::lock(&file, &part).map_err(|error| problem(&part, &error))? {
            return Err(busy(place));
        }
        let mut kept =
            Self { file, place: place.to_owned(), part, record, asked, synced: Instant::now() };
        let there = if anew { None } else { kept.read() };
        let part = match there {
            Some(part) if part.have() > 0 => {
                kept.cut(part.have())?;
                part
            }
            _ => {
                kept.begin()?;
                Part::default()
            }
        };
        Ok((kept, part))
    }

    /// What was written down, if it is of this part and of what is asked.
    fn read(&self) -> Option<Part> {
        let text = private::read(&self.record, MAX_RECORD).ok()?;
        let record: Record = serde_json::from_str(&text).ok()?;
        let there = self.file.metadata().ok()?.len();
        let fits = record.schema == 1 && record.asked == self.asked && record.synced <= there;
        fits.then(|| Part::kept(record.known, record.synced))
    }

    fn cut(&mut self, len: u64) -> Result<(), Problem> {
        let cut = self.file.set_len(len).and_then(|()| self.file.seek(SeekFrom::Start(len)));
        cut.map(|_| ()).map_err(|error| problem(&self.part, &error))
    }

    /// Makes the part an empty one, of which nothing is known.
    pub(super) fn begin(&mut self) -> Result<(), Problem> {
        match fs::remove_file(&self.record) {
            Ok(()) => sync_folder(&self.record),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(problem(&self.record, &error)),
        }
        self.cut(0)
    }

    /// Puts bytes behind what is there.
    pub(super) fn write(&mut self, piece: &[u8], part: &Part) -> Result<(), Problem> {
        self.file.write_all(piece).map_err(|error| problem(&self.part, &error))?;
        if self.synced.elapsed() >= CADENCE {
            self.keep(part)?;
        }
        Ok(())
    }

    /// Writes down how far it has come, so that another run can go on.
    pub(super) fn keep(&mut self, part: &Part) -> Result<(), Problem> {
        self.synced = Instant::now();
        if !part.goes_on() {
            return Ok(());
        }
        self.file.sync_data().map_err(|error| problem(&self.part, &error))?;
        let (asked, known) = (self.asked.clone(), part.known().clone());
        let record = Record { schema: 1, asked, known, synced: part.have() };
        private::write(&self.record, &serde_json::to_string(&record).unwrap_or_default())
    }

    /// Reads all that is there, from its beginning.
    pub(super) fn each(&mut self, mut take: impl FnMut(&[u8])) -> Result<(), Problem> {
        let mut buffer = vec![0; 64 << 10];
        let mut read = || {
            self.file.seek(SeekFrom::Start(0))?;
            loop {
                match self.file.read(&mut buffer) {
                    Ok(0) => return Ok(()),
                    Ok(count) => take(&buffer[..count]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        };
        read().map_err(|error: io::Error| problem(&self.part, &error))
    }

    /// Puts the file in its place.
    pub(super) fn done(self) -> Result<(), Problem> {
        let put = || {
            self.file.sync_all()?;
            private::readable_as(&self.file, &self.place)?;
            fs::rename(&self.part, &self.place)
        };
        put().map_err(|error| problem(&self.place, &error))?;
        let _ = fs::remove_file(&self.record);
        sync_folder(&self.place);
        Ok(())
    }

    /// Leaves nothing behind that is of no use to a later run.
    pub(super) fn give_up(self) {
        let _ = fs::remove_file(&self.record);
        let _ = fs::remove_file(&self.part);
    }

    /// Where it is written down of what it is a part.
    pub(super) fn record(&self) -> &Path {
        &self.record
    }

    /// The part, should the command be interrupted while it is of no use.
    pub(super) fn path(&self) -> &Path {
        &self.part
    }
}

/// What was renamed or removed is so after a power cut, too; where a folder cannot be told, it is left.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn beside(place: &Path, end: &str) -> PathBuf {
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(end);
    place.with_file_name(name)
}

fn busy(place: &Path) -> Problem {
    Problem::local(format!("{}: another process fetches it", place.display()))
}

fn problem(path: &Path, error: &io::Error) -> Problem {
    Problem::local(format!("cannot write {}: {error}", path.display()))
}
