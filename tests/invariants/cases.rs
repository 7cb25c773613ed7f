//! How many cases a property is tried on.

use proptest::prelude::ProptestConfig;

/// 3,000, or as many as `PROPTEST_CASES=100000` says: the fuzz targets try the same by the million.
pub(crate) fn cases() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let told = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = if told { config.cases } else { 3_000 };
    // What is assumed leaves out a part of them, however many there are.
    ProptestConfig { cases, max_global_rejects: cases.max(1_024), ..config }
}
