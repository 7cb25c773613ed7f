//! What keeps retries from harming the server: a budget, a circuit breaker, a rate limit, one set an origin.
//!
//! ```text
//!            admit(now) ──▶ Go(Lease) | Wait | Refuse       before each send
//! Lease ──▶ success(now) | failure(now) | dropped           after it
//!            retry(class, now) ──▶ price paid | reason      before a retry is planned
//! ```
//!
//! A lease that is dropped gives its place back, one that is lost (a stored call) runs out: no gate ever jams.

mod admit;
mod breaker;
mod budget;
mod origins;
mod rate;

pub use admit::{Admission, GateSettings, Gates, Lease};
pub use breaker::BreakerSettings;
pub use budget::{Bucket, BucketSettings, Budget};
pub use origins::{MAX_ORIGINS, Origins};
pub use rate::RateSettings;
