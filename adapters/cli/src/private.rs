//! Files for nobody else to read.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::exit::Problem;

/// Writes a file as a whole: beside its place first, then in it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let beside = beside(path);
    let written = write_new(&beside, text).and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        Problem::local(format!("cannot write {}: {error}", path.display()))
    })
}

/// Reads a file of at most `limit` bytes; what is no file is not waited for.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<String> {
    if fs::metadata(path).is_ok_and(|about| !about.is_file()) {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = String::new();
    let count = File::open(path)?.take(limit.saturating_add(1)).read_to_string(&mut text)?;
    if u64::try_from(count).is_ok_and(|count| count <= limit) {
        return Ok(text);
    }
    Err(io::Error::other(format!("it is longer than {limit} bytes")))
}

/// Lets those read a file who could read the one that it replaces, or any new one.
pub(crate) fn readable_as(file: &File, place: &Path) -> io::Result<()> {
    if let Ok(before) = fs::metadata(place) {
        return file.set_permissions(before.permissions());
    }
    let trial = beside(place);
    let made = OpenOptions::new().write(true).create_new(true).open(&trial)?;
    let permissions = made.metadata().map(|about| about.permissions());
    let _ = fs::remove_file(&trial);
    file.set_permissions(permissions?)
}

/// A name beside a file that nobody else has.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Opens a file to write in it, and makes one for nobody else if there is none.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Locks an open file, as long as it is open. `false`: another process has it, or it is no longer what is called so.
pub(crate) fn lock(file: &File, path: &Path) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(is_at(file, path)),
        Err(TryLockError::WouldBlock) => Ok(false),
        // A place without locks is used as before there were any.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether an open file is still called so.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(own), Ok(there)) => (own.dev(), own.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// What is open cannot be renamed here.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// The right to use a file that is replaced as a whole: a lock on another one beside it.
pub(crate) struct Claim {
    path: PathBuf,
    _file: File,
}

impl Claim {
    /// Claims a file; `None`: another process has it.
    pub(crate) fn of(path: &Path) -> io::Result<Option<Self>> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let path = path.with_file_name(name);
        let file = open(&path)?;
        Ok(lock(&file, &path)?.then(|| Self { path, _file: file }))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
