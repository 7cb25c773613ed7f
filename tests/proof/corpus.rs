//! Replays what the fuzzer found, on stable, in every run.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::invariants;

#[test]
fn the_corpus_keeps_the_invariants() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, check) in invariants::SUBJECTS {
        let mut files = 0;
        for entry in fs::read_dir(corpus.join(name)).expect("each subject has its folder") {
            let path = entry.expect("a file").path();
            println!("{}", path.display());
            check(&fs::read(&path).expect("a readable file"));
            files += 1;
        }
        assert!(files > 0, "{name} has no corpus");
    }
}

/// A stored call with each field, in turn, at each edge.
#[test]
fn no_field_of_a_stored_call_is_trusted() {
    let edges = [
        "null",
        "true",
        "0",
        "1",
        "-1",
        "1001",
        "4294967295",
        "18446744073709551615",
        "1e300",
        "\"\"",
        "\"x\"",
        "\"\\u0000\"",
        "[]",
        "{}",
        "[[\"x\", null]]",
        "[[\"host\", \"h\"]]",
        "{\"secs\":0,\"nanos\":4294967295}",
        "{\"secs\":18446744073709551615,\"nanos\":0}",
        "{\"text\":\"\"}",
        "\"interrupted\"",
        "\"//other.example/\"",
    ];
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/state");
    for entry in fs::read_dir(corpus).expect("stored calls") {
        let text = fs::read_to_string(entry.expect("a file").path()).expect("a stored call");
        let Ok(Value::Object(fields)) = serde_json::from_str(&text) else { continue };
        for name in fields.keys() {
            for edge in edges {
                let mut changed = fields.clone();
                changed[name] = serde_json::from_str(edge).expect("JSON");
                invariants::state::state(Value::Object(changed).to_string().as_bytes());
            }
        }
    }
}

#[test]
fn every_subject_is_a_fuzz_target() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("the manifest of the fuzz targets");
    let targets = manifest.matches("[[bin]]").count();
    assert_eq!(targets, invariants::SUBJECTS.len());
    for (name, _) in invariants::SUBJECTS {
        assert!(manifest.contains(&format!("\"fuzz_targets/{name}.rs\"")), "{name}");
    }
}
