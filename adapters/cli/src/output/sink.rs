//! Where a body goes: stdout, or a file that is there only when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::exit::Problem;
use crate::live::Bars;
use crate::private;

/// Where a body is to go.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Stdout,
    File(PathBuf),
}

/// A file in the making: beside its place, until it is whole.
pub(crate) struct Making<'a> {
    file: File,
    path: &'a Path,
    beside: Option<PathBuf>,
    bars: &'a Bars,
}

impl<'a> Making<'a> {
    pub(crate) fn new(path: &'a Path, bars: &'a Bars) -> Result<Self, Problem> {
        // What is no file (`/dev/null`, a pipe, `/dev/stdout`) is written to as it is, behind what is there.
        let beside = (!private::is_special(path)).then(|| private::beside(path));
        let mut options = OpenOptions::new();
        // A name beside it is nobody else's, no link of theirs either.
        match beside {
            Some(_) => options.write(true).create_new(true),
            None => options.append(true),
        };
        // Nobody opens it before it has the permissions of what it replaces.
        #[cfg(unix)]
        if path.exists() {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let opened = options.open(beside.as_deref().unwrap_or(path));
        let file = opened.map_err(|error| problem(path, &error))?;
        bars.partial(beside.iter().cloned().collect());
        let making = Self { file, path, beside, bars };
        if making.beside.is_some() {
            let readable = private::readable_as_before(&making.file, path);
            readable.map_err(|error| problem(path, &error))?;
        }
        Ok(making)
    }

    pub(crate) fn write(&mut self, piece: &[u8]) -> Result<(), Problem> {
        self.file.write_all(piece).map_err(|error| problem(self.path, &error))
    }

    /// Puts the file in its place.
    pub(crate) fn done(mut self) -> Result<(), Problem> {
        let beside = self.beside.take();
        self.bars.partial(Vec::new());
        match beside {
            Some(beside) => fs::rename(&beside, self.path).map_err(|error| {
                let _ = fs::remove_file(&beside);
                problem(self.path, &error)
            }),
            None => Ok(()),
        }
    }
}

/// What is not whole is removed.
impl Drop for Making<'_> {
    fn drop(&mut self) {
        if let Some(beside) = self.beside.take() {
            self.bars.partial(Vec::new());
            let _ = fs::remove_file(beside);
        }
    }
}

fn problem(path: &Path, error: &io::Error) -> Problem {
    Problem::local(format!("cannot write {}: {error}", path.display()))
}

/// Writes to stdout at once. `false`: whoever read it has read enough.
pub(crate) fn to_stdout(bytes: &[u8]) -> Result<bool, Problem> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) => of_stdout(&error),
    }
}

/// What it is that stdout takes no more. `false`: whoever read it has read enough.
pub(crate) fn of_stdout(error: &io::Error) -> Result<bool, Problem> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(false),
        _ => Err(Problem::local(format!("cannot write to stdout: {error}"))),
    }
}
