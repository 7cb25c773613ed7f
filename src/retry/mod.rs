//! What next: whether to send again, after what wait, and when to give up. Data and arithmetic only.
//!
//! ```text
//! RetryOutcome ──▶ Condition ──▶ Wait (and the server's hint) ──▶ Stop ──▶ Decision { Stand | Retry | GiveUp }
//! ```

mod backoff;
pub(crate) mod bounded;
mod condition;
mod custom;
mod form;
mod hint;
pub(crate) mod idempotency;
mod misfit;
mod names;
mod outcome;
mod places;
pub(crate) mod policy;
pub(crate) mod seconds;
mod state;
mod status;
mod stop;
#[cfg(test)]
pub(crate) mod tests;
mod validate;
mod wait;
mod words;

pub use condition::Condition;
pub(crate) use hint::until_next;
pub use hint::{HintMode, Hints};
pub use idempotency::is_idempotent;
pub(crate) use outcome::{ByClass, HttpOutcome, ResponseView};
pub use outcome::{FailureClass, RetryOutcome};
pub use seconds::Seconds;
pub use state::RetryState;
pub(crate) use state::{Decision, Progress};
pub use stop::{Event, Stop};
pub use wait::Wait;

pub use crate::base::chance::Random;

pub(crate) use idempotency::may_resend;
pub(crate) use policy::RetryPolicy;
