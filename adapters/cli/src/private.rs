//! Files for nobody else to read.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::exit::Problem;

/// The most links that are followed to a file.
const MAX_LINKS: usize = 40;

/// Writes a file as a whole: beside its place first, then in it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Problem> {
    put(path, text, |beside, place| fs::rename(beside, place))
}

/// Tells whether a file can be written so, and leaves what is there.
pub(crate) fn try_write(path: &Path) -> Result<(), Problem> {
    put(path, "", |beside, _| fs::remove_file(beside))
}

/// What is no file, as a pipe or a device, would be gone: nothing is put in its place.
fn put(path: &Path, text: &str, end: fn(&Path, &Path) -> io::Result<()>) -> Result<(), Problem> {
    let place = &place_of(path)?;
    let beside = beside(place);
    let written = match fs::metadata(place) {
        Ok(about) if !about.is_file() => Err(io::Error::other("it is no file")),
        _ => write_new(&beside, text).and_then(|()| end(&beside, place)),
    };
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        Problem::local(format!("cannot write {}: {error}", place.display()))
    })
}

/// Finds where a file is that is written: a link stays one, and what it leads to is written, whether that is there or not yet.
pub(crate) fn place_of(path: &Path) -> Result<PathBuf, Problem> {
    followed(path)
        .map_err(|error| Problem::local(format!("cannot write {}: {error}", path.display())))
}

fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let about = match fs::symlink_metadata(&path) {
            Ok(about) if about.is_symlink() => about,
            _ => return Ok(path),
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        if is_open_file(&folder) {
            return Ok(path);
        }
        if !is_trusted(&about, &folder) {
            let why = "it is a link of another user, in a folder where all may write";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        path = folder.join(fs::read_link(&path)?);
    }
    Err(io::Error::other("more links than are followed"))
}

/// Whether links in this folder are the files that a process has open, as `/dev/stdout` leads to one: they have no place.
fn is_open_file(folder: &Path) -> bool {
    fs::canonicalize(folder).is_ok_and(|folder| folder.starts_with("/proc"))
}

/// Whether a link is one that Linux follows too where it protects links.
#[cfg(unix)]
fn is_trusted(link: &fs::Metadata, folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    const STICKY_FOR_ALL: u32 = 0o1002;
    let Ok(folder) = fs::metadata(folder) else { return true };
    folder.mode() & STICKY_FOR_ALL != STICKY_FOR_ALL || folder.uid() == link.uid() || is_own(link)
}

#[cfg(not(unix))]
fn is_trusted(_: &fs::Metadata, _: &Path) -> bool {
    true
}

/// Whether something belongs to who runs this, as far as somebody tells who that is.
#[cfg(unix)]
pub(crate) fn is_own(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").map_or(true, |own| own.uid() == about.uid())
}

/// Whether something is written to as it is: no file, or one that a process has open.
pub(crate) fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|about| !about.is_file()) || path.is_symlink() && path.exists()
}

/// Makes the folder of a file, for nobody else to read.
pub(crate) fn make_folder_of(path: &Path) -> Result<(), Problem> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| Problem::local(format!("cannot make {}: {error}", folder.display())))
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

/// Lets those read a file who could read the one that it replaces, or any new one. Nobody runs it as another user because the one
/// before was run so.
pub(crate) fn readable_as(file: &File, place: &Path) -> io::Result<()> {
    if readable_as_before(file, place)? {
        return Ok(());
    }
    let trial = beside(place);
    let made = OpenOptions::new().write(true).create_new(true).open(&trial)?;
    let permissions = made.metadata().map(|about| about.permissions());
    let _ = fs::remove_file(&trial);
    file.set_permissions(plain(&permissions?))
}

/// Lets those read a file who could read the one that it replaces, if there is one.
pub(crate) fn readable_as_before(file: &File, place: &Path) -> io::Result<bool> {
    match fs::metadata(place) {
        Ok(before) => file.set_permissions(plain(&before.permissions())).map(|()| true),
        Err(_) => Ok(false),
    }
}

/// The same permissions without set-id bits.
#[cfg(unix)]
fn plain(permissions: &Permissions) -> Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    Permissions::from_mode(permissions.mode() & 0o777)
}

#[cfg(not(unix))]
fn plain(permissions: &Permissions) -> Permissions {
    permissions.clone()
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

/// Opens a file to write in it, and makes one for nobody else if there is none. What has another name too, or is a link, is
/// somebody else's.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // It may come and go meanwhile. A new one is never made through a link.
    for _ in 0..8 {
        let opened = match fs::symlink_metadata(path) {
            Ok(about) if !about.is_file() => return Err(io::Error::other("it is no file")),
            Ok(_) => options.create_new(false).open(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                options.create_new(true).open(path)
            }
            Err(error) => return Err(error),
        };
        match opened {
            Ok(file) if names(&file)? > 1 => {
                return Err(io::Error::other("it has another name, too: move it away"));
            }
            Ok(file) => return Ok(file),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists
                ) && path
                    .parent()
                    .is_none_or(|folder| folder.as_os_str().is_empty() || folder.exists()) => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("it comes and goes"))
}

/// How many names a file has.
#[cfg(unix)]
fn names(file: &File) -> io::Result<u64> {
    Ok(std::os::unix::fs::MetadataExt::nlink(&file.metadata()?))
}

#[cfg(not(unix))]
fn names(_: &File) -> io::Result<u64> {
    Ok(1)
}

/// Takes from everybody else the right to read an open file.
pub(crate) fn own(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Whether two paths name one file, that is there or not yet.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    let resolved = |path: &Path| {
        let path = std::path::absolute(path).ok()?;
        fs::canonicalize(&path).ok().or_else(|| {
            let folder = fs::canonicalize(path.parent()?).ok()?;
            Some(folder.join(path.file_name()?))
        })
    };
    resolved(one).is_some_and(|one| resolved(other) == Some(one))
}

/// The name of a file with an end behind it.
pub(crate) fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(end);
    path.with_file_name(name)
}

/// Locks an open file, as long as it is open. `false`: another process has it, or it is no longer what is called so.
pub(crate) fn lock(file: &File, path: &Path) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(is_at(file, path)),
        Err(TryLockError::WouldBlock) => Ok(false),
        // A place without locks is used as before there were any.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
            Ok(is_at(file, path))
        }
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
        let path = with_end(path, ".lock");
        let file = open(&path)?;
        if file.metadata()?.len() > 0 {
            let shown = path.display();
            return Err(io::Error::other(format!("{shown} is no lock of this command")));
        }
        Ok(lock(&file, &path)?.then(|| Self { path, _file: file }))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
