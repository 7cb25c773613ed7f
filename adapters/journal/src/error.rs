//! What can go wrong with a journal.

use std::path::Path;
use std::sync::Arc;

/// What went wrong with a journal. It prints the file, and what helps.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process has the journal.
    #[error("{0}: another run has this journal")]
    InUse(String),
    /// There is no journal to go on with.
    #[error("{0}: there is no such journal")]
    Absent(String),
    /// There is one already, which is to be gone on with.
    #[error("{0}: this journal belongs to a run that was begun")]
    Exists(String),
    /// The file is none, or of a form that this version does not read.
    #[error("{file}: {what}")]
    Form {
        /// Which file.
        file: String,
        /// What it is.
        what: String,
    },
    /// The journal belongs to other calls.
    #[error("{file}: the journal is of another run: {what}")]
    OtherRun {
        /// Which file.
        file: String,
        /// What differs.
        what: String,
    },
    /// One id names two calls.
    #[error("the id {id:?} names two calls, of lines {first} and {second}")]
    Twice {
        /// The id.
        id: String,
        /// Where it is first.
        first: u64,
        /// Where it is again.
        second: u64,
    },
    /// A line is another one than when the run was begun.
    #[error("line {line}, call {id:?}, is not what it was when the run was begun")]
    Changed {
        /// The id.
        id: String,
        /// The line.
        line: u64,
    },
    /// A row of the file cannot be: somebody has changed it.
    #[error("{file}: call {id:?}: {what}")]
    Row {
        /// Which file.
        file: String,
        /// Which call.
        id: String,
        /// What is wrong.
        what: String,
    },
    /// The file cannot be read or written.
    #[error("{file}: {cause}")]
    Storage {
        /// Which file.
        file: String,
        /// What SQLite says.
        #[source]
        cause: Arc<rusqlite::Error>,
    },
}

impl JournalError {
    pub(crate) fn closed() -> Self {
        Self::at_once("it is closed")
    }

    pub(crate) fn told_panicked() -> Self {
        Self::at_once("the code that is told of outcomes panicked")
    }

    pub(crate) fn from_within() -> Self {
        Self::at_once("the code that is told of outcomes may keep nothing itself")
    }

    fn at_once(what: &str) -> Self {
        Self::Form { file: "the journal".to_owned(), what: what.to_owned() }
    }

    pub(crate) fn of(path: &Path, error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let file = shown(path);
        match error.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::InUse(file),
            Some(Code::NotADatabase) => Self::Form { file, what: "this is no journal".to_owned() },
            Some(Code::DatabaseCorrupt) => {
                Self::Form { file, what: format!("the file is damaged: {error}") }
            }
            _ => Self::Storage { file, cause: Arc::new(error) },
        }
    }
}

pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
