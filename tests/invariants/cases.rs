//! How many cases a property is tried on.

use proptest::prelude::ProptestConfig;

/// 3,000, or as many as `PROPTEST_CASES=100000` says: the fuzz targets try the same by the million.
pub(crate) fn cases() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let told = std::env::var_os("PROPTEST_CASES").is_some();
    if told { config } else { ProptestConfig { cases: 3_000, ..config } }
}
