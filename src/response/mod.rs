//! What came back: reason phrases, classification, hints, and how a call ends without a response that passes.

mod check;
#[cfg(feature = "decode")]
pub mod decode;
pub(crate) mod ext;
mod failed_by;
pub(crate) mod failure;
pub mod hints;
#[cfg(feature = "decode")]
mod labels;
pub(crate) mod limit;
mod mismatch;
mod outcome;
mod problem;
mod reason;
pub(crate) mod stop_reason;
pub mod text;

pub use outcome::Outcome;
pub use problem::ProblemDetails;
pub use reason::Reason;

pub(crate) use check::{check_failed, is_no_coding, response_length, whole};
pub(crate) use failure::{Asked, BELOW_THE_BASE, Cause, Failure, MAX_SENDS_TEXT};
pub(crate) use stop_reason::StopReason;
