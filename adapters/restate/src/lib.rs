#![doc = include_str!("../README.md")]

mod ask;
mod listen;
mod service;

pub use ask::Ask;
pub use listen::listen;
pub use service::Calls;
