//! A journal in a folder, and what is left of it when its process is killed.

#![allow(dead_code, reason = "each test uses a part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use http_hook_journal::{Durability, Journal, JournalError, Keeper, Name, Run, State};
use tempfile::TempDir;

pub(crate) fn run() -> Run {
    Run { connection: Some("sales".to_owned()), calls: "POST v1".to_owned(), seed: 7 }
}

pub(crate) fn name(line: u64, long: bool) -> Name {
    let id = if long { format!("{line}-{}", "x".repeat(300)) } else { format!("c{line}") };
    Name { id, line, digest: 5 }
}

pub(crate) fn create(folder: &Path, durability: Durability) -> Keeper {
    Journal::create(&folder.join("run.journal"), run(), durability).unwrap().begin(|_| ())
}

pub(crate) fn open(folder: &Path) -> Result<Journal, JournalError> {
    Journal::open(&folder.join("run.journal"), run(), Durability::Process)
}

pub(crate) fn sends(folder: &Path) -> PathBuf {
    folder.join("run.journal-sends")
}

/// What is on the disk when the process is killed now.
pub(crate) fn killed(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

pub(crate) fn left(journal: &Journal) -> BTreeMap<u64, State> {
    let left = journal.unfinished().unwrap().into_iter().map(Result::unwrap);
    left.map(|one| (one.entry.name.line, one.state)).collect()
}

pub(crate) fn ended(journal: &Journal) -> Vec<u64> {
    let mut all = Vec::new();
    journal
        .ended(|one| {
            all.push(one.unwrap().0.name.line);
            true
        })
        .unwrap();
    all.sort_unstable();
    all
}
