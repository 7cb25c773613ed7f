//! Reading files within limits, and replacing them whole.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{SourceError, SourceErrorKind};

/// The longest file that is read, in bytes.
pub(crate) const MAX_FILE: u64 = 64 << 20;

/// How many links are followed to what is not there yet.
const MAX_LINKS: usize = 40;

/// How often what is not there is looked for again: where a link on the way was put to the next version, and the last one taken away, it was
/// not there for a moment (Kubernetes does so with what it mounts).
const AGAIN: usize = 3;

/// Does something with a path, and again where nothing is found.
pub(crate) fn found<T>(look: impl Fn() -> io::Result<T>) -> io::Result<T> {
    for _ in 0..AGAIN {
        match look() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
    }
    look()
}

/// Reads a file as UTF-8. `None`: it does not exist, and may.
pub(crate) fn read(
    path: &Path,
    place: &str,
    optional: bool,
) -> Result<Option<String>, SourceError> {
    match found(|| read_file(path)) {
        Ok(Some(text)) => Ok(Some(text)),
        Ok(None) => Err(SourceError::new(
            SourceErrorKind::Io,
            place,
            format!("not a file of at most {} MiB", MAX_FILE >> 20),
        )),
        Err(error) if optional && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SourceError::of_io(place, &error)),
    }
}

/// `None`: too long, or no file, such as a pipe, which might never end.
fn read_file(path: &Path) -> io::Result<Option<String>> {
    // What it is comes first: to open a pipe waits for its writer.
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let mut text = String::new();
    let length = File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
    Ok(u64::try_from(length).is_ok_and(|length| length <= MAX_FILE).then_some(text))
}

/// Puts a new file in the place of another, which is there whole at any time, the old one or the new one.
///
/// Only its owner can read it, from the first moment on (mode 0600). A symbolic link stays one: the file is put where it leads, whether
/// there is one or not yet.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), SourceError> {
    let place = format!("file {}", path.display());
    // A pipe or a device would be gone.
    if fs::metadata(path).is_ok_and(|about| !about.is_file()) {
        return Err(SourceError::new(SourceErrorKind::Io, place, "it is no file"));
    }
    write(path, text).map_err(|error| SourceError::of_io(place, &error))
}

/// Where a path leads, through links to what is not there yet, too.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::canonicalize(&path) {
            Ok(target) => return Ok(target),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Err(_) => {}
        }
        let Ok(next) = fs::read_link(&path) else { return Ok(path) };
        path = path.parent().map_or_else(|| next.clone(), |folder| folder.join(&next));
    }
    Err(io::Error::other("more links than are followed"))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = target(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // Such a file is made with mode 0600, and goes again if anything fails.
    let mut file = tempfile::Builder::new().prefix(".http-hook-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    // Not every system lets a folder be opened; the file itself is safe by now.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}
