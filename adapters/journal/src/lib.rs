#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![expect(clippy::doc_markdown, reason = "databases are written as they are called")]

mod answer;
mod batch;
mod beside;
mod error;
mod file;
mod form;
mod keeper;
mod queue;
mod row;
mod sends;

pub use error::JournalError;
pub use file::{Durability, Journal, Run};
pub use keeper::Keeper;
pub use queue::Told;
pub use row::{Entry, Name, State, Unfinished};
