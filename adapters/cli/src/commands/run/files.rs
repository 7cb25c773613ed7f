//! The files of a run: none of them is written over another.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use crate::args::RunArgs;
use crate::exit::Problem;

/// How many links are followed.
const MAX_LINKS: usize = 40;

/// A file, whatever it is called.
#[derive(PartialEq, Eq)]
enum Same {
    /// Device and number.
    #[cfg(unix)]
    There(u64, u64),
    /// Where it is, or would be made.
    At(PathBuf),
}

/// A file, and what it is for.
struct Used {
    what: &'static str,
    same: Same,
}

/// Refuses a run that would write over what it reads, or two things into one file; before anything is opened for writing.
pub(super) fn check(args: &RunArgs) -> Result<(), Problem> {
    let mut read = Vec::new();
    let mut reads = |what, path: Option<&Path>| {
        read.extend(path.and_then(same).map(|same| Used { what, same }));
    };
    let is_stdin = args.file.as_os_str() == "-";
    reads("the file of the calls", Some(&args.file).filter(|_| !is_stdin).map(PathBuf::as_path));
    let json = args.request.json.as_deref().and_then(|json| json.strip_prefix('@'));
    reads("the template", json.filter(|path| *path != "-").map(Path::new));
    reads("the policy", args.limits.policy.as_deref());
    let client = &args.client;
    reads("the file of the cookies", client.cookies.as_deref());
    reads("the file of --cacert", client.cacert.as_deref());
    reads("the file of --cert", client.cert.as_deref());
    reads("the file of --key", client.key.as_deref());
    if is_stdin || json == Some("-") {
        read.extend(of_stream(std::io::stdin()).map(|same| Used { what: "standard input", same }));
    }
    let mut journal = Vec::new();
    if let Some(path) = &args.journal {
        let led_to = target(path);
        for end in ["", "-wal", "-shm", "-journal", "-sends"] {
            for path in [path, &led_to] {
                let mut path = OsString::from(path);
                path.push(end);
                let what = "the journal";
                journal.extend(same(Path::new(&path)).map(|same| Used { what, same }));
            }
        }
    }
    let output = match args.output.as_deref().filter(|path| path.as_os_str() != "-") {
        Some(path) => same(path),
        None => of_stream(std::io::stdout()),
    };
    let output = output.map(|same| Used { what: "the file of the results", same });
    let clash = |written: &Used, other: &[Used]| {
        let other = other.iter().find(|other| other.same == written.same)?;
        let (what, other) = (written.what, other.what);
        Some(Problem::usage(format!("{what} would be written over {other}: they are one file")))
    };
    let over =
        output.iter().find_map(|output| clash(output, &read).or_else(|| clash(output, &journal)));
    match over.or_else(|| journal.iter().find_map(|file| clash(file, &read))) {
        Some(problem) => Err(problem),
        None => Ok(()),
    }
}

/// Tells files apart. Nothing can be written over what is no file: a device, a pipe.
fn same(path: &Path) -> Option<Same> {
    if let Ok(about) = fs::metadata(path) {
        return of_metadata(&about, path);
    }
    let path = target(path);
    let name = path.file_name()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
    Some(Same::At(folder.join(name)))
}

fn of_metadata(about: &Metadata, path: &Path) -> Option<Same> {
    if !about.is_file() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let _ = path;
        Some(Same::There(about.dev(), about.ino()))
    }
    #[cfg(not(unix))]
    fs::canonicalize(path).ok().map(Same::At)
}

/// What a path leads to, there or not.
fn target(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(next) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(next);
    }
    path
}

/// The file that a stream was led to.
#[cfg(unix)]
fn of_stream(stream: impl std::os::fd::AsFd) -> Option<Same> {
    let file = fs::File::from(stream.as_fd().try_clone_to_owned().ok()?);
    of_metadata(&file.metadata().ok()?, Path::new(""))
}

#[cfg(not(unix))]
fn of_stream<T>(_: T) -> Option<Same> {
    None
}
