#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![expect(clippy::doc_markdown, reason = "databases are written as they are called")]

mod answer;
mod error;
mod file;
mod keeper;
mod row;

pub use error::JournalError;
pub use file::{Durability, Journal, Run};
pub use keeper::{Keeper, Told};
pub use row::{Entry, Name, State, Unfinished};
