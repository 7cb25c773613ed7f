//! Where pages go: stdout, a file, or a file that goes on in another run.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::exit::Problem;
use crate::live::Bars;
use crate::output::{Making, Target, to_stdout};
use crate::private;
use crate::state::StateFile;

pub(super) enum Sink<'a> {
    Stdout,
    File(Making<'a>),
    /// The part beside the place of the file, and how much of it is written.
    Kept {
        file: File,
        part: PathBuf,
        place: &'a Path,
        written: u64,
        state: &'a StateFile,
    },
}

impl<'a> Sink<'a> {
    pub(super) fn open(
        target: &'a Target,
        state: Option<&'a StateFile>,
        bars: &'a Bars,
    ) -> Result<Self, Problem> {
        match (target, state) {
            (Target::Stdout, _) => Ok(Self::Stdout),
            (Target::File(path), None) => Making::new(path, bars).map(Self::File),
            (Target::File(place), Some(state)) => {
                if private::is_special(place) {
                    return Err(problem(place, &io::Error::other("it is no file")));
                }
                let part = private::with_end(place, ".part");
                let written = state.state().output.as_ref().map_or(0, |(_, written)| *written);
                let open = || {
                    let mut file = private::open(&part)?;
                    if !private::lock(&file, &part)? {
                        return Err(io::Error::other("another process writes it"));
                    }
                    let len = file.metadata()?.len();
                    if len > 0 && !state.owns_part() {
                        return Err(io::Error::other("it is no part of these pages: move it away"));
                    }
                    private::own(&file)?;
                    if len < written {
                        return Err(io::Error::other("it is shorter than it was"));
                    }
                    // What came after the last page that was kept comes again.
                    file.set_len(written)?;
                    file.seek(SeekFrom::Start(written))?;
                    Ok(file)
                };
                let file = open().map_err(|error| problem(&part, &error))?;
                Ok(Self::Kept { file, part, place, written, state })
            }
        }
    }

    /// Writes what was made of a page. `false`: nobody wants more.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<bool, Problem> {
        match self {
            Self::Stdout => return to_stdout(bytes),
            Self::File(file) => file.write(bytes)?,
            Self::Kept { file, part, written, state, .. } => {
                let put = file.write_all(bytes).and_then(|()| file.sync_data());
                put.map_err(|error| problem(part, &error))?;
                *written = written.saturating_add(bytes.len() as u64);
                state.wrote(*written);
            }
        }
        Ok(true)
    }

    /// Leaves nothing behind that no other run can go on with.
    pub(super) fn give_up(&self) {
        if let Self::Kept { part, .. } = self {
            let _ = fs::remove_file(part);
        }
    }

    /// Puts the file in its place.
    pub(super) fn done(self) -> Result<(), Problem> {
        match self {
            Self::Stdout => Ok(()),
            Self::File(file) => file.done(),
            Self::Kept { file, part, place, .. } => {
                let put =
                    private::readable_as(&file, place).and_then(|()| fs::rename(&part, place));
                put.map_err(|error| problem(place, &error))
            }
        }
    }
}

fn problem(path: &Path, error: &io::Error) -> Problem {
    Problem::local(format!("cannot write {}: {error}", path.display()))
}
