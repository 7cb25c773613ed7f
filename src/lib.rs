//! HTTP calls through a stored connection, decided by a pure state machine that any HTTP client can serve.
//!
//! A [`Connection`] is what is stored: host, credentials, default headers and options. A [`Hook`] is that, made
//! ready once. A [`RequestPlan`] is one call in the caller's words. [`Call`], [`Attempt`] and [`Step`] are the
//! machine: it builds requests, judges answers, and decides on retries and waits. It reads no clock, opens
//! no socket and draws no random number: whoever drives it does.
//!
//! ```text
//! sources ──▶ Connection ──▶ Hook ──▶ RequestPlan ──▶ Call ──step──▶ Step::Send { request, options, attempt } ──▶ any client
//!             what is        made     one call in      the    ▲       Step::Wait { call, wait, reason }           (Transport)
//!             stored         ready    the caller's     state  │       Step::Done(Ok(response) | Err(failure))          │
//!                            once     words            machine└──────── attempt.finish(&hook, answer, now) ◀───────────┘
//! ```
//!
//! # Where to start
//!
//! This is the core, which sends nothing by itself. A program depends on the crate of its client, which hands all of this on:
//! `http_hook_reqwest::connect("https://api.example.com")?.get("v1/orders").retries(3).send().await?`.
//!
//! | crate | client |
//! | --- | --- |
//! | `http-hook-reqwest` | reqwest, async over tokio |
//! | `http-hook-ureq` | ureq, blocking |
//! | `http-hook-isahc` | isahc, async and blocking |
//! | `http-hook-tower` | any tower service, async, as hyper-util's client |
//! | `http-hook-surf` | surf, async, no longer kept |
//! | `http-hook-mock` | a script, for tests without a network |
//!
//! `http-hook-clock` is the real clock, for a client of your own; `http-hook-conformance` tries its transport.
//!
//! # The whole loop
//!
//! A [`Transport`](transport::Transport) and a [`Clock`](transport::Clock) make it two lines with [`HttpHook`]; by hand it is ten:
//!
//! ```
//! # use std::time::Duration;
//! # use bytes::Bytes;
//! use http_hook::{Call, Connection, Hook, RequestPlan, RetryPolicy, Step};
//! # use http_hook::{Timestamp, TransportError};
//! # use http_hook::body::Payload;
//! # use http_hook::options::SendOptions;
//! # let mut answers = vec![200, 503];
//! # let mut send = |_: http::Request<Payload>, _: SendOptions| -> Result<http::Response<Bytes>, TransportError> {
//! #     let status = answers.pop().unwrap_or(500);
//! #     Ok(http::Response::builder().status(status).body(Bytes::new()).expect("a response"))
//! # };
//! # fn now() -> Timestamp { Timestamp::new(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()) }
//! # fn sleep(_: Duration) { std::thread::sleep(Duration::from_millis(1)) }
//! # let seed = 7;
//!
//! let connection = Connection::parse("http://reader:secret@api.example.com/https")?;
//! let hook = Hook::new(&connection)?;
//! let plan = RequestPlan::get("v1/orders").param("limit", "50").retry(RetryPolicy::default());
//!
//! let mut step = Call::new(&hook, plan, seed, now()).step(&hook, now());
//! let result = loop {
//!     step = match step {
//!         Step::Send { request, options, attempt } => {
//!             attempt.finish(&hook, send(request, options), now())
//!         }
//!         Step::Wait { call, wait, .. } => {
//!             sleep(wait);
//!             call.step(&hook, now())
//!         }
//!         Step::Done(result) => break result,
//!     };
//! };
//! assert_eq!(result?.status(), 200);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to look
//!
//! | question | module |
//! | --- | --- |
//! | who is called | [`connection`], [`Hook`] |
//! | what is sent | [`request`] |
//! | what came back | [`response`] |
//! | what next | [`retry`] |
//! | what went wrong | [`Error`], [`Failure`] |
//! | what happens meanwhile | [`observe`] |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::todo,
        clippy::unreachable,
        clippy::unwrap_used,
    )
)]

pub mod auth;
mod base;
pub mod blocking;
pub mod body;
mod call;
pub mod connection;
#[cfg(feature = "cookies")]
pub mod cookies;
mod drive;
pub mod fanout;
pub mod gates;
pub mod hook;
mod http_hook;
pub mod observe;
pub mod options;
pub mod pages;
pub mod poll;
pub mod redirect;
pub mod request;
pub mod response;
pub mod retry;
pub mod transport;

/// The crate whose types requests, statuses, methods and headers are of.
pub use http;

pub use base::{
    Error, ErrorKind, Origin, Secret, Sent, Timestamp, TransportError, TransportErrorKind,
};
pub use call::{Attempt, Call, Explanation, Fact, Reading, SendCause, Step, WaitReason};
pub use connection::record::Connection;
pub use drive::{Act, Leg, Run, drive};
pub use hook::made::Hook;
pub use http_hook::{CallBuilder, HttpHook};
pub use options::layer::Options;
pub use request::plan::RequestPlan;
pub use response::ext::ResponseExt;
pub use response::failure::{Cause, Failure};
pub use response::stop_reason::StopReason;
pub use retry::policy::RetryPolicy;
