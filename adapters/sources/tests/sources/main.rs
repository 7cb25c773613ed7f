//! What sources do, one file a subject.

#![expect(clippy::doc_markdown, reason = "names of products are not code")]

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "backend")]
mod backend;
mod canary;
mod chain;
mod directory;
mod env;
mod files;
mod forms;
mod growth;
mod hints;
mod mask;
#[cfg(feature = "sqlite")]
mod metastore;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "backend")]
mod real;
#[cfg(feature = "sqlite")]
mod rows;
#[cfg(feature = "vault")]
mod vault;
mod writing;

use std::fs;
use std::path::{Path, PathBuf};

/// A directory that goes when it is dropped.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, its folders too.
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(&path, text).expect("a file");
        path
    }
}
