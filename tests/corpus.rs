//! Replays what the fuzzer found, on stable, in every run.

mod invariants;

use std::fs;
use std::path::Path;

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
