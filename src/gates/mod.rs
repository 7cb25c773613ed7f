//! What keeps retries from harming the server: a budget, a circuit breaker, a rate limit, one set an origin.
//!
//! ```text
//!            admit(now) ──▶ Go(Lease) | Wait | Refuse       before each send
//! Lease ──▶ success(now) | failure(now) | dropped           after it
//!            retry(class, now) ──▶ price paid | reason      before a retry is planned
//! ```
//!
//! A request for a token to the origin of the connection asks for a send of its own, and the breaker hears how it went. One to
//! another origin asks nobody, as these gates are of one origin; but each retry is paid for, whatever failed. What is sent further
//! within an attempt, a redirect followed or a challenge answered, is free.
//!
//! A lease that is dropped gives its place back, one that is lost (a stored call) runs out: no gate ever jams. A retry that was
//! paid for and is never sent gives its price back, however its call ends; one that is taken up from a store pays itself, unless it
//! was stored behind its request for a token, which is paid for. Either way a success gives back what the budget asks for a failure of
//! its class: that is stored, and no price. A permit of the rate limit whose send turns out to be none comes
//! back as far as it has not grown back. A clock that jumps closes no gate for longer than it closes anyway.

mod admit;
mod breaker;
mod budget;
mod paid;
mod rate;
mod shared;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use admit::Admission;
pub(crate) use admit::{Denied, Lease, Turn, Unsent};
pub use admit::{GateSettings, Gates};
pub use breaker::BreakerSettings;
#[cfg(test)]
pub(crate) use budget::Bucket;
pub use budget::{BucketSettings, Budget};
pub(crate) use paid::Paid;
pub use rate::RateSettings;
