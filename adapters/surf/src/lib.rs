//! The HTTP client [surf](https://docs.rs/surf) as an async transport of http-hook.
#![cfg_attr(feature = "curl-client", doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod client;
#[cfg(any(feature = "curl-client", feature = "h1-client"))]
mod face;

pub use client::{KeepsConnections, SurfTransport};
#[cfg(any(feature = "curl-client", feature = "h1-client"))]
pub use face::{HttpHook, connect, from_connection, from_hook};
pub use http_hook::*;
pub use http_hook_clock::{BytesStream, SystemClock, async_file as file, async_save as save};
