//! The files beside the journal: where they are, and whose.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::sends::MAGIC;

const SENDS: &str = "-sends";

/// The longest that it takes to make a journal: nobody goes on with one that was begun longer ago.
const MAKING: Duration = Duration::from_secs(600);

/// The path of the file, beside that of a journal.
pub(crate) fn sends(journal: &Path) -> PathBuf {
    with(&resolved(journal), SENDS)
}

fn resolved(journal: &Path) -> PathBuf {
    fs::canonicalize(journal).unwrap_or_else(|_| journal.to_owned())
}

fn with(journal: &Path, end: &str) -> PathBuf {
    let mut path = OsString::from(journal);
    path.push(end);
    path.into()
}

/// What is beside a journal that is not there, and belongs to it: a new one would take it for its own.
pub(crate) fn left_behind(journal: &Path) -> Vec<PathBuf> {
    let is_left = |path: &PathBuf| {
        let is_any = path.metadata().is_ok_and(|file| file.is_file() && file.len() > 0);
        is_any && (*path != with(journal, SENDS) || is_one(path))
    };
    let all = ["-wal", "-journal", SENDS].map(|end| with(journal, end));
    all.into_iter().filter(is_left).collect()
}

/// Where a journal is made before it has its name. No other has this one, in another container neither.
pub(crate) fn half_made(journal: &Path) -> PathBuf {
    with(journal, &format!(".{:016x}.new", RandomState::new().hash_one(journal)))
}

/// Removes what processes left that were killed when they made this journal. What another one may be making now is let be, and not opened:
/// that alone would take locks from SQLite.
pub(crate) fn tidy(journal: &Path) {
    let folder = journal.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Ok(files) = fs::read_dir(folder.unwrap_or(Path::new("."))) else { return };
    let is_half = |name: &[u8]| {
        let own = journal.file_name().map_or(&[][..], OsStr::as_encoded_bytes);
        let name = name.strip_suffix(b"-journal").unwrap_or(name).strip_suffix(b".new");
        let number = name.and_then(|name| name.strip_prefix(own)?.strip_prefix(b"."));
        number.is_some_and(|number| {
            number.len() == 16
                && number.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        })
    };
    for file in files.flatten().filter(|file| is_half(file.file_name().as_encoded_bytes())) {
        let is_left = |file: fs::Metadata| {
            let age = file.modified().ok().and_then(|at| at.elapsed().ok());
            file.is_file() && (is_linked(&file) || age.is_some_and(|age| age > MAKING))
        };
        if file.metadata().is_ok_and(is_left) {
            let _ = fs::remove_file(file.path());
        }
    }
}

/// Whether the journal has its name already, and this is a second one.
#[cfg(unix)]
fn is_linked(file: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(file) > 1
}

#[cfg(not(unix))]
const fn is_linked(_: &fs::Metadata) -> bool {
    false
}

/// Whether SQLite has something beside the journal.
pub(crate) fn has_wal(journal: &Path) -> bool {
    with(&resolved(journal), "-wal").metadata().is_ok_and(|file| file.len() > 0)
}

/// Whether such a file is there, or what is left of one whose process was killed when it had made it.
pub(crate) fn is_one(path: &Path) -> bool {
    let mut head = [0; MAGIC.len()];
    match open(path).map(|file| (file.metadata().map_or(1, |file| file.len()), file)) {
        Ok((0, _)) => true,
        Ok((_, mut file)) => file.read_exact(&mut head).is_ok() && head == *MAGIC,
        Err(_) => false,
    }
}

pub(crate) fn all_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    open(path)?.read_to_end(&mut all)?;
    Ok(all)
}

/// Opens it to be read if it is a file: a pipe would be waited for, and a device has no end.
fn open(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"))
    }
}
