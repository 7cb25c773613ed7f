//! What has to hold whatever client sends: the suite for transports, seeded scenarios, and the runner of recorded cases.
//!
//! # How to write a transport
//!
//! A transport sends one request and reports what happened. It decides nothing: every status is `Ok`, redirects are handed back, nothing
//! is sent twice, no coding is undone, no credential is added. An error says what broke ([`kind`](http_hook::TransportError::kind))
//! and whether the server can have seen the request ([`sent`](http_hook::TransportError::sent)); when in doubt,
//! [`Sent::Maybe`](http_hook::Sent::Maybe). Its text holds no URL and no header value.
//! [`check_target`](http_hook::transport::check_target) refuses what no transport may send to, and [`catch_panic`](http_hook::transport::catch_panic) makes an
//! error of a client's panic. [`Capabilities`](http_hook::options::Capabilities) names the options
//! that it carries out; the hook refuses a call that needs another one, so name none that would be dropped.
//!
//! This one knows nothing but std, `http` URLs, and connections that are used once:
//!
//!
#![doc = concat!("```\n", include_str!("../examples/own_transport.rs"), "```")]
//!
//! Its test is this:
//!
//! ```no_run
//! # fn plain() -> impl http_hook::blocking::Transport { http_hook::blocking::from_fn(http_hook::options::Capabilities::none(""), |_, _| todo!()) }
//! use http_hook_conformance::check::{Limit, blocking};
//!
//! const LIMITS: &[Limit] = &[Limit { check: "kept-reused", reason: "a connection is used once" }];
//!
//! let report = blocking::check(&plain(), LIMITS);
//! println!("{report}");
//! report.assert_clean();
//! ```
//!
//! The suite then says what is wrong with it: chunked bodies, lengths, interim answers, limits of time. What the client behind a
//! transport cannot do goes into a list of [limits](check::Limit), each with its reason, in the transport's test; a limit that
//! is no longer true fails. [`check::blocking::only`] runs a check at a time. That the hook decides over it as over any other is the
//! matter of [`scenarios`]; what it tells without a file descriptor left that of `descriptors`. `adapters/ureq` is the shortest real example, and `TRANSPORTS.md` here says
//! what each one passes.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod alone;
pub mod apis;
pub mod check;
#[cfg(unix)]
pub mod descriptors;
pub mod eight;
pub mod engine;
pub mod http2;
pub mod recorded;
pub mod scenarios;
pub mod server;
pub mod silence;

/// The example of the README is a test, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
