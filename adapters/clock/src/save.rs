//! Bodies as files: beside their place while they come, in it once they are whole.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use http_hook::blocking::Body;

use crate::file::of;

/// How much is written at once, in bytes.
const PIECE: usize = 64 << 10;

/// Writes a body, streamed or whole, to a file of at most `limit` bytes. Returns how many there are.
///
/// It is all or nothing: what comes is written beside the file, under a name of its own, and takes its place once it is whole. What breaks off,
/// is longer, or is dropped leaves the file as it was. A link stays, and what it leads to is replaced. What is replaced keeps its permissions,
/// save the bits by which it runs as its owner.
///
/// # Errors
///
/// What breaks in the body, of which [`TransportError::from_body_io`](http_hook::TransportError::from_body_io) makes its own error again; that it is
/// longer (`FileTooLarge`); that what stands at `path` is no file, or may not be written.
///
/// # Examples
///
/// ```
/// use http_hook::blocking::Body;
/// # let path = std::env::temp_dir().join(format!("http-hook-save-{}", std::process::id()));
///
/// // In a program: api.get("v1/export").stream()?.into_body()
/// let body = Body::from("id;name\n1;box\n");
/// assert_eq!(http_hook_clock::save(body, &path, 1 << 30)?, 14);
/// let error = http_hook_clock::save(Body::from("more than that"), &path, 13).unwrap_err();
/// assert_eq!(error.to_string(), "the answer is longer than 13 bytes");
/// assert_eq!(std::fs::read_to_string(&path)?, "id;name\n1;box\n");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn save(mut body: Body, path: impl AsRef<Path>, limit: u64) -> io::Result<u64> {
    let mut room = Room::new(body.len(), limit)?;
    let (mut making, mut file) = Making::begin(path.as_ref())?;
    let mut piece = vec![0; PIECE];
    loop {
        let count = match body.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let came = &piece[..count.min(PIECE)];
        room.take(came.len())?;
        file.write_all(came).map_err(|error| making.about(&error))?;
    }
    making.put(&file)?;
    Ok(room.taken)
}

/// What may come yet.
pub(crate) struct Room {
    pub(crate) taken: u64,
    limit: u64,
}

impl Room {
    /// Refuses at once what says of itself that it is longer.
    pub(crate) fn new(len: Option<u64>, limit: u64) -> io::Result<Self> {
        let room = Self { taken: 0, limit };
        if len.is_some_and(|len| len > limit) { Err(room.too_long()) } else { Ok(room) }
    }

    pub(crate) fn take(&mut self, count: usize) -> io::Result<()> {
        self.taken = self.taken.saturating_add(count as u64);
        if self.taken > self.limit { Err(self.too_long()) } else { Ok(()) }
    }

    fn too_long(&self) -> io::Error {
        let says = format!("the answer is longer than {} bytes", self.limit);
        io::Error::new(io::ErrorKind::FileTooLarge, says)
    }
}

/// A file in the making. What is not put in its place is removed.
pub(crate) struct Making {
    place: PathBuf,
    beside: Option<PathBuf>,
}

impl Making {
    pub(crate) fn begin(path: &Path) -> io::Result<(Self, File)> {
        let named = |error: &io::Error| of(path, error);
        let (place, about) = match path.canonicalize() {
            Ok(place) => {
                let about = place.metadata().map_err(|error| named(&error))?;
                (place, Some(about))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), None),
            Err(error) => return Err(named(&error)),
        };
        if about.as_ref().is_some_and(|about| !about.is_file()) || place.file_name().is_none() {
            let error = io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is no file, and a body is put in its place",
            );
            return Err(named(&error));
        }
        let beside = beside(&place);
        let mut options = OpenOptions::new();
        // A name that is nobody else's, no link of theirs either.
        options.write(true).create_new(true);
        #[cfg(unix)]
        if about.is_some() {
            // Nobody opens it before it has the permissions of what it replaces.
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let file = options.open(&beside).map_err(|error| named(&error))?;
        let making = Self { place, beside: Some(beside) };
        if let Some(about) = about {
            let put = file.set_permissions(plain(&about.permissions()));
            put.map_err(|error| named(&error))?;
        }
        Ok((making, file))
    }

    /// Puts the file in its place, once it is on the disk.
    pub(crate) fn put(&mut self, file: &File) -> io::Result<()> {
        let Some(beside) = self.beside.as_deref() else { return Ok(()) };
        let put = file.sync_all().and_then(|()| fs::rename(beside, &self.place));
        put.map_err(|error| self.about(&error))?;
        self.beside = None;
        Ok(())
    }

    pub(crate) fn about(&self, error: &io::Error) -> io::Error {
        of(&self.place, error)
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if let Some(beside) = self.beside.take() {
            let _ = fs::remove_file(beside);
        }
    }
}

/// The same permissions without set-id bits: what came is run as nobody else.
#[cfg(unix)]
fn plain(permissions: &Permissions) -> Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    Permissions::from_mode(permissions.mode() & 0o777)
}

#[cfg(not(unix))]
fn plain(permissions: &Permissions) -> Permissions {
    permissions.clone()
}

/// A name beside a file that nobody else in any process has.
fn beside(place: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{count}.part", process::id()));
    place.with_file_name(name)
}
