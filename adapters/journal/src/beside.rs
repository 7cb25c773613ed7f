//! The files beside the journal: where they are, and whose.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::sends::MAGIC;

const SENDS: &str = "-sends";

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
