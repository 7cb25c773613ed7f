//! All of tenacity's recorded vectors, until the runner of recorded cases includes them.

#[path = "recorded/tenacity/mod.rs"]
mod tenacity;

#[test]
fn all_vectors_hold() {
    let results = tenacity::run();
    let failed: Vec<String> = results
        .iter()
        .filter_map(|case| {
            Some(format!("{} ({}): {}", case.id, case.kind, case.outcome.as_ref().err()?))
        })
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} failed:\n{}",
        failed.len(),
        results.len(),
        failed.join("\n")
    );
    assert_eq!(results.len(), 318, "none is left out");
}
