#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![expect(clippy::doc_markdown, reason = "names of products are not code")]

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "backend")]
mod backend;
pub mod blocking;
mod chain;
mod directory;
mod disk;
mod dotenv;
mod env;
mod error;
#[cfg(feature = "fernet")]
mod fernet;
mod file;
mod installation;
mod kept;
mod mask;
#[cfg(feature = "fernet")]
pub mod metastore;
#[cfg(feature = "backend")]
mod over;
pub mod own;
mod process;
#[cfg(any(feature = "aws", feature = "vault"))]
mod remote;
mod source;
mod standard;
mod stored;
mod tree;
#[cfg(feature = "vault")]
mod vault;
mod write;

#[cfg(feature = "backend")]
pub use backend::Backend;
pub use chain::{Known, Origin, Sources};
pub use directory::SecretsDir;
pub use env::Env;
pub use error::{SourceError, SourceErrorKind};
#[cfg(feature = "fernet")]
pub use fernet::Fernet;
pub use file::ConnectionFile;
pub use mask::Masker;
#[cfg(feature = "backend")]
pub use over::Over;
pub use process::Process;
pub use source::{Found, Listed, Source, Store};
#[cfg(feature = "vault")]
pub use vault::Vault;
pub use write::Form;
