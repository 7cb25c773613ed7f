//! The HTTP client [reqwest](https://docs.rs/reqwest) as an async transport of http-hook. It needs a tokio runtime with time and I/O.
//!
//! reqwest does some things by itself that a transport must not do. Repaired here:
//!
//! | reqwest | here |
//! | --- | --- |
//! | follows redirects, sends again what a server refused | switched off |
//! | takes proxies from the environment | only the one that it is told |
//! | undoes content codings, where a crate of the program switches that on | switched off |
//! | writes the URL into its errors | left out |
//! | reads a host as browsers do: `0x7f.1` is `127.0.0.1` | refused before anything is sent |
//! | takes `..` and `%2e%2e` out of a path | refused before anything is sent |
//! | drops user info of a URL | refused before anything is sent |
//! | knows TLS options, proxies and the limit for connecting for a whole client only | a client for each set of them, at most [`MAX_CLIENTS`] |
//! | knows one time limit for all | limits for connecting, head, pause and total, each told apart |
//! | sends a body that is shorter than announced as far as it goes | a request body error, as for one that is longer |
//! | leaves out the length of an empty POST | `Content-Length: 0` |
//! | panics without a runtime | an error |
//!
//! What remains:
//!
//! - Paths with dot segments, escaped or not, cannot be sent. Some characters are escaped as browsers do: `{` is sent as `%7B`.
//! - `Accept: */*` is added if the request has none.
//! - Files of certificates are read once for each client. A client's key has to be PKCS#8 (`BEGIN PRIVATE KEY`).
//! - Over OpenSSL, a body without a length whose TLS connection is cut is taken for whole.
//! - A client's connections belong to the runtime that made them: use a transport under one runtime.
//! - A flood of interim responses (1xx) is ended by the limits of time only: reqwest reads them by itself. Trailers end at 16 KiB.
//!
//! # What proves that nothing was sent
//!
//! An error says so where it comes from here or is reqwest's `is_builder`, before a client has the request, and where it is
//! `is_connect`: names, connections, tunnels, TLS, the limit for connecting. hyper's connector gives these before there is a connection to
//! write to; clients that send by themselves again are switched off, but for what was never written. All else is perhaps sent.
//!
//! # Examples
//!
//! ```no_run
//! use http_hook_reqwest::ReqwestTransport;
//!
//! let transport = ReqwestTransport::default();
//! # let _: &dyn http_hook::transport::Transport = &transport;
//! ```

mod client;
mod face;

pub use client::{MAX_CLIENTS, ReqwestTransport};
pub use face::{HttpHook, connect, from_connection, from_hook};
pub use http_hook::*;
pub use http_hook_clock::{BytesStream, SystemClock, async_file as file};

/// The examples of these pages are tests, too: they are here, where there is a client.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    struct Readme;

    #[doc = include_str!("../../airflow/SIDE_BY_SIDE.md")]
    struct SideBySide;
}
