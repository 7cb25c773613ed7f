//! Testing with [`http_hook`]: a scripted transport, a virtual clock, record and replay. No socket, no thread, no real
//! time.
//!
//! ```text
//! [Reply, Reply, …] ──▶ MockTransport ──▶ answers, errors, silence      (async and blocking)
//!                          │     │
//!     Received, in order ◀─┘     └─▶ VirtualClock ──▶ waits that cost nothing, and a list of them
//! ```
//!
//! A script says what the server does; the code under test runs as it always does; then the log says what was sent
//! and when. A request nobody scripted is an error at once, and [`assert_done`](MockTransport::assert_done) reports
//! it together with every reply that was never asked for.
//!
//! What a real server answers can be recorded and played again, too: see [`cassette`].
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//! use http_hook::blocking::{Clock, HttpHook};
//! use http_hook::{Hook, RequestPlan, RetryPolicy};
//! use http_hook_mock::{MockTransport, Reply};
//!
//! let server = MockTransport::new([
//!     Reply::status(503).header("retry-after", "2").takes(Duration::from_millis(142)),
//!     Reply::json(200, r#"[{"id": 7}]"#).on("GET", "/v1/orders"),
//! ]);
//! let clock = server.clock();
//! let start = clock.now();
//!
//! let hook = HttpHook::new(Hook::to("https://api.example.test")?, server.clone(), clock.clone());
//! let plan = RequestPlan::get("v1/orders").param("limit", "50").retry(RetryPolicy::default());
//! let answer = hook.run(plan)?;
//! assert_eq!(answer.body(), r#"[{"id": 7}]"#);
//!
//! server.assert_done();
//! let received = server.received();
//! assert_eq!(received[1].target(), "/v1/orders?limit=50");
//! assert_eq!(received[1].at.since(start), clock.sleeps()[0] + Duration::from_millis(142));
//! assert!(clock.sleeps()[0] >= Duration::from_secs(2), "no earlier than the server asked");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

use http_hook::options::{Capabilities, Capability};

mod body;
mod clock;
mod received;
mod reply;
mod script;
mod transport;

pub use clock::VirtualClock;
pub use http_hook_cassette as cassette;
pub use http_hook_cassette::Unmet;
pub use received::Received;
pub use reply::Reply;
pub use transport::MockTransport;

/// The example of the README is a test, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// What a client would have that can do everything: a script carries nothing out, so that no option is dropped.
///
/// # Examples
///
/// ```
/// use http_hook::options::Capability;
///
/// assert!(http_hook_mock::everything("test").has(Capability::VerifyOff));
/// ```
#[must_use]
pub const fn everything(client: &'static str) -> Capabilities {
    Capabilities::of(
        client,
        &[
            Capability::ConnectTimeout,
            Capability::HeadTimeout,
            Capability::IdleTimeout,
            Capability::TotalTimeout,
            Capability::VerifyOff,
            Capability::VerifyFile,
            Capability::ClientCert,
            Capability::ClientKey,
            Capability::ProxyHttp,
            Capability::ProxyHttps,
            Capability::ProxyAuth,
            Capability::KeepAlive,
            Capability::StreamRequest,
            Capability::StreamResponse,
            Capability::CustomMethod,
        ],
    )
}
