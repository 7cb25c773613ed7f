#![doc = include_str!("../README.md")]

mod config;
mod engine;
mod error;
mod kept;
mod leg;
mod queue;
mod row;
mod table;
mod worker;

pub use engine::{Engine, State, Status};
pub use error::Error;
pub use worker::Worker;
