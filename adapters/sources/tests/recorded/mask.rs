//! Cases of kind `mask`: what is taken out of texts.

use http_hook_conformance::recorded::{Case, Verdict, connections, difference};
use http_hook_sources::Masker;
use serde_json::{Value, json};

/// Runs one case.
pub(crate) fn run(case: &Case) -> Verdict {
    let input = &case.input;
    let mut masker = Masker::new();
    if let Some(shortest) = input["min_length"].as_u64() {
        masker = masker.shortest(usize::try_from(shortest).expect("a number"));
    }
    for secret in input["secrets"].as_array().into_iter().flatten() {
        let name = secret["name"].as_str().filter(|_| secret.get("value").is_some());
        masker = match (secret, name) {
            (Value::String(text), _) => masker.secret(text),
            (_, Some(name)) => masker.named(name, &secret["value"]),
            (members, None) => masker.members(members),
        };
    }
    if let Some(read) = connections::read(&input["connection"]) {
        masker = masker.connection(&read.expect("a connection"));
    }
    let redacted = match input["name"].as_str() {
        Some(name) => masker.value_of(name, &input["value"]),
        None => masker.value(&input["value"]),
    };
    difference(&case.expected, &json!({"redacted": redacted})).unwrap_or(Verdict::Passed)
}
