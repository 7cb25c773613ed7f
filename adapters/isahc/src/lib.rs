#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod blocking;
mod client;
mod face;

pub use client::IsahcTransport;
pub use face::{HttpHook, connect, from_connection, from_hook};
pub use http_hook::*;
pub use http_hook_clock::{BytesStream, SystemClock, async_file as file, async_save as save};
