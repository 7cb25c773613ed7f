//! What next: whether to send again, after what wait, and when to give up. Data and arithmetic only.
//!
//! ```text
//! Outcome ──▶ Condition ──▶ Wait (and the server's hint) ──▶ Stop ──▶ Decision { Stand | Retry | GiveUp }
//! ```

mod backoff;
mod condition;
mod custom;
pub mod engine;
mod hint;
pub mod idempotency;
pub mod load;
mod outcome;
mod policy;
mod random;
mod seconds;
mod state;
mod status;
mod stop;
mod validate;
mod wait;

pub use condition::{Condition, ConditionFn};
pub use custom::Custom;
pub use engine::{Ended, GaveUp, Next, Retrying, Statistics};
pub use hint::{HintMode, Hints};
pub use idempotency::{is_idempotent, may_resend};
pub use load::{Admission, Gates, Lease};
pub use outcome::{Answer, FailureClass, HttpOutcome, Outcome};
pub use policy::{MAX_POLICY_BYTES, RetryPolicy};
pub use random::Random;
pub(crate) use random::{STEP, mix};
pub use seconds::Seconds;
pub use state::{Decision, Progress, RetryState};
pub use status::StatusRange;
pub use stop::{Event, Stop, StopFn};
pub use validate::{MAX_POLICY_DEPTH, MAX_POLICY_PARTS};
pub use wait::{Wait, WaitFn};
