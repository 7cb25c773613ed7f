//! Files as bodies.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use http_hook::blocking::Body;
use http_hook::body::{Replay, Upload};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

/// Makes a body of a file, for a blocking transport. Its length is read now; it is opened once for each send. What is no file (a pipe,
/// say) has no length, and is sent once. [`on_progress`](Upload::on_progress) tells how far it is.
///
/// # Errors
///
/// If there is no such file, or it may not be looked at.
///
/// # Examples
///
/// ```no_run
/// let upload = http_hook_clock::file("orders.csv")?;
/// assert_eq!(upload.len(), Some(8));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn file(path: impl Into<PathBuf>) -> io::Result<Upload<Body>> {
    upload(path.into(), |file, len| Ok(Body::reader(len, file)))
}

/// Makes a body of what `read` makes of the open file.
pub(crate) fn upload<B>(
    path: PathBuf,
    read: impl Fn(File, Option<u64>) -> Result<B, TransportError> + Send + 'static,
) -> io::Result<Upload<B>> {
    let about = path.metadata().map_err(|error| of(&path, &error))?;
    if about.is_dir() {
        return Err(of(&path, &io::ErrorKind::IsADirectory.into()));
    }
    let (len, replay) =
        if about.is_file() { (Some(about.len()), Replay::Again) } else { (None, Replay::Once) };
    let filename = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let open = move || read(File::open(Path::new(&path)).map_err(unread)?, len);
    let upload = Upload::new(len, replay, open);
    Ok(match filename {
        Some(filename) => upload.with_filename(filename),
        None => upload,
    })
}

/// An error about a file, with its path: whoever is told gave it.
pub(crate) fn of(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Tells that a file cannot be read, without its path.
pub(crate) fn unread(error: io::Error) -> TransportError {
    TransportError::new(Kind::RequestBody, Sent::No).with_source(error)
}
