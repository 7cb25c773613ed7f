//! tenacity's recorded vectors, run through the policy and the controller.
//!
//! Trees of error types and regular expressions are no part of the library: they live here, as custom conditions.

mod parts;
mod runs;
mod shot;
mod strategies;
mod values;

use std::sync::Arc;

use serde_json::Value;

use parts::{check_construct, check_retry, check_stop, check_wait, check_wait_draws};
use runs::Run;
use shot::Types;
use values::text;

/// How one vector ended.
#[derive(Debug)]
pub(crate) struct CaseResult {
    /// The kind of the vector.
    pub(crate) kind: String,
    /// The name of the vector.
    pub(crate) id: String,
    /// What differs, if anything does.
    pub(crate) outcome: Result<(), String>,
}

/// Runs every vector.
pub(crate) fn run() -> Vec<CaseResult> {
    let file: Value = serde_json::from_str(include_str!("../../data/tenacity.json")).expect("JSON");
    let types = Arc::new(Types::read(&file["type_tree"]));
    let vectors = file["vectors"].as_array().expect("vectors");
    assert_eq!(file["count"].as_u64(), u64::try_from(vectors.len()).ok(), "no vector is left out");
    vectors.iter().map(|vector| case(vector, &types)).collect()
}

fn case(vector: &Value, types: &Arc<Types>) -> CaseResult {
    let kind = text(&vector["kind"]);
    let outcome = match kind.as_str() {
        "wait" => check_wait(vector),
        "wait_draws" => check_wait_draws(vector),
        "stop" => check_stop(vector),
        "retry" => check_retry(vector, types),
        "construct" => check_construct(vector, types),
        "run" => Run::new(&vector["setup"], types).and_then(|run| run.check(&vector["expect"])),
        other => Err(format!("unknown kind {other}")),
    };
    CaseResult { kind, id: text(&vector["id"]), outcome }
}
