//! The part of a file that is there, beside the place of the file: `FILE.part`, and in `FILE.part.json` of what it is a part. Nobody
//! else can read the two; the first one becomes the file when it is whole.
//!
//! What is written down of a part holds for no other: it is made void before the part is begun anew, and says something only after
//! that. So a part and what is known of it belong together, wherever a process ends. A part with nothing written down of it is
//! somebody else's, and stays as it is.

use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::part::{Known, Part};
use crate::exit::Problem;
use crate::private::{self, with_end};

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
    /// Whether it is written down how another run goes on.
    goes_on: bool,
}

impl Kept {
    /// Opens the part of `place`, which nobody else may use meanwhile, and tells how much of it is of use for what is asked.
    pub(super) fn open(place: &Path, asked: String, anew: bool) -> Result<(Self, Part), Problem> {
        let shown = place.display();
        if private::is_special(place) {
            return Err(Problem::usage(format!("{shown} is no file: `call` writes to it")));
        }
        let (part, record) = (with_end(place, ".part"), with_end(place, ".part.json"));
        let file = private::open(&part).map_err(|error| problem(&part, &error))?;
        // Whoever had it may have put it in its place meanwhile: then it is called otherwise.
        if !private::lock(&file, &part).map_err(|error| problem(&part, &error))? {
            return Err(busy(place));
        }
        let (place, synced, goes_on) = (place.to_owned(), Instant::now(), false);
        let mut kept = Self { file, place, part, record, asked, synced, goes_on };
        kept.check()?;
        private::own(&kept.file).map_err(|error| problem(&kept.part, &error))?;
        let there = if anew { None } else { kept.read() };
        let part = match there {
            Some(part) if part.have() > 0 => {
                kept.cut(part.have())?;
                kept.goes_on = true;
                part
            }
            _ => {
                kept.begin()?;
                Part::default()
            }
        };
        Ok((kept, part))
    }

    /// What is there is a part of this command, or nothing.
    fn check(&self) -> Result<(), Problem> {
        let foreign = |path: &Path| {
            let message = format!("{} is there, and no part of a download", path.display());
            Problem::local(message).with_hint("move it away, or choose another -o")
        };
        let named = fs::symlink_metadata(&self.record).is_ok();
        if named && self.record().is_none() {
            return Err(foreign(&self.record));
        }
        let len = self.file.metadata().map_err(|error| problem(&self.part, &error))?.len();
        if len > 0 && !named { Err(foreign(&self.part)) } else { Ok(()) }
    }

    fn record(&self) -> Option<Record> {
        let text = private::read(&self.record, MAX_RECORD).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// What was written down, if it is of this part and of what is asked.
    fn read(&self) -> Option<Part> {
        let record = self.record()?;
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
        self.goes_on = false;
        self.note(Known::default(), 0)?;
        sync_folder(&self.record);
        self.cut(0)
    }

    fn note(&self, known: Known, synced: u64) -> Result<(), Problem> {
        let record = Record { schema: 1, asked: self.asked.clone(), known, synced };
        private::write(&self.record, &serde_json::to_string(&record).unwrap_or_default())
    }

    /// Puts bytes behind what is there.
    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), Problem> {
        self.file.write_all(piece).map_err(|error| problem(&self.part, &error))
    }

    /// Writes down how far it has come, if that was long ago.
    pub(super) fn keep_at_times(&mut self, part: &Part) -> Result<(), Problem> {
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
        self.note(part.known().clone(), part.have())?;
        self.goes_on = true;
        Ok(())
    }

    /// Whether another run can go on with what was written down.
    pub(super) const fn goes_on(&self) -> bool {
        self.goes_on
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
    pub(super) fn noted(&self) -> &Path {
        &self.record
    }

    /// What is to go should the command be interrupted while it is of no use.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        vec![self.part.clone(), self.record.clone()]
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

fn busy(place: &Path) -> Problem {
    Problem::local(format!("{}: another process fetches it", place.display()))
}

fn problem(path: &Path, error: &io::Error) -> Problem {
    Problem::local(format!("cannot write {}: {error}", path.display()))
}
