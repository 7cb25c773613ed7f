//! tenacity's recorded vectors, run through the policy and the controller.
//!
//! Trees of error types and regular expressions are no part of the library: they live here, as custom conditions.

mod parts;
mod runs;
mod shot;
mod strategies;
mod values;

use std::sync::Arc;

use http_hook_conformance::recorded::{Case, Verdict};
use serde_json::Value;

use parts::{check_construct, check_retry, check_stop, check_wait, check_wait_draws};
use runs::Run;
use shot::Types;
use values::text;

/// A file of vectors, and the error types that they are about.
pub(crate) struct Vectors {
    types: Arc<Types>,
    cases: Vec<Case>,
}

impl Vectors {
    /// Reads the file. The kind of a vector is its category.
    pub(crate) fn read(file: &Value) -> Self {
        let types = Arc::new(Types::read(&file["type_tree"]));
        let vectors = file["vectors"].as_array().expect("vectors");
        let count = file["count"].as_u64();
        assert_eq!(count, u64::try_from(vectors.len()).ok(), "no vector is left out");
        let cases = vectors
            .iter()
            .map(|vector| Case::new(text(&vector["id"]), text(&vector["kind"]), vector.clone()));
        Self { types, cases: cases.collect() }
    }

    /// Gives the vectors.
    pub(crate) fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// Runs one vector.
    pub(crate) fn run(&self, case: &Case) -> Verdict {
        match check(&case.input, &self.types) {
            Ok(()) => Verdict::Passed,
            Err(difference) => Verdict::differs("as recorded", difference),
        }
    }
}

/// The kinds, in the order of the file.
pub(crate) const KINDS: [&str; 6] = ["wait", "wait_draws", "stop", "retry", "construct", "run"];

fn check(vector: &Value, types: &Arc<Types>) -> Result<(), String> {
    match text(&vector["kind"]).as_str() {
        "wait" => check_wait(vector),
        "wait_draws" => check_wait_draws(vector),
        "stop" => check_stop(vector),
        "retry" => check_retry(vector, types),
        "construct" => check_construct(vector, types),
        "run" => Run::new(&vector["setup"], types).and_then(|run| run.check(&vector["expect"])),
        other => Err(format!("unknown kind {other}")),
    }
}
