#![doc = include_str!("../README.md")]

mod ask;
mod service;

pub use ask::Ask;
pub use service::Calls;
