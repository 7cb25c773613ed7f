//! A call in a file, while it is under way and while it waits.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use http_hook::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use crate::exit::Problem;
use crate::private;

/// The longest kept call, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// What is kept of a call.
#[derive(Serialize, Deserialize)]
pub(crate) struct State {
    schema: u32,
    /// What finds the connection again: an id, or a URL without credentials.
    pub(crate) connection: String,
    /// The file that is the body.
    pub(crate) body: Option<PathBuf>,
    /// The call as the library stores it.
    pub(crate) call: String,
}

/// Where a call is kept.
pub(crate) struct StateFile {
    path: PathBuf,
    connection: String,
    body: Option<PathBuf>,
    kept: Cell<bool>,
}

impl StateFile {
    pub(crate) fn new(path: &Path, connection: String, body: Option<PathBuf>) -> Self {
        Self { path: path.to_owned(), connection, body, kept: Cell::new(false) }
    }

    /// The same for a call that is kept already.
    pub(crate) fn taken(self) -> Self {
        self.kept.set(true);
        self
    }

    /// Writes the call down.
    pub(crate) fn keep(&self, stored: Result<String, Error>) -> Result<(), Error> {
        let (connection, body) = (self.connection.clone(), self.body.clone());
        let state = State { schema: 1, connection, body, call: stored? };
        let text = serde_json::to_string(&state).unwrap_or_default();
        private::write(&self.path, &text)
            .map_err(|problem| Error::new(ErrorKind::NotStorable, problem.message().to_owned()))?;
        self.kept.set(true);
        Ok(())
    }

    /// Removes the file: the call is over.
    pub(crate) fn remove(&self) {
        if self.kept.get() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl State {
    /// Reads what was kept.
    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let shown = path.display();
        let text = private::read(path, MAX_FILE)
            .map_err(|error| Problem::local(format!("cannot read {shown}: {error}")))?;
        let state: Option<Self> = serde_json::from_str(&text).ok();
        state.filter(|state| state.schema == 1).ok_or_else(|| {
            Problem::usage(format!("{shown}: not a call that --save-state has kept"))
        })
    }
}
