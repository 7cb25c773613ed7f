//! Files for nobody else to read.

use std::fs::{self, File, OpenOptions};
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
