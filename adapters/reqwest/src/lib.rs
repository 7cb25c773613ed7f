#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod face;

pub use client::{MAX_CLIENTS, ReqwestTransport};
pub use face::{HttpHook, connect, from_connection, from_hook};
pub use http_hook::*;
pub use http_hook_clock::{BytesStream, SystemClock, async_file as file, async_save as save};

/// The examples of these pages are tests, too: they are here, where there is a client.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    struct Readme;

    #[doc = include_str!("../../airflow/SIDE_BY_SIDE.md")]
    struct SideBySide;
}
