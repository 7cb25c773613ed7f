//! Record and replay for [`http_hook`]: exchanges with a real server as a JSON file without secrets, played again
//! without a network.
//!
//! ```text
//! any transport ◀──▶ Recorder ──▶ Cassette ──▶ JSON ──▶ Cassette ──▶ Replay, a transport
//!                                 redacted              checked      strict or lenient
//! ```
//!
//! # Examples
//!
//! ```
//! use http_hook::blocking::HttpHook;
//! use http_hook::{Hook, RequestPlan};
//! use http_hook_cassette::{Cassette, Recorder};
//! use http_hook_mock::{MockTransport, Reply, VirtualClock};
//!
//! // In place of the mock, the transport that reaches the real server.
//! let real = MockTransport::new([Reply::status(200).header("set-cookie", "id=s3cret").body("7 orders")]);
//! let recorder = Recorder::new(real);
//! let hook = HttpHook::new(Hook::to("https://api.example.test")?, recorder.clone(), VirtualClock::new());
//! hook.run(RequestPlan::get("v1/orders").param("token", "s3cret"))?;
//! let json = recorder.cassette().to_json();
//! assert!(!json.contains("s3cret"));
//!
//! let server = Cassette::from_json(&json)?.strict();
//! let hook = HttpHook::new(Hook::to("https://api.example.test")?, server.clone(), VirtualClock::new());
//! let response = hook.run(RequestPlan::get("v1/orders").param("token", "another"))?;
//! assert_eq!(response.body(), "7 orders");
//! server.assert_done();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod body;
mod cassette;
mod coding;
mod recorder;
mod redact;
mod replay;
mod unmet;

pub use cassette::{Cassette, MAX_CASSETTE_BYTES, MAX_EXCHANGES};
pub use recorder::Recorder;
pub use replay::Replay;
pub use unmet::Unmet;

/// The example of the README is a test, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
