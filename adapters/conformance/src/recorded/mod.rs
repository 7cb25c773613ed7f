//! Runs recorded cases: what goes in, what came out of the original, and where we differ on purpose.
//!
//! ```text
//! tests/data/*.json ──▶ Case ──▶ what the library does ──▶ Verdict ──▶ Report: a line a category
//! HTTP_HOOK_RECORDED               (connection, call)          ▲
//!                                                       deviations.toml, rules
//! ```
//!
//! A test binary named `recorded` picks its categories, gives a function that runs one case, and prints the
//! [`Report`]. A category belongs to exactly one binary. Nothing here and nothing in the library looks at a
//! case's id, save to find it in the list of deviations.

mod answer;
mod case;
mod compare;
mod deviations;
mod report;
mod rules;
mod values;

pub mod calls;
pub mod connections;
pub mod hostile;

pub use answer::{Answers, Exchange, Wired};
pub use case::{Case, Data};
pub use compare::difference;
pub use deviations::Deviations;
pub use report::{Report, Verdict, run};
pub use rules::covers;
pub use values::{Places, substitute, text_bytes};
