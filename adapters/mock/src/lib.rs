//! Testing with [`http_hook`]: a scripted transport and a virtual clock. No socket, no thread, no real time.
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
//! # Examples
//!
//! ```
//! use std::time::Duration;
//! use http_hook::blocking::{Body, Clock, Transport};
//! use http_hook::{ClientOptions, SendOptions, Timeouts};
//! use http_hook_mock::{MockTransport, Reply};
//!
//! let server = MockTransport::new([
//!     Reply::status(503).header("retry-after", "2").takes(Duration::from_millis(142)),
//!     Reply::status(200).body("done").on("GET", "/v1/orders"),
//! ]);
//! let clock = server.clock();
//!
//! // What a driver does with it: send, wait as long as the server asks, send again.
//! let start = clock.now();
//! let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
//! let request = || http::Request::get("https://api.example.test/v1/orders").body(Body::default());
//! let busy = server.send(request()?, &options)?;
//! assert_eq!(busy.headers()["retry-after"], "2");
//! clock.sleep(Duration::from_secs(2));
//! let answer = server.send(request()?, &options)?;
//! assert_eq!(answer.into_body().collect(100)?, "done");
//!
//! server.assert_done();
//! assert_eq!(server.received().len(), 2);
//! assert_eq!(server.received()[1].at.since(start), Duration::from_millis(2_142));
//! assert_eq!(clock.sleeps(), [Duration::from_secs(2)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod body;
mod clock;
mod received;
mod reply;
mod script;
mod transport;

pub use clock::VirtualClock;
pub use received::Received;
pub use reply::Reply;
pub use transport::{MockTransport, Unmet};
